package codec

import (
	"errors"
	"reflect"
	"slices"
	"strings"
)

// Format says how one attribute is written, on top of its tag.
type Format uint8

const (
	// Default is the format that tag and type give.
	Default Format = iota
	// FixedTime writes a time as S of fixed width, in UTC, with nanoseconds:
	// 2006-01-02T15:04:05.000000000Z, which sorts as time does. Years outside
	// 0 to 9999 are an error. It reads every time that the default reads.
	FixedTime
	// UnixMilli writes a time as N, in milliseconds since 1970, rounded down,
	// and reads N as such; it reads S as the default does.
	UnixMilli
	// JSON writes any value as S that holds its JSON text by encoding/json. A nil
	// pointer, map, slice or interface is NULL, or omitted, as without it.
	JSON
)

func (f Format) String() string {
	switch f {
	case FixedTime:
		return "FixedTime"
	case UnixMilli:
		return "UnixMilli"
	case JSON:
		return "JSON"
	}
	return "Default"
}

// Options are the options of a plan.
type Options struct {
	// Formats by attribute path as [Path.String] gives it, such as "placed" or
	// "ship.since". Paths lead through structs and pointers to structs only.
	Formats map[string]Format
}

// formats is the tree of the formats of one struct's attributes.
type formats struct {
	own   map[string]Format
	below map[string]*formats
}

func (f *formats) at(name string) (Format, *formats) {
	if f == nil {
		return Default, nil
	}
	return f.own[name], f.below[name]
}

// makeFormats sorts the formats of struct t into a tree. root and prefix are for errors.
func makeFormats(root, t reflect.Type, prefix string, m map[string]Format) (*formats, error) {
	if len(m) == 0 {
		return nil, nil
	}
	out := &formats{own: map[string]Format{}, below: map[string]*formats{}}
	rest := map[string]map[string]Format{} // by field, for the structs below
	var errs []error
	fields, _ := Fields(t) // its errors are reported by the one who compiles t
	for key, format := range m {
		i := slices.IndexFunc(fields, func(f Field) bool {
			tail, ok := strings.CutPrefix(key, nameText(f.Name))
			return ok && (tail == "" || tail[0] == '.' && isPlainStruct(deref(f.Type)))
		})
		if i < 0 {
			errs = append(errs, refuse(root, prefix+key, "format %s for an attribute that %s does not have", format, t))
			continue
		}
		f := fields[i]
		tail := strings.TrimPrefix(key, nameText(f.Name))
		if tail != "" {
			if rest[f.Name] == nil {
				rest[f.Name] = map[string]Format{}
			}
			rest[f.Name][tail[1:]] = format
			continue
		}
		if reason := format.check(f); reason != "" {
			errs = append(errs, refuse(root, prefix+key, "%s", reason))
		}
		out.own[f.Name] = format
	}
	for _, f := range fields {
		if rest[f.Name] == nil {
			continue
		}
		if out.own[f.Name] != Default {
			errs = append(errs, refuse(root, prefix+nameText(f.Name), "a format inside an attribute that has one"))
			continue
		}
		below, err := makeFormats(root, deref(f.Type), prefix+nameText(f.Name)+".", rest[f.Name])
		out.below[f.Name] = below
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// check says why the format cannot work on field f, "" if it can.
func (f Format) check(on Field) string {
	switch f {
	case Default:
		return ""
	case FixedTime, UnixMilli:
		if !isTime(deref(on.Type)) {
			return "format " + f.String() + " on " + on.Type.String() + ", which is no time"
		}
		if on.Tag.UnixTime {
			return "format " + f.String() + " contradicts the tag unixtime"
		}
	case JSON:
		if on.Tag.String || on.Tag.UnixTime || on.Tag.set() != "" {
			return "format JSON contradicts the tag's string, unixtime or set"
		}
	default:
		return "unknown format"
	}
	return ""
}
