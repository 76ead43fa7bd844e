package memtable

import (
	"errors"
	"strings"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

const maxBatchStatements = 25

// batchStatementInput is BatchExecuteStatement's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
type batchStatementInput struct {
	statements opt[[]batchStatement]
	capacity   opt[string]
}

// batchStatement is one statement of a batch. What is wrong with it is its own affair.
type batchStatement struct {
	statement
	failed error

	t  *table // once it is found
	at string // the item's key in the store, where the statement names one
}

func (in *batchStatementInput) member(d *decoder, name string) {
	switch name {
	case "Statements":
		in.statements.ok = d.list(func(int) {
			var s batchStatement
			d.item("BatchStatementRequest", func(name string) { s.member(d, name) })
			in.statements.v = append(in.statements.v, s)
		})
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		d.skip()
	}
}

func (in *batchStatementInput) check() error {
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	if c.notNull("statements", in.statements.ok) {
		n := len(in.statements.v)
		c.count("statements", n, 1, maxBatchStatements, func() string { return "[" + dumped(n, "BatchStatementRequest") + "]" })
	}
	for i := range in.statements.v {
		in.statements.v[i].constrain(c, memberPath("statements", i)+".")
	}
	if err := c.err(); err != nil {
		return err
	}
	reads, writes := false, false
	for i := range in.statements.v {
		s := &in.statements.v[i]
		if s.failed = s.checkParameters(); s.failed == nil {
			s.failed = s.bind(false)
		}
		if s.failed == nil {
			writes = writes || s.plan.Writes()
			reads = reads || !s.plan.Writes()
		}
	}
	if reads && writes {
		return invalid("Read and write requests together in the same batch is not supported.")
	}
	return nil
}

// batchExecuteStatement answers BatchExecuteStatement: each statement by itself, one after the other.
func (e *Engine) batchExecuteStatement(in *batchStatementInput, w *writer) error {
	seen := map[string]bool{}
	for i := range in.statements.v {
		s := &in.statements.v[i]
		if s.failed == nil {
			s.failed = s.resolve(e)
		}
		if s.failed != nil || s.at == "" {
			continue
		}
		at := s.t.name + "\x00" + s.at
		if seen[at] {
			return invalid(duplicateKeys)
		}
		seen[at] = true
	}
	var costs tableCosts
	w.beginObject()
	w.array("Responses")
	for i := range in.statements.v {
		in.statements.v[i].answer(e.now(), &costs, w)
	}
	w.endArray()
	costs.write(w, in.capacity.v, "")
	w.endObject()
	return nil
}

// resolve finds the statement's table and item.
func (s *batchStatement) resolve(e *Engine) (err error) {
	if s.t, err = e.forItems(s.plan.Table); err != nil {
		return err
	}
	if !s.plan.Writes() {
		return s.resolveRead()
	}
	if err := s.checkKey(s.t); err != nil {
		return err
	}
	c, err := s.planWrite(s.t, e.now())
	if err == nil {
		s.at = c.key
	}
	return err
}

func (s *batchStatement) resolveRead() error {
	key, ok, err := s.singleKey(s.t)
	switch {
	case err != nil:
		return err
	case !ok:
		return invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
	}
	for _, k := range s.t.key.keys() {
		v, _ := key.Get(k.Name)
		if err := partiql.CheckKind(k, v); err != nil {
			return translate(err)
		}
	}
	if err := s.t.key.checkKey(key); err != nil {
		return err
	}
	s.at = s.t.primaryKey(key)
	return nil
}

// answer runs the statement and writes what came of it.
func (s *batchStatement) answer(now time.Time, costs *tableCosts, w *writer) {
	var item opt[value.Item]
	var cost units
	err := s.failed
	switch {
	case err != nil:
	case s.plan.Writes():
		item, cost, err = s.write(s.t, now)
	default:
		item, cost, err = s.get(now)
	}
	w.beginObject()
	if err != nil {
		s.writeError(err, w)
	}
	if s.t != nil {
		w.text("TableName", s.t.name)
		costs.add(s.t, cost)
		if err != nil && s.failed == nil && s.plan.Writes() {
			costs.fail(s.t, s.attempted())
		}
	}
	if item.ok {
		w.item("Item", item.v)
	}
	w.endObject()
}

// get reads the item of a SELECT.
func (s *batchStatement) get(now time.Time) (item opt[value.Item], cost units, err error) {
	sel, err := s.selection(s.t, now)
	if err != nil {
		return item, cost, err
	}
	_, cost = sel.page(position{}, 1, func(found value.Item) { item = some(sel.shown(found)) })
	return item, cost, nil
}

// attempted is what a write that failed has cost: that of the item that it would have written, or that is there.
func (s *batchStatement) attempted() float64 {
	s.t.mu.RLock()
	defer s.t.mu.RUnlock()
	rec, _ := s.t.data.items.Get(s.at)
	return writeUnits(max(s.plan.Item.Size(), rec.bytes()))
}

// writeError writes a statement's error, with the code that it has in a batch.
func (s *batchStatement) writeError(err error, w *writer) {
	api := (*apiError)(nil)
	if !errors.As(err, &api) {
		api = &apiError{code: inDynamoDB + "InternalServerError", message: err.Error()}
	}
	_, code, _ := strings.Cut(api.code, "#")
	if code == "ValidationException" {
		code = "ValidationError"
	}
	w.object("Error")
	w.text("Code", strings.TrimSuffix(code, "Exception"))
	w.text("Message", api.message)
	if api.more != nil {
		api.more(w)
	}
	w.endObject()
}
