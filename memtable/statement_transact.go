package memtable

import (
	"crypto/sha256"
	"time"

	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// transactStatementInput is ExecuteTransaction's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html
type transactStatementInput struct {
	statements opt[[]statement]
	token      opt[string] // ClientRequestToken
	capacity   opt[string]
}

func (in *transactStatementInput) member(d *decoder, name string) {
	switch name {
	case "TransactStatements":
		in.statements.ok = d.list(func(int) {
			var s statement
			d.item("ParameterizedStatement", func(name string) { s.member(d, name) })
			in.statements.v = append(in.statements.v, s)
		})
	case "ClientRequestToken":
		in.token = d.string()
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		d.skip()
	}
}

func (in *transactStatementInput) check() error {
	c := &constraints{}
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	if in.token.ok {
		c.length("clientRequestToken", in.token.v, 1, 36)
	}
	if c.notNull("transactStatements", in.statements.ok) {
		n := len(in.statements.v)
		c.count("transactStatements", n, 1, maxTransaction, func() string { return "[" + dumped(n, "ParameterizedStatement") + "]" })
	}
	for i := range in.statements.v {
		in.statements.v[i].constrain(c, memberPath("transactStatements", i)+".")
	}
	if err := c.err(); err != nil {
		return err
	}
	for i := range in.statements.v {
		if err := in.statements.v[i].checkParameters(); err != nil {
			return err
		}
	}
	reads := 0
	for i := range in.statements.v {
		s := &in.statements.v[i]
		if err := s.bind(true); err != nil {
			return inStatement(i, err)
		}
		if !s.plan.Writes() {
			reads++
		}
	}
	if reads > 0 && reads < len(in.statements.v) {
		return invalid("ExecuteTransaction API does not support both read and write operations in the same request.")
	}
	return nil
}

// inStatement is a fault of one statement that fails the whole request.
func inStatement(i int, err error) error {
	return invalid("Validation failed in TransactStatements[%d]: %s", i, messageOf(err))
}

// transactPart is a statement of a transaction, once its table is found.
type transactPart struct {
	*statement
	t      *table
	key    value.Item // of a SELECT
	change *statementWrite
}

// executeTransaction answers ExecuteTransaction.
func (e *Engine) executeTransaction(in *transactStatementInput, w *writer) error {
	now := e.now()
	if !in.statements.v[0].plan.Writes() {
		return e.readStatements(in, now, w)
	}
	if !in.token.ok {
		return e.writeStatements(in, now, w)
	}
	token, request := "ExecuteTransaction\x00"+in.token.v, in.digest()
	done, err := e.tokens.begin(token, request, now)
	switch {
	case err != nil:
		return err
	case done:
		return e.repeatStatements(in, now, w)
	}
	err = e.writeStatements(in, now, w)
	e.tokens.end(token, request, now, err != nil)
	return err
}

// digest identifies what the request asks for, whatever its capacity parameter.
func (in *transactStatementInput) digest() [sha256.Size]byte {
	w := &writer{}
	for i := range in.statements.v {
		in.statements.v[i].identity(w)
	}
	return sha256.Sum256(w.b)
}

// parts finds the tables of the statements, and what is wrong with each: some faults fail the whole request,
// the others are reasons to cancel it.
func (e *Engine) parts(in *transactStatementInput, now time.Time) ([]transactPart, error) {
	parts := make([]transactPart, len(in.statements.v))
	reasons := make([]reason, len(parts))
	for i := range parts {
		p := &parts[i]
		p.statement = &in.statements.v[i]
		reasons[i] = reason{code: "None"}
		var err error
		if p.t, err = e.forItems(p.plan.Table); err != nil {
			reasons[i] = reason{code: "ResourceNotFound", message: messageOf(err)}
			continue
		}
		if err := p.checkForm(); err != nil {
			return nil, inStatement(i, err)
		}
	}
	for i := range parts {
		p := &parts[i]
		if p.t == nil {
			continue
		}
		failed := p.resolve(now)
		if failed == nil {
			continue
		}
		var err error
		if reasons[i], err = reasonOf(failed, nil); err != nil {
			return nil, err
		}
	}
	if err := cancelled(reasons); err != nil {
		return nil, err
	}
	return parts, distinctItems(parts)
}

// checkForm refuses statements that no transaction may have.
func (p *transactPart) checkForm() error {
	switch {
	case p.plan.Kind == partiql.SelectKind && p.plan.Index != "":
		return invalid("Reads on indices are not supported within transactions.")
	case p.plan.Kind == partiql.ExistsKind && p.plan.Index != "":
		return invalid("Operations on indices are not supported in transactions")
	case p.plan.Returning != "":
		return invalid("RETURNING clause is not supported in ExecuteTransaction.")
	case p.plan.Kind == partiql.ExistsKind:
		_, _, err := p.plan.ItemKey(p.t.key.schema())
		return translate(err)
	case p.plan.Kind == partiql.SelectKind:
		key, ok, err := p.singleKey(p.t)
		if err != nil {
			return err
		}
		if !ok {
			return invalid("Select statements within ExecuteTransaction must specify the primary key in the where clause.")
		}
		p.key = key
	}
	return nil
}

// resolve checks the statement against its table.
func (p *transactPart) resolve(now time.Time) (err error) {
	if p.plan.Kind == partiql.SelectKind {
		if err := p.t.key.checkKey(p.key); err != nil {
			return err
		}
		if err := (&selection{plan: p.plan}).checkColumns(p.t, now); err != nil {
			return err
		}
		return p.t.admitRead(nil, now)
	}
	p.change, err = p.planWrite(p.t, now)
	return err
}

// distinctItems refuses two statements about one item.
func distinctItems(parts []transactPart) error {
	seen := map[string]bool{}
	for _, p := range parts {
		at := p.t.name + "\x00"
		if p.change != nil {
			at += p.change.key
		} else {
			at += p.t.primaryKey(p.key)
		}
		if seen[at] {
			return invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[at] = true
	}
	return nil
}

// readStatements answers a transaction of SELECTs: all items as of one moment.
func (e *Engine) readStatements(in *transactStatementInput, now time.Time, w *writer) error {
	parts, err := e.parts(in, now)
	if err != nil {
		return err
	}
	var costs tableCosts
	for _, p := range parts {
		costs.add(p.t, units{})
	}
	unlock := lockTables(costs.tables(), func(t *table) { t.mu.RLock() }, func(t *table) { t.mu.RUnlock() })
	defer unlock()
	found, bytes := make([]*record, len(parts)), 0
	for i, p := range parts {
		found[i], _ = p.t.data.items.Get(p.t.primaryKey(p.key))
		bytes += found[i].bytes()
	}
	if bytes > maxTransactionBytes {
		return tooLargeTransaction()
	}
	w.beginObject()
	w.array("Responses")
	for i, p := range parts {
		rec := found[i]
		cost := units{table: 2 * readUnits(rec.bytes(), true)}
		p.t.spendLocked(cost, now)
		costs.add(p.t, cost)
		w.beginObject()
		if rec != nil {
			w.item("Item", (&selection{plan: p.plan}).shown(rec.item))
		}
		w.endObject()
	}
	w.endArray()
	costs.write(w, in.capacity.v, "Read")
	w.endObject()
	return nil
}

// writeStatements makes all changes of a transaction, or none.
func (e *Engine) writeStatements(in *transactStatementInput, now time.Time, w *writer) error {
	changes, err := e.statementChanges(in, now)
	if err != nil {
		return err
	}
	costs, err := runTogether(changes, now)
	if err != nil {
		return err
	}
	in.answer(changes, costs, "Write", w)
	return nil
}

func (e *Engine) statementChanges(in *transactStatementInput, now time.Time) ([]*change, error) {
	parts, err := e.parts(in, now)
	if err != nil {
		return nil, err
	}
	changes := make([]*change, len(parts))
	for i, p := range parts {
		changes[i] = p.change.change
	}
	return changes, nil
}

// repeatStatements answers a request that has taken effect before: it only costs the reading of its items.
func (e *Engine) repeatStatements(in *transactStatementInput, now time.Time, w *writer) error {
	changes, err := e.statementChanges(in, now)
	if err != nil {
		return err
	}
	in.answer(changes, readAgain(changes), "Read", w)
	return nil
}

func (in *transactStatementInput) answer(changes []*change, of map[*table]*units, kind string, w *writer) {
	var costs tableCosts
	for _, t := range tablesOf(changes) {
		costs.add(t, *of[t])
	}
	w.beginObject()
	w.array("Responses")
	w.endArray()
	costs.write(w, in.capacity.v, kind)
	w.endObject()
}
