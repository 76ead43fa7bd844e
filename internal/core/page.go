package core

import (
	"context"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/codec"
	"github.com/dynox-go/dynox/internal/wire"
)

// page is one answer of the service: its items, decoded as they come, and what
// it says of itself. Pages come from the view that they read by, and go back
// to it when nothing of them is used any more.
type page struct {
	view    *view
	table   string // its name
	any     bool   // items of every kind are asked for
	deleted bool   // those that were deleted softly are, too
	hidden  bool   // and all that are hidden
	leg     *leg   // of the query that the items are of, nil: none
	request *request
	single  reflect.Value // where the item of an answer with one goes
	items   reflect.Value // the items, a slice that is used again
	entries []entry
	record  record
	body    buffer

	match   func(*record) int // says which of the keys of a batch an item has, -1: none
	matched []int             // what match said of each entry
	sent    buffer            // what a batch sends

	answered bool     // on the direct path
	returned bool     // the items are what a write returns, or its error has
	owns     []*page  // of a union: its repositories' pages
	guess    int      // whose its next item is likely to be, -1: nobody knows
	perOp    []stored // items that came one for each operation: read by a transaction, or with an error

	count   int
	scanned int
	next    map[string]types.AttributeValue // nil at the end
	err     error
	segment int
	number  int        // of the page in its read, from 1
	at      attributes // the partition that its item or items are in, nil: several
	seen    *sighting  // used again with the page, nil: none yet
}

// entry is an item of a page.
type entry struct {
	stored
	own    bool
	sealed bool                            // not decoded yet, because coded attributes are, or it is of a union
	err    error                           // why it cannot be read
	rest   map[string]types.AttributeValue // of an upgraded item
	mixed                                  // of a union
}

// stored is an item as the service has it: JSON, in the page's body, or the
// SDK's attribute values.
type stored struct {
	raw   []byte
	attrs map[string]types.AttributeValue
}

// newPage is an empty page, for items of the repository's kind.
func (v *view) newPage(t *Table) *page {
	p, ok := v.pages.Get().(*page)
	if !ok {
		p = &page{view: v, guess: -1, record: record{names: v.names, decoder: v.watch.NewDecoder()}}
		p.items = reflect.New(reflect.SliceOf(v.plan.Type())).Elem()
	}
	p.table = t.Name
	return p
}

// maxItems is the most bytes that the items of a page kept for another call
// take.
const maxItems = 4 << 20

// release gives p back: nothing of it may be used any more.
func (p *page) release() {
	p.reset()
	for _, own := range p.owns {
		if own != nil {
			own.release()
		}
	}
	p.owns, p.guess = nil, -1
	for _, b := range []*buffer{&p.body, &p.sent} {
		if cap(b.b) > maxKept {
			b.b = nil
		}
	}
	if p.items.Cap()*int(p.items.Type().Elem().Size()) > maxItems {
		p.items.SetZero()
	}
	p.any, p.deleted, p.hidden, p.returned, p.request, p.leg, p.single, p.match = false, false, false, false, nil, nil, reflect.Value{}, nil
	p.number, p.at = 0, nil
	p.view.pages.Put(p)
}

// reset empties p for another answer.
func (p *page) reset() {
	p.items.Clear()
	p.items.SetLen(0)
	clear(p.entries)
	p.entries = p.entries[:0]
	p.matched = p.matched[:0]
	p.record.release()
	clear(p.perOp)
	p.perOp = p.perOp[:0]
	p.count, p.scanned, p.next, p.err, p.segment = 0, 0, nil, nil, 0
	for _, own := range p.owns {
		if own != nil {
			own.reset()
		}
	}
}

// slot is where the next item goes: zero, or to be overwritten.
func (p *page) slot() reflect.Value {
	if p.single.IsValid() {
		return p.single
	}
	n := p.items.Len()
	if n == p.items.Cap() {
		grown := reflect.MakeSlice(p.items.Type(), n, max(2*n, 16))
		reflect.Copy(grown, p.items)
		p.items.Set(grown)
	}
	p.items.SetLen(n + 1)
	return p.items.Index(n)
}

// readAll reads the array of items that s is at.
func (p *page) readAll(s *wire.Scanner) error {
	if err := s.Array(); err != nil {
		return err
	}
	for {
		ok, err := s.Element()
		if err != nil || !ok {
			return err
		}
		if err := p.read(s); err != nil {
			return err
		}
	}
}

// read reads the item that s is at. What is wrong with the item is noted; an
// error means that s cannot go on.
func (p *page) read(s *wire.Scanner) error {
	if p.view.raw {
		raw, err := s.Raw()
		p.entries = append(p.entries, entry{stored: stored{raw: raw}})
		return err
	}
	if p.view.union != nil {
		return p.readMixed(s)
	}
	start, dst := *s, p.slot()
	if len(p.view.coded) > 0 {
		raw, err := s.Raw()
		if err != nil {
			return err
		}
		p.addSealed(dst, stored{raw: raw})
		return nil
	}
	fault := p.record.decoder.ReadItem(s, dst.Addr().Interface())
	if fault != nil {
		*s = start
		if err := s.Skip(); err != nil {
			return err
		}
	}
	raw := s.Since(start.Pos())
	p.record.of(stored{raw: raw}, fault == nil)
	p.add(dst, fault)
	return nil
}

// readMap reads an item that the SDK has decoded.
func (p *page) readMap(attrs map[string]types.AttributeValue) {
	if p.view.raw {
		p.entries = append(p.entries, entry{stored: stored{attrs: attrs}})
		return
	}
	if p.view.union != nil {
		p.addMixed(stored{attrs: attrs})
		return
	}
	dst := p.slot()
	if len(p.view.coded) > 0 {
		p.addSealed(dst, stored{attrs: attrs})
		return
	}
	fault := p.view.plan.Decode(attrs, dst.Addr().Interface())
	p.record.of(stored{attrs: attrs}, false)
	p.add(dst, fault)
}

// readSDK reads items of the SDK's output, unless they came on the direct
// path. They may be there although the call took it: where the user's
// middleware has answered instead of the service.
func (p *page) readSDK(items ...map[string]types.AttributeValue) {
	if p.answered {
		return
	}
	for _, attrs := range items {
		if len(attrs) > 0 {
			p.readMap(attrs)
		}
	}
}

// load decodes an item that came with an error, or beside the page, into dst.
func (p *page) load(ctx context.Context, item stored, dst reflect.Value) error {
	if len(p.view.coded) > 0 {
		raws, errs := p.view.open(ctx, p.table, []stored{item}, p.returned)
		if errs[0] != nil {
			return errs[0]
		}
		item = stored{raw: raws[0]}
	}
	return p.decode(item, dst)
}

// decode decodes an item whose attributes have their plan's forms into dst.
func (p *page) decode(item stored, dst reflect.Value) (fault error) {
	if item.raw == nil {
		fault = p.view.plan.Decode(item.attrs, dst.Addr().Interface())
	} else {
		s := wire.NewScanner(item.raw)
		fault = p.record.decoder.ReadItem(&s, dst.Addr().Interface())
	}
	p.record.of(item, item.raw != nil && fault == nil)
	if fault = p.upgrade(dst, fault); fault == nil {
		fault = p.finish(dst)
	}
	return fault
}

// finish completes the item of p.record, which was decoded into dst.
func (p *page) finish(dst reflect.Value) error {
	if err := p.view.finish(&p.record, dst); err != nil || len(p.view.blobs) == 0 {
		return err
	}
	key := sync.OnceValue(func() (key []types.AttributeValue) {
		for _, a := range p.view.schema.table.attrs() {
			key = append(key, p.record.attribute(a.name))
		}
		return key
	})
	p.view.bind(p.table, key, dst)
	return nil
}

// addSealed notes an item that is decoded when it is opened.
func (p *page) addSealed(dst reflect.Value, item stored) {
	dst.SetZero()
	p.record.of(item, false)
	own := p.asked(&p.record, false)
	p.entries = append(p.entries, entry{stored: item, own: own, sealed: own})
	if p.match != nil {
		p.matched = append(p.matched, p.match(&p.record))
	}
}

// open decodes the items that were read and not decoded, all of them
// together: after the call has returned, because it may call other services.
func (p *page) open(ctx context.Context) {
	if p.view.union != nil {
		p.openMixed(ctx)
		return
	}
	var items []stored
	for _, e := range p.entries {
		if e.sealed {
			items = append(items, e.stored)
		}
	}
	if items == nil {
		return
	}
	raws, errs := p.view.open(ctx, p.table, items, p.returned)
	n := 0
	for i := range p.entries {
		e := &p.entries[i]
		if !e.sealed {
			continue
		}
		e.sealed = false
		if e.err = errs[n]; e.err == nil {
			e.err = p.decode(stored{raw: raws[n]}, p.item(i))
			e.rest = p.record.rest
		}
		n++
	}
}

// item is where entry i was decoded to.
func (p *page) item(i int) reflect.Value {
	if p.single.IsValid() {
		return p.single
	}
	return p.items.Index(i)
}

// loaded opens the items that were read, and runs the hooks on them: in the
// caller's goroutine, after the call has returned.
func (p *page) loaded(ctx context.Context) {
	p.open(ctx)
	for i := range p.entries {
		p.hook(ctx, i)
	}
}

// hook runs the hooks on one item.
func (p *page) hook(ctx context.Context, i int) {
	s, e := p.view.schema, &p.entries[i]
	if len(s.stages.hooks[AfterLoad]) == 0 || p.view.plan != s.plan || !e.own || e.err != nil {
		return
	}
	e.err = s.stages.run(ctx, AfterLoad, p.item(i))
}

// foreign reports whether an item that came with an error is of another kind
// than the repository's.
func (p *page) foreign(item stored) bool {
	p.record.of(item, false)
	return p.view.schema.foreign(&p.record)
}

// add notes the item of p.record, which was decoded into dst, or could not
// be.
func (p *page) add(dst reflect.Value, fault error) {
	s := p.view.schema
	composed := s.Kind.ByKey && fault == nil && p.view.whole && s.composes(&p.record, dst)
	e := entry{stored: p.record.stored, own: p.asked(&p.record, composed)}
	if e.own {
		fault = p.upgrade(dst, fault)
	}
	if e.own && fault == nil {
		fault = p.finish(dst)
	}
	e.err, e.rest = fault, p.record.rest
	p.entries = append(p.entries, e)
	if p.match != nil {
		p.matched = append(p.matched, p.match(&p.record))
	}
}

// asked reports whether an item is one of those that were asked for; own says that it
// is known to be of the repository's kind.
func (p *page) asked(r *record, own bool) bool {
	s := p.view.schema
	return p.any || (p.request == nil || p.request.yields(p.leg, r)) && (own || !s.foreign(r)) && (p.hidden || !s.hidden(r, p.deleted))
}

// found reports whether an answer with one item has it, and it is one that
// was asked for.
func (p *page) found() bool { return len(p.entries) > 0 && p.entries[0].own }

// record is a stored item whose watched attributes can be looked at.
type record struct {
	stored
	names   []string       // the watched ones
	decoder *codec.Decoder // has their values, if it read the item without a fault
	read    bool
	values  [][]byte // of an item that it did not
	text    []byte   // what string returned last
	scratch []byte
	rest    map[string]types.AttributeValue // of an item that was upgraded: what its type does not know
}

// of makes r the record of another item; read says that the decoder has just
// read it.
func (r *record) of(item stored, read bool) {
	r.stored, r.read, r.rest = item, read, nil
	if item.raw != nil && !read {
		r.values = lookup(item.raw, r.names, r.values)
	}
}

func (r *record) release() {
	r.stored, r.rest = stored{}, nil
	clear(r.values)
	if r.decoder != nil {
		r.decoder.Release()
	}
}

// lookup finds the values of attributes in an item.
func lookup(raw []byte, names []string, values [][]byte) [][]byte {
	values = append(values[:0], make([][]byte, len(names))...)
	_ = eachMember(raw, func(name []byte, s *wire.Scanner) error { // a fault is told by the decoding
		value, err := s.Raw()
		for i, n := range names {
			if string(name) == n {
				values[i] = value
			}
		}
		return err
	})
	return values
}

// value is the JSON of a watched attribute, nil if the item does not have it.
func (r *record) value(name string) []byte {
	for i, n := range r.names {
		switch {
		case n != name:
		case r.read:
			return r.decoder.Raw(i)
		default:
			return r.values[i]
		}
	}
	return nil
}

// has reports whether the item has a watched attribute.
func (r *record) has(name string) bool {
	if r.raw == nil {
		_, ok := r.attrs[name]
		return ok
	}
	return r.value(name) != nil
}

// string is the text of a watched attribute that is a string; it is valid
// until the next call.
func (r *record) string(name string) ([]byte, bool) {
	if r.raw == nil {
		s, ok := r.attrs[name].(*types.AttributeValueMemberS)
		if !ok {
			return nil, false
		}
		r.text = append(r.text[:0], s.Value...)
		return r.text, true
	}
	value := r.value(name)
	if value == nil {
		return nil, false
	}
	s := wire.NewScanner(value)
	if t, err := s.Attribute(); err != nil || t != wire.S {
		return nil, false
	}
	text, grown, err := s.Text(r.text)
	r.text = grown
	return text, err == nil
}

// attribute is a watched attribute, nil if the item does not have it.
func (r *record) attribute(name string) types.AttributeValue {
	if r.raw == nil {
		return r.attrs[name]
	}
	value := r.value(name)
	if value == nil {
		return nil
	}
	av, err := codec.AttributeValue(value)
	if err != nil {
		return nil
	}
	return av
}

// attributes are the watched attributes that the item has.
func (r *record) attributes() map[string]types.AttributeValue {
	if r.raw == nil {
		return r.attrs
	}
	attrs := make(map[string]types.AttributeValue, len(r.names))
	for _, name := range r.names {
		if av := r.attribute(name); av != nil {
			attrs[name] = av
		}
	}
	return attrs
}
