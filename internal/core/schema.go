package core

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/codec"
)

// Projection says which attributes an index holds beside its keys and the
// table's.
type Projection struct {
	KeysOnly bool
	Include  []*ast.Attr // some; neither: all
}

// Index describes a secondary index.
type Index struct {
	Name       string
	Local      bool
	Key        Key
	Projection Projection

	// Of global indexes, if they differ from the table's; nil: not told.
	Provisioned *types.ProvisionedThroughput
	OnDemand    *types.OnDemandThroughput
	Warm        *types.WarmThroughput
}

// Format overrides how an attribute is written.
type Format struct {
	Attr *ast.Attr
	Form codec.Format
}

// Config describes a repository: what the options of NewRepo fill in.
type Config struct {
	Type    reflect.Type
	Key     Key
	Indexes []Index
	Vectors []Vector
	Kinds   []Kind // one, or none
	Formats []Format
	Stages  Stages
	// Reshaped are fields written otherwise in all keys that they are in.
	Reshaped []Reshaped
	// Scope is what all partition keys begin with, beside their own formats.
	Scope string
	_     struct{}
}

// Reshaped is a field whose form in keys is changed.
type Reshaped struct {
	Attr   *ast.Attr
	Change func(*ast.KeyForm)
}

// reshape is p with the changed forms of its fields.
func (c *Config) reshape(p Part) Part {
	p.Fields = slices.Clone(p.Fields)
	for _, r := range c.Reshaped {
		for i, f := range p.Fields {
			if f != nil && f.Same(r.Attr) && r.Change != nil {
				changed := *f
				r.Change(&changed.Key)
				p.Fields[i] = &changed
			}
		}
	}
	return p
}

// reshaped checks that each changed field is in a key.
func (c *Config) reshaped() error {
	var errs []error
	for _, r := range c.Reshaped {
		used := false
		for _, key := range c.keys() {
			for _, f := range slices.Concat(key.Partition.Fields, key.Sort.Fields) {
				used = used || r.Attr != nil && f != nil && f.Same(r.Attr)
			}
		}
		if !used {
			errs = append(errs, fmt.Errorf("%v is given a form in keys, and is in none", r.Attr))
		}
	}
	return errors.Join(errs...)
}

// keys are the keys of the table and its indexes.
func (c *Config) keys() []Key {
	keys := []Key{c.Key}
	for _, ix := range c.Indexes {
		keys = append(keys, ix.Key)
	}
	return keys
}

// Schema is a Config compiled: how items of one type are written, found and
// read, whatever the table. It is immutable.
type Schema struct {
	Type    reflect.Type
	Kind    Kind
	scope   string // what partition keys begin with, of one tenant
	dynamic bool   // items are Dynamic
	plan    *codec.Plan
	formats map[string]codec.Format // of attributes not written as their tags say
	table   *index
	indexes []*index
	vectors []*vector
	derived []*part // composite and constant key parts, each once
	kindIn  []int   // the Go field that holds the kind, if any
	mirrors []mirror

	bare bool // claims of unique values could be taken for items by their key

	stages stages

	overlay  *codec.Overlay // of the attributes overlaid, which derive decides on
	overlaid []string
}

// index is a way to find items: the table itself, or a secondary index.
type index struct {
	Index
	partition *part
	sort      *part // nil without a sort key
	keys      []keyAttr
	whole     *view    // of all attributes
	searched  []string // attributes that an index of vectors holds beside keys
}

// Compile checks all of c and reports everything that is wrong at once.
func Compile(c *Config) (*Schema, error) {
	if c.Type.Kind() != reflect.Struct {
		hint := ""
		if c.Type.Kind() == reflect.Map {
			hint = ": items of any attributes are dynox.Document"
		}
		return nil, fmt.Errorf("%v is not a struct%s", c.Type, hint)
	}
	s := &Schema{Type: c.Type, scope: c.Scope, dynamic: isDynamic(c.Type)}
	formats, err := givenFormats(c)
	errs := []error{err, c.reshaped()}
	plain, err := codec.Compile(c.Type, codec.Options{Formats: formats})
	if err != nil {
		errs = append(errs, err)
		clear(formats)
		if plain, err = codec.Compile(c.Type, codec.Options{}); err != nil {
			return nil, errors.Join(errs...)
		}
	}
	if len(c.Kinds) > 1 {
		errs = append(errs, errors.New("kind: given twice"))
	} else if len(c.Kinds) == 1 {
		s.Kind = c.Kinds[0]
	}
	fixTimes(c, plain, formats)
	s.formats = formats
	if s.plan, err = codec.Compile(c.Type, codec.Options{Formats: formats}); err != nil {
		errs = append(errs, err)
		s.plan = plain // for what else is wrong
	}
	s.table, err = s.compileIndex(c, Index{Key: c.Key}, formats)
	errs = append(errs, err)
	for _, ix := range c.Indexes {
		if ix.Local && ix.Key.Partition.Kind == PartNone {
			ix.Key.Partition = c.Key.Partition
		}
		compiled, err := s.compileIndex(c, ix, formats)
		if err == nil {
			err = s.checkIndex(compiled)
		}
		if err != nil {
			err = fmt.Errorf("index %s: %w", cmp.Or(ix.Name, "without a name"), err)
		}
		errs = append(errs, err)
		s.indexes = append(s.indexes, compiled)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	errs = append(errs, s.collectDerived(), s.checkKind(), s.compileStages(&c.Stages), s.compileVectors(c.Vectors))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.bare = s.mayBeSentinel()
	s.makeOverlay()
	for _, ix := range slices.Concat(s.all(), s.vectorIndexes()) {
		ix.whole = &view{schema: s, plan: s.plan, whole: true}
		errs = append(errs, ix.whole.keep(ix))
	}
	return s, errors.Join(errs...)
}

// givenFormats are the forms of attributes that were asked for.
func givenFormats(c *Config) (map[string]codec.Format, error) {
	formats := make(map[string]codec.Format)
	var errs []error
	for _, f := range c.Formats {
		if err := f.Attr.Check(); err != nil {
			errs = append(errs, err)
			continue
		}
		path := f.Attr.Path.String()
		if have, ok := formats[path]; ok && have != f.Form {
			errs = append(errs, fmt.Errorf("%v is given two forms", f.Attr))
		}
		formats[path] = f.Form
	}
	return formats, errors.Join(errs...)
}

// fixTimes adds the fixed width of times that are in keys: in their own
// attributes too, so that conditions and filters compare them as times.
func fixTimes(c *Config, plain *codec.Plan, formats map[string]codec.Format) {
	for _, key := range c.keys() {
		for _, a := range slices.Concat(c.reshape(key.Partition).Fields, c.reshape(key.Sort).Fields) {
			if a.Check() != nil || a.Key.TimeAsIs || !isTime(base(a.Type)) {
				continue
			}
			if path := a.Path.String(); formats[path] == codec.Default && plain.TypeOf(a.Path) == "S" {
				formats[path] = codec.FixedTime
			}
		}
	}
}

func (s *Schema) compileIndex(config *Config, ix Index, formats map[string]codec.Format) (*index, error) {
	c := &index{Index: ix}
	if ix.Key.Partition.Kind == PartNone {
		return c, errors.New("the key has no partition key")
	}
	var errs []error
	var err error
	if c.partition, err = s.compilePart(config, ix.Key.Partition, formats); err != nil {
		errs = append(errs, fmt.Errorf("partition key: %w", err))
	}
	if ix.Key.Sort.Kind != PartNone {
		if c.sort, err = s.compilePart(config, ix.Key.Sort, formats); err != nil {
			errs = append(errs, fmt.Errorf("sort key: %w", err))
		}
	}
	for _, a := range slices.Concat(ix.Key.Partition.Fields, ix.Key.Sort.Fields) {
		if a != nil && a.Err == nil && a.Item != s.Type {
			errs = append(errs, fmt.Errorf("%v is an attribute of %v, not of %v", a, a.Item, s.Type))
		}
	}
	if ix.Name == "" && (len(ix.Key.Partition.Fields) > 1 && ix.Key.Partition.Kind == PartBy || len(ix.Key.Sort.Fields) > 1 && ix.Key.Sort.Kind == PartBy) {
		errs = append(errs, errors.New("only a global secondary index has several attributes in one part of its key: use Composite"))
	}
	seen := map[string]bool{}
	for _, a := range c.attrs() {
		if seen[a.name] {
			errs = append(errs, fmt.Errorf("attribute %s is in the key twice", a.name))
		}
		seen[a.name] = true
	}
	c.keys = slices.Clip(c.attrs())
	return c, errors.Join(errs...)
}

func (s *Schema) compilePart(c *Config, p Part, formats map[string]codec.Format) (*part, error) {
	p, unfit := c.scoped(c.reshape(p))
	compiled, err := compilePart(p, s.plan, formats)
	return compiled, errors.Join(unfit, err)
}

func (s *Schema) checkIndex(ix *index) error {
	var errs []error
	if len(ix.Name) < 3 || len(ix.Name) > 255 {
		errs = append(errs, errors.New("a name has 3 to 255 characters"))
	}
	for _, other := range s.indexes {
		if other.Name == ix.Name {
			errs = append(errs, errors.New("described twice"))
		}
	}
	if ix.Local {
		switch {
		case ix.sort == nil:
			errs = append(errs, errors.New("a local index needs a sort key"))
		case len(ix.sort.attrs) > 1 || len(ix.partition.attrs) > 1:
			errs = append(errs, errors.New("only a global index has several attributes in one part of its key"))
		}
		if s.table.sort == nil {
			errs = append(errs, errors.New("a local index needs a table with a sort key"))
		}
		if !ix.Key.Partition.Equal(s.table.Key.Partition) {
			errs = append(errs, errors.New("a local index has the table's partition key"))
		}
	}
	for _, a := range ix.Projection.Include {
		if err := a.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// attrs are the key attributes of an index, partition first.
func (ix *index) attrs() []keyAttr {
	switch {
	case ix.keys != nil:
		return ix.keys
	case ix.sort == nil:
		return ix.partition.attrs
	}
	return slices.Concat(ix.partition.attrs, ix.sort.attrs)
}

func (ix *index) parts() []*part {
	if ix.sort == nil {
		return []*part{ix.partition}
	}
	return []*part{ix.partition, ix.sort}
}

// all are the table and its indexes.
func (s *Schema) all() []*index { return append([]*index{s.table}, s.indexes...) }

// collectDerived gathers the key attributes that are composed, and refuses
// two ways of composing one.
func (s *Schema) collectDerived() error {
	by := map[string]*part{}
	types := map[string]string{}
	for _, ix := range s.all() {
		for _, p := range ix.parts() {
			for _, a := range p.attrs {
				if t, ok := types[a.name]; ok && t != string(a.kind) {
					return fmt.Errorf("key attribute %s is described with two types", a.name)
				}
				types[a.name] = string(a.kind)
			}
			if p.Kind == PartBy {
				continue
			}
			if other := by[p.Attr]; other != nil {
				if !other.Part.Equal(p.Part) {
					return fmt.Errorf("key attribute %s is composed in two ways", p.Attr)
				}
				continue
			}
			by[p.Attr] = p
			s.derived = append(s.derived, p)
		}
	}
	for name, p := range by {
		for _, f := range p.Fields {
			if f.Path != nil && f.Path[0].Name == name {
				return fmt.Errorf("key attribute %s is composed of itself: give the key an attribute of its own", name)
			}
		}
	}
	for _, ix := range s.all() {
		for _, a := range ix.attrs() {
			if by[a.name] != nil && a.attr != nil {
				return fmt.Errorf("key attribute %s is composed in one key and a field itself in another", a.name)
			}
		}
	}
	for _, f := range s.plan.Fields() {
		if by[f.Name] == nil {
			continue
		}
		s.mirrors = append(s.mirrors, mirror{f.Name, f.Index})
		if base(f.Type).Kind() != reflect.String {
			return fmt.Errorf("field for %s, which is composed as a key, is a %v: only a string can hold it", f.Name, f.Type)
		}
	}
	return nil
}

// index finds an index by name; "" is the table.
func (s *Schema) index(name string) (*index, error) {
	if name == "" {
		return s.table, nil
	}
	for _, ix := range s.indexes {
		if ix.Name == name {
			return ix, nil
		}
	}
	return nil, fmt.Errorf("index %s is not an index of this repository", name)
}

// Name is the kind, or the name of the Go type: how messages call an item.
func (s *Schema) Name() string {
	if s.Kind.Name != "" {
		return s.Kind.Name
	}
	return s.Type.Name()
}

// key is the table's key of item, in one of its accepted forms.
func (s *Schema) key(item reflect.Value, f form) (attributes, error) {
	return s.appendKey(make(attributes, 0, 4), item, f)
}

// appendKey appends the key to key, which is empty. Values behind its end may
// be used again.
func (s *Schema) appendKey(key attributes, item reflect.Value, f form) (attributes, error) {
	var missing []string
	for i, p := range s.table.parts() {
		var m []string
		var err error
		if key, m, err = p.values(item, key, f.of(i)); err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		missing = append(missing, m...)
	}
	if missing != nil {
		slices.Sort(missing)
		return nil, fmt.Errorf("%w: %s not set", ErrKey, strings.Join(slices.Compact(missing), ", "))
	}
	return key, s.table.checkSizes(key)
}

const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// checkSizes refuses keys longer than the service takes.
func (ix *index) checkSizes(key attributes) error {
	for i, p := range ix.parts() {
		limit := pick(i == 0, maxPartitionKey, maxSortKey)
		for _, a := range p.attrs {
			if n := valueSize(key.get(a.name)); n > limit {
				return fmt.Errorf("%w: %s has %d bytes, more than the %d that a %s key can have",
					ErrKey, a.name, n, limit, pick(i == 0, "partition", "sort"))
			}
		}
	}
	return nil
}

// attr is an attribute of the stored item that no field need hold.
func (s *Schema) attr(name string) *ast.Attr {
	return &ast.Attr{Item: s.Type, Path: codec.Path{{Name: name}}}
}

// exists is the condition that an item is there at all.
func (s *Schema) exists(op ast.Op) *ast.Cond {
	return ast.Compare(op, ast.AttrOperand(s.attr(s.table.partition.attrs[0].name)))
}
