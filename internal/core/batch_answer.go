package core

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynox-go/dynox/internal/ast"
	"github.com/dynox-go/dynox/internal/wire"
)

// getRequest is a part of a batch that goes to the service at once: one
// request, and those for the keys that it leaves unprocessed.
type getRequest struct {
	task
	how      BatchGetting
	parts    []*getPart
	wanted   []wantedKey
	n        int  // keys of the request
	answered bool // the task has ended
	odd      bool // the answer names what was not asked for
	scratch  []byte
	spare    *getPart // to be used again
}

// getPart is what a request asks one repository's table for.
type getPart struct {
	request *getRequest
	repo    *Repo
	view    *view
	attrs   []keyAttr // of the key
	match   func(*record) int
	asks    []getAsk
	index   map[string]int // by identity
	json    []byte         // of all keys
	page    *page          // of the round
	pages   []*page        // of all rounds
	id      []byte
}

// getAsk is one key that the service is asked for.
type getAsk struct {
	json  [2]int // where its JSON begins and ends
	id    string
	open  bool  // not looked up yet
	again bool  // left unprocessed by the round
	page  *page // where the item is, nil: it was not found
	n     int   // in the page
	taken bool  // by a ref
}

// wantedKey is an item that the caller wants: it may be stored under a key of
// several forms.
type wantedKey struct {
	key    any  // *T, if it matters
	ref    *Ref // that is set
	part   *getPart
	first  int   // of the part's asks
	others []int // of further forms
}

var getRequests = sync.Pool{New: func() any { return new(getRequest) }}

// newGetRequest is an empty request. It is released when all is delivered.
func newGetRequest(how BatchGetting) *getRequest {
	q := getRequests.Get().(*getRequest)
	q.how = how
	return q
}

// want adds an item. It is valid until the next one.
func (q *getRequest) want() *wantedKey {
	q.wanted = append(q.wanted, wantedKey{})
	return &q.wanted[len(q.wanted)-1]
}

// part is the part for a repository.
func (q *getRequest) part(r *Repo, v *view) *getPart {
	for _, p := range q.parts {
		if p.repo == r {
			return p
		}
	}
	p := q.spare
	if q.spare = nil; p == nil {
		p = &getPart{request: q, index: make(map[string]int)}
		p.match = p.ask
	}
	p.repo, p.view, p.attrs = r, v, r.table.attrs()
	q.parts = append(q.parts, p)
	return p
}

// ask adds a key of w's, whose identity is id.
func (w *wantedKey) ask(p *getPart, key attributes, id string) {
	n, ok := p.index[id]
	if !ok {
		n = len(p.asks)
		p.index[id] = n
		from := len(p.json)
		p.json = key.append(p.json)
		p.asks = append(p.asks, getAsk{json: [2]int{from, len(p.json)}, id: id, open: true})
		p.request.n++
	}
	if w.part == nil {
		w.part, w.first = p, n
		return
	}
	w.others = append(w.others, n)
}

// answer is where the item is; sure says that if there is none, it is not
// there.
func (w *wantedKey) answer() (a *getAsk, sure bool) {
	sure = true
	look := func(n int) bool {
		ask := &w.part.asks[n]
		sure = sure && !ask.open
		if ask.page != nil {
			a = ask
		}
		return a != nil
	}
	if !look(w.first) {
		_ = slices.ContainsFunc(w.others, look)
	}
	return a, sure
}

// start runs the request in a goroutine that ends by sending it to done.
func (q *getRequest) start(ctx context.Context, done chan<- *getRequest) {
	go func() {
		defer func() { done <- q }()
		q.begin()
		q.protect(func() error { return q.run(ctx) })
	}()
}

// manyBytes is how long an answer must be to have reached its limit of 16 MB,
// which is counted without the JSON around values.
const manyBytes = 15 << 20

// run asks until nothing is left, or it is of no use.
func (q *getRequest) run(ctx context.Context) error {
	return q.how.rounds(ctx, q.n, func(ctx context.Context) round {
		err := q.send(ctx)
		r := round{err: err}
		for _, p := range q.parts {
			r.full = r.full || err == nil && len(p.page.body.b) > manyBytes
			p.settle(err)
			for i := range p.asks {
				r.left += pick(p.asks[i].open, 1, 0)
			}
		}
		return r
	})
}

// loaded runs the hooks on what was read.
func (q *getRequest) loaded(ctx context.Context) {
	for _, p := range q.parts {
		for _, page := range p.pages {
			page.loaded(ctx)
		}
	}
}

// send asks for the keys that are left.
func (q *getRequest) send(ctx context.Context) error {
	for _, p := range q.parts {
		p.page = p.view.newPage(p.repo.Table)
		p.page.match, p.page.hidden = p.match, q.how.Hidden
	}
	first := q.parts[0]
	c := first.repo.Table.newCall(ctx, first.page, nil)
	c.taker = q
	in := &dynamodb.BatchGetItemInput{RequestItems: make(map[string]types.KeysAndAttributes, 1)}
	if c.direct {
		for _, p := range q.parts {
			in.RequestItems[p.repo.Table.Name] = types.KeysAndAttributes{Keys: noKeys}
		}
		first.page.sent.b = q.appendKeys(first.page.sent.b[:0])
		c.members = append(c.members, member{"RequestItems", first.page.sent.b})
	} else {
		q.eachTable(func(name string, p *getPart, asks [][]byte) {
			expression, names := p.view.expression()
			keys := types.KeysAndAttributes{ProjectionExpression: optional(expression), ExpressionAttributeNames: names}
			if q.how.Consistent {
				keys.ConsistentRead = &q.how.Consistent
			}
			for _, key := range asks {
				keys.Keys = append(keys.Keys, stored{raw: key}.values())
			}
			in.RequestItems[name] = keys
		})
	}
	for _, p := range q.parts {
		c.among(p.repo.Table)
	}
	if c.seen != nil {
		for _, p := range q.parts {
			for i := range p.asks {
				if p.asks[i].open {
					c.seen.about(p.repo.Table, readUnits(0, q.how.Consistent))
					c.seen.in(p.repo.Table, []byte(p.asks[i].id))
				}
			}
		}
	}
	out, err := invoke(c, &opBatchGetItem, in)
	if err != nil {
		return err
	}
	if !c.direct || !first.page.answered {
		q.reset()
		for table, items := range out.Responses {
			for _, p := range q.of(table) {
				p.page.answered = false
				p.page.readSDK(items...)
			}
		}
		for table, keys := range out.UnprocessedKeys {
			for _, key := range keys.Keys {
				q.unprocessed(table, stored{attrs: key})
			}
		}
	}
	if q.odd {
		return errors.New("the service left a key unprocessed that was not asked for")
	}
	return nil
}

// processed is part of what calls tell.
func (q *getRequest) processed() (items, left int) {
	for _, p := range q.parts {
		items += len(p.page.entries)
		for i := range p.asks {
			left += pick(p.asks[i].again, 1, 0)
		}
	}
	return items, left
}

// noKeys stands for the keys in the SDK's input.
var noKeys = []map[string]types.AttributeValue{}

// expression is the view's projection.
func (v *view) expression() (string, map[string]string) {
	if v.whole {
		return "", nil
	}
	b := ast.NewWriter(v.schema.plan)
	return b.Projection(v.paths), b.Names()
}

// eachTable calls f for each table that is still to be asked, with its first
// part and the keys, each once.
func (q *getRequest) eachTable(f func(name string, p *getPart, keys [][]byte)) {
	for i, first := range q.parts {
		name := first.repo.Table.Name
		same := q.of(name)
		if same[0] != q.parts[i] {
			continue
		}
		keys := make([][]byte, 0, q.n)
		for n, p := range same {
			for i := range p.asks {
				a := &p.asks[i]
				earlier := func(p *getPart) bool { n, ok := p.index[a.id]; return ok && p.asks[n].open }
				if a.open && (n == 0 || !slices.ContainsFunc(same[:n], earlier)) {
					keys = append(keys, p.json[a.json[0]:a.json[1]])
				}
			}
		}
		if len(keys) > 0 {
			f(name, first, keys)
		}
	}
}

// of are the parts that are about a table.
func (q *getRequest) of(table string) []*getPart {
	if len(q.parts) == 1 && q.parts[0].repo.Table.Name == table {
		return q.parts
	}
	var parts []*getPart
	for _, p := range q.parts {
		if p.repo.Table.Name == table {
			parts = append(parts, p)
		}
	}
	return parts
}

// appendKeys appends the member RequestItems to b.
func (q *getRequest) appendKeys(b []byte) []byte {
	b = append(b, '{')
	q.eachTable(func(name string, p *getPart, keys [][]byte) {
		b = append(appendMember(b, name), `{"Keys":[`...)
		for i, key := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, key...)
		}
		b = append(b, ']')
		if q.how.Consistent {
			b = append(b, `,"ConsistentRead":true`...)
		}
		if expression, names := p.view.expression(); expression != "" {
			b = wire.AppendString(append(b, `,"ProjectionExpression":`...), expression)
			b = append(b, `,"ExpressionAttributeNames":{`...)
			for placeholder, name := range names {
				b = wire.AppendString(appendMember(b, placeholder), name)
			}
			b = append(b, '}')
		}
		b = append(b, '}')
	})
	return append(b, '}')
}

// reset takes the answer for one that has nothing.
func (q *getRequest) reset() {
	q.odd = false
	for _, p := range q.parts {
		p.page.reset()
		for i := range p.asks {
			p.asks[i].again = false
		}
	}
}

// ask is the ask that the item of r answers, -1: none.
func (p *getPart) ask(r *record) int {
	p.id = r.appendIdentity(p.id[:0], p.attrs)
	if n, ok := p.index[string(p.id)]; ok {
		return n
	}
	return -1
}

// settle notes what a round has brought, if it did not fail.
func (p *getPart) settle(err error) {
	page := p.page
	p.page = nil
	if err != nil {
		page.release()
		return
	}
	p.pages = append(p.pages, page)
	for i := range p.asks {
		p.asks[i].open = p.asks[i].open && p.asks[i].again
	}
	for i, n := range page.matched {
		if n >= 0 && page.entries[i].own {
			p.asks[n].page, p.asks[n].n = page, i
		}
	}
}

// release gives q and its pages back: nothing of them may be used any more.
func (q *getRequest) release() {
	for i, p := range q.parts {
		for _, page := range p.pages {
			page.release()
		}
		clear(p.pages)
		clear(p.asks)
		clear(p.index)
		p.pages, p.asks, p.json = p.pages[:0], p.asks[:0], p.json[:0]
		p.repo, p.view, p.attrs = nil, nil, nil
		if i == 0 {
			q.spare = p
		}
	}
	clear(q.parts)
	clear(q.wanted)
	*q = getRequest{parts: q.parts[:0], wanted: q.wanted[:0], scratch: q.scratch, spare: q.spare}
	getRequests.Put(q)
}

// unprocessed marks the key of a table that was not looked up.
func (q *getRequest) unprocessed(table string, key stored) {
	found := false
	for _, p := range q.of(table) {
		q.scratch = key.appendIdentity(q.scratch[:0], p.attrs)
		if n, ok := p.index[string(q.scratch)]; ok {
			p.asks[n].again, found = true, true
		}
	}
	q.odd = q.odd || !found
}

// take reads the items, and the keys that the service leaves unprocessed.
func (q *getRequest) take(name []byte, s *wire.Scanner) (bool, error) {
	switch {
	case bytes.Equal(name, []byte("Responses")) && s.Kind() == wire.Object:
		return true, q.takeResponses(s)
	case bytes.Equal(name, []byte("UnprocessedKeys")):
		tables, err := s.Raw()
		if err != nil {
			return true, err
		}
		return true, eachMember(tables, func(name []byte, s *wire.Scanner) error {
			table := string(name)
			return q.takeUnprocessed(table, s)
		})
	}
	return false, nil
}

// takeUnprocessed reads the keys of a table: {"Keys": […], …}.
func (q *getRequest) takeUnprocessed(table string, s *wire.Scanner) error {
	object, err := s.Raw()
	if err != nil {
		return err
	}
	return eachMember(object, func(name []byte, s *wire.Scanner) error {
		value, err := s.Raw()
		if err != nil || string(name) != "Keys" {
			return err
		}
		return eachElement(value, func(s *wire.Scanner) error {
			key, err := s.Raw()
			if err == nil {
				q.unprocessed(table, stored{raw: key})
			}
			return err
		})
	})
}

// takeResponses reads the items, {"shop": [{…}, …]}, each into the page of the
// repository that asked for it.
func (q *getRequest) takeResponses(s *wire.Scanner) error {
	if err := s.Object(); err != nil {
		return err
	}
	for {
		name, ok, err := s.Member()
		if err != nil || !ok {
			return err
		}
		parts := q.of(string(name))
		if len(parts) == 1 {
			if err := parts[0].page.readAll(s); err != nil {
				return err
			}
			continue
		}
		items, err := s.Raw()
		if err != nil {
			return err
		}
		err = eachElement(items, func(s *wire.Scanner) error {
			item, err := s.Raw()
			for _, p := range parts {
				q.scratch = stored{raw: item}.appendIdentity(q.scratch[:0], p.attrs)
				if _, asked := p.index[string(q.scratch)]; asked && err == nil {
					s := wire.NewScanner(item)
					err = p.page.read(&s)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// fill sets the refs to the items that were found.
func (q *getRequest) fill(ctx context.Context, more func(*Ref) []*Ref) {
	defer q.release()
	for i := range q.wanted {
		w := &q.wanted[i]
		a, sure := w.answer()
		q.fillRef(ctx, w.ref, a, sure)
		if more != nil {
			for _, ref := range more(w.ref) {
				q.fillRef(ctx, ref, a, sure)
			}
		}
	}
}

func (q *getRequest) fillRef(ctx context.Context, ref *Ref, a *getAsk, sure bool) {
	ref.found, ref.err = false, nil
	ref.item.SetZero()
	switch {
	case a == nil && !sure:
		ref.err = q.err
		return
	case a == nil:
		return
	}
	e := &a.page.entries[a.n]
	err := e.err
	if err == nil && !a.taken {
		a.taken, ref.found = true, true
		ref.item.Set(a.page.items.Index(a.n))
		return
	}
	if err == nil { // each ref has memory of its own
		err = ref.read(ctx, e.stored)
	}
	if err != nil {
		ref.found, ref.err = false, &BadItem{Path: pathOf(err), Err: err}
	}
}
