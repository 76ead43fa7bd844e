package codec

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/wire"
)

// Decoder reads items of one plan from DynamoDB JSON. It is meant to be used
// for many items, and kept: it remembers the order in which their attributes
// came. Only one goroutine may use it at a time.
//
// Strings of the items that it reads share chunks of memory, of at most 32 KB
// each: one string that is kept keeps one chunk alive. Byte slices are their
// own. Nothing of an item aliases the JSON that it was read from.
type Decoder struct {
	plan  *Plan
	table *table   // of the plan's fields and the watched attributes
	raw   [][]byte // of the watched attributes in the last item

	s      *wire.Scanner
	own    wire.Scanner // of DecodeItem
	arena  arena
	seen   repeats
	slabs  []*slab
	text   []byte // scratch, for one text at a time
	orders []sequence
	folded []folded // of the structs that are being read
}

// Watch is a plan, and names of attributes whose JSON is wanted beside the item.
// It is immutable and safe for concurrent use.
type Watch struct {
	plan  *Plan
	names []string
	table *table
}

// Watch prepares decoders that note the values of the attributes of these names,
// which differ and are not empty; see [Decoder.Raw].
func (p *Plan) Watch(names ...string) *Watch {
	var fields []recordField
	if p.root.record != nil {
		fields = p.root.record.fields
	}
	return &Watch{p, slices.Clone(names), newTable(fields, names)}
}

// NewDecoder returns a decoder of items.
func (w *Watch) NewDecoder() *Decoder {
	return &Decoder{plan: w.plan, table: w.table, raw: make([][]byte, len(w.names))}
}

// DecodeItem reads raw, one item as a JSON object of attributes, into item,
// which is a *T: it is set to what [Plan.Decode] would set it to. What can be
// wrong is an [*Error]: raw is not the JSON of an item, an attribute that a field
// is read from is of an unknown type or not of one that the field takes, or is
// there twice. Attributes that no field is read from need only be JSON. After an
// error item holds what was read until then.
func (d *Decoder) DecodeItem(raw []byte, item any) error {
	d.own = wire.NewScanner(raw)
	err := d.ReadItem(&d.own, item)
	if err == nil {
		if err = d.own.End(); err != nil {
			err = finish(err, "decode", d.plan.typ, nil)
		}
	}
	return err
}

// ReadItem is [Decoder.DecodeItem] for the item at the position of s, behind
// which it leaves s. After an error the position of s is undefined.
func (d *Decoder) ReadItem(s *wire.Scanner, item any) error {
	v, err := d.plan.item(item)
	if err != nil {
		return finish(err, "decode", d.plan.typ, nil)
	}
	v.SetZero()
	clear(d.raw)
	d.s = s
	d.arena.expect(s.Rest())
	d.seen.next()
	if err := d.read(v); err != nil {
		d.forget()
		return finish(err, "decode", d.plan.typ, nil)
	}
	return nil
}

func (d *Decoder) read(v reflect.Value) error {
	if d.plan.root.record != nil {
		return d.table.read(d, slotOf(v), 0)
	}
	start := *d.s
	if err := d.table.read(d, slotOf(v), 0); err != nil { // for the watched attributes
		return err
	}
	*d.s = start
	attrs, err := d.attributes(0)
	if err != nil {
		return err
	}
	return d.plan.root.decode(&types.AttributeValueMemberM{Value: attrs}, v, 0)
}

// Raw returns the value of the i-th watched attribute of the last item that was
// read, such as {"S":"text"}, or nil if the item does not have it. It is checked
// to be JSON, and more than that only if a field is read from it. It aliases the
// JSON of the item.
func (d *Decoder) Raw(i int) []byte { return d.raw[i] }

// Release drops what d holds of the items that it read, and of their JSON: a
// decoder that is put aside keeps no page and no item alive.
func (d *Decoder) Release() {
	clear(d.raw)
	d.s, d.own = nil, wire.Scanner{}
	d.arena.reset()
	d.seen.reset()
	for _, s := range d.slabs {
		s.mem, s.used, s.size = memory{}, 0, 0
	}
	d.forget()
	if cap(d.text) > maxChunk {
		d.text = nil
	}
}

func (d *Decoder) forget() {
	clear(d.folded)
	d.folded = d.folded[:0]
}

// AttributeValues returns raw, one item as a JSON object of attributes, as
// attribute values. It shares nothing with raw. What is wrong with it is an [*Error].
func AttributeValues(raw []byte) (map[string]types.AttributeValue, error) {
	d := newReader(raw)
	attrs, err := d.attributes(0)
	if err == nil {
		err = d.s.End()
	}
	if err != nil {
		return nil, finish(err, "decode", nil, nil)
	}
	return attrs, nil
}

// AttributeValue returns raw, one attribute value such as {"S":"text"}, as
// [AttributeValues] does.
func AttributeValue(raw []byte) (types.AttributeValue, error) {
	d := newReader(raw)
	av, err := d.attributeValue(0)
	if err == nil {
		err = d.s.End()
	}
	if err != nil {
		return nil, finish(err, "decode", nil, nil)
	}
	return av, nil
}

// newReader is a decoder of raw for no plan.
func newReader(raw []byte) *Decoder {
	d := &Decoder{own: wire.NewScanner(raw)}
	d.s = &d.own
	d.arena.expect(len(raw))
	return d
}

// string reads a string that is kept.
func (d *Decoder) string() (string, error) {
	if text, ok := d.s.Verbatim(); ok {
		return d.seen.string(&d.arena, text), nil
	}
	text, err := d.scratch()
	if err != nil {
		return "", err
	}
	return d.seen.string(&d.arena, text), nil
}

// scratch reads a string that is used before the next is read.
func (d *Decoder) scratch() (text []byte, err error) {
	if text, ok := d.s.Verbatim(); ok {
		return text, nil
	}
	text, d.text, err = d.s.Text(d.text)
	return text, err
}

// name reads the name of a member, as scratch does, and the colon.
func (d *Decoder) name() (name []byte, err error) {
	name, d.text, err = d.s.NameText(d.text)
	return name, err
}

// sequence is which entry of a table followed which in the last struct that was
// read by it; the last is what came first.
type sequence struct {
	table *table
	next  []uint16
}

// order is that of t. The tables of one plan are few.
func (d *Decoder) order(t *table) []uint16 {
	for i := range d.orders {
		if d.orders[i].table == t {
			return d.orders[i].next
		}
	}
	n := len(t.entries)
	next := make([]uint16, n+1)
	for i := range n {
		next[i] = uint16(min(i+1, n-1))
	}
	d.orders = append(d.orders, sequence{t, next})
	return next
}

// otherwise is for a value of type w, which t cannot be read from, unless it is
// NULL, which leaves the zero value.
func (d *Decoder) otherwise(w wire.Type, t reflect.Type) error {
	if w == wire.NULL {
		_, err := d.s.Bool()
		return err
	}
	return fail("cannot read %s into %s", w, t)
}

// folded is an attribute that has the name of a field but for its case.
type folded struct {
	field int
	name  string
	s     wire.Scanner // at its value
}

// unfold reads those of the attributes behind base whose fields have none of their own.
func (t *table) unfold(d *Decoder, seen []uint64, base int, p slot, depth int) error {
	defer func() {
		clear(d.folded[base:])
		d.folded = d.folded[:base]
	}()
	all := d.folded[base:]
	slices.SortStableFunc(all, func(a, b folded) int {
		if a.field != b.field {
			return a.field - b.field
		}
		return strings.Compare(a.name, b.name)
	})
	end := *d.s
	defer func() { *d.s = end }()
	for i, f := range all {
		if seen[f.field/64]>>(f.field%64)&1 != 0 || i > 0 && all[i-1].field == f.field {
			continue
		}
		if i+1 < len(all) && all[i+1].field == f.field && all[i+1].name == f.name {
			return under(failTwice(), Name(f.name))
		}
		*d.s = f.s
		if err := t.entries[f.field].field.read(d, wire.NoType, p, depth); err != nil {
			return under(err, Name(t.entries[f.field].name))
		}
	}
	return nil
}

func failTwice() error { return fail("the attribute is there twice") }
