package codec

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Field is one attribute of a struct type, after embedding, dominance and tags
// are resolved.
type Field struct {
	Name  string       // the attribute's name: the tag's, else the Go field's
	Index []int        // the way to the Go field as for reflect's FieldByIndex, perhaps through embedded pointers
	Type  reflect.Type // the type of the Go field
	Tag   Tag

	goName string
	named  bool // the tag gives the name
}

// Fields returns the attributes of struct type t in the order of the Go fields.
// Embedded structs are flattened and hidden fields resolved as encoding/json
// does it. The result is cached and shared: callers must not write to it.
//
// The errors of all fields are joined, each an [*Error]: a name that two fields
// of one depth claim, options that are unknown, that contradict each other or
// cannot work on the field's type, a tag on an unexported field, an embedded
// pointer that decoding cannot allocate. Fields of nested types are not looked
// at; [Compile] does that.
func Fields(t reflect.Type) ([]Field, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, refuse(t, "", "not a struct")
	}
	if r, ok := fieldCache.Load(t); ok {
		r := r.(*fieldResult)
		return r.fields, r.err
	}
	fields, err := findFields(t)
	r, _ := fieldCache.LoadOrStore(t, &fieldResult{fields, err})
	return r.(*fieldResult).fields, r.(*fieldResult).err
}

var fieldCache sync.Map // reflect.Type -> *fieldResult

type fieldResult struct {
	fields []Field
	err    error
}

func findFields(t reflect.Type) ([]Field, error) {
	all, opaque, errs := enumerate(t)
	slices.SortStableFunc(all, func(a, b Field) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(len(a.Index), len(b.Index)))
	})
	var fields []Field
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Name == all[0].Name {
			n++
		}
		if f, ok := dominant(all[:n]); ok {
			fields = append(fields, f)
		} else {
			errs = append(errs, refuse(t, f.goName, "several fields of one depth are named %s", nameText(f.Name)))
		}
		all = all[n:]
	}
	slices.SortFunc(fields, func(a, b Field) int { return slices.Compare(a.Index, b.Index) })
	if opaque {
		errs = append(errs, refuse(t, "", "no exported field and no Marshaler: it would be stored as an empty map"))
	}
	return fields, errors.Join(errs...)
}

// enumerate walks t and its embedded structs breadth first, so that each struct
// type is visited at its shallowest depth only. opaque reports that t has
// fields, and that none of them can be an attribute or was left out by a tag.
func enumerate(t reflect.Type) (fields []Field, opaque bool, errs []error) {
	type embedded struct {
		typ   reflect.Type
		index []int
	}
	next := []embedded{{typ: t}}
	visited := map[reflect.Type]bool{}
	nextCount := map[reflect.Type]int{}
	opaque = t.NumField() > 0
	for len(next) > 0 {
		level, count := next, nextCount
		next, nextCount = nil, map[reflect.Type]int{}
		for _, e := range level {
			if visited[e.typ] {
				continue
			}
			visited[e.typ] = true
			for i := range e.typ.NumField() {
				sf := e.typ.Field(i)
				f, ignore, ferrs := newField(t, e.index, i, sf)
				errs = append(errs, ferrs...)
				if ignore {
					opaque = opaque && sf.Tag.Get("dynamodbav") == ""
					continue
				}
				st := structOf(sf.Type)
				if sf.Anonymous && !f.named && st != nil {
					if nextCount[st]++; nextCount[st] == 1 {
						next = append(next, embedded{st, f.Index})
					}
					continue
				}
				opaque = false
				fields = append(fields, f)
				if count[e.typ] > 1 { // embedded twice at one depth: its names annihilate each other
					fields = append(fields, f)
				}
			}
		}
	}
	return fields, opaque, errs
}

// newField reads field i of a struct; ignore reports that it is no attribute.
func newField(t reflect.Type, parent []int, i int, sf reflect.StructField) (f Field, ignore bool, errs []error) {
	text := sf.Tag.Get("dynamodbav")
	name, tag, ignore, unknown := parseTag(text)
	if ignore {
		return f, true, nil
	}
	embedsStruct := sf.Anonymous && structOf(sf.Type) != nil
	if !sf.IsExported() {
		if name != "" || text != "" && !embedsStruct {
			return f, true, []error{refuse(t, sf.Name, "a tag on an unexported field")}
		}
		if !embedsStruct {
			return f, true, nil
		}
		if sf.Type.Kind() == reflect.Pointer {
			return f, true, []error{refuse(t, sf.Name, "an embedded pointer to an unexported struct cannot be decoded")}
		}
	}
	for _, option := range unknown {
		errs = append(errs, refuse(t, sf.Name, "unknown tag option %s", nameText(option)))
	}
	f = Field{
		Name:   cmp.Or(name, sf.Name),
		Index:  append(slices.Clone(parent), i),
		Type:   sf.Type,
		Tag:    tag,
		goName: sf.Name,
		named:  name != "",
	}
	if embedsStruct && !f.named {
		if st := structOf(sf.Type); isTime(st) || st == bigIntType {
			errs = append(errs, refuse(t, sf.Name, "an embedded %s needs a name in its tag", st))
		}
		return f, false, errs
	}
	for _, reason := range tag.check(sf.Type) {
		errs = append(errs, refuse(t, sf.Name, "%s", reason))
	}
	if text != "" && isUnsupported(deref(sf.Type)) {
		errs = append(errs, refuse(t, sf.Name, "%s cannot be stored", sf.Type))
	}
	return f, false, errs
}

// structOf is the struct type that t is, or that unnamed pointer t points to, or nil.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// dominant returns the field that hides the others of the same name, which are
// sorted by depth: the shallowest, and among those of one depth the only one
// named by its tag.
func dominant(fields []Field) (Field, bool) {
	first := fields[0]
	n := 1
	for n < len(fields) && len(fields[n].Index) == len(first.Index) {
		n++
	}
	var tagged []Field
	for _, f := range fields[:n] {
		if f.named {
			tagged = append(tagged, f)
		}
	}
	switch {
	case len(tagged) == 1:
		return tagged[0], true
	case len(tagged) == 0 && n == 1:
		return first, true
	}
	return first, false
}
