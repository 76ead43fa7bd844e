package memtable

import (
	"github.com/dynox-go/dynox/memtable/internal/partiql"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// maxStatement is how many characters a statement may have.
const maxStatement = 8192

// statement is a PartiQL statement with its parameters, as all three operations have it.
type statement struct {
	text       opt[string]
	parameters opt[[]attributeValue]
	consistent opt[bool]   // ConsistentRead; not in transactions
	onFailure  opt[string] // ReturnValuesOnConditionCheckFailure

	plan *partiql.Plan // once it is bound
}

func (s *statement) member(d *decoder, name string) {
	switch name {
	case "Statement":
		s.text = d.string()
	case "Parameters":
		s.parameters.ok = d.list(func(int) { s.parameters.v = append(s.parameters.v, d.attributeValue(1)) })
	case "ConsistentRead":
		s.consistent = d.bool()
	case "ReturnValuesOnConditionCheckFailure":
		s.onFailure = d.string()
	default:
		d.skip()
	}
}

// constrain adds the violations of the statement's members, which stand at path.
func (s *statement) constrain(c *constraints, path string) {
	if c.notNull(path+"statement", s.text.ok) {
		c.length(path+"statement", s.text.v, 1, maxStatement)
	}
	if s.parameters.ok {
		c.count(path+"parameters", len(s.parameters.v), 1, 0, func() string { return "[]" })
	}
	c.enum(path+"returnValuesOnConditionCheckFailure", s.onFailure, onFailureModes)
}

// checkParameters checks the values of the parameters, which the service does before it reads the text.
func (s *statement) checkParameters() error {
	for _, p := range s.parameters.v {
		switch {
		case !p.ok:
			return invalid(emptyValue)
		case p.fault != "":
			return invalid("%s", p.fault)
		}
	}
	return nil
}

// The parsed statements.
var parsedStatements cache[*partiql.Statement]

// bind parses and plans the statement. A transaction may have an EXISTS.
func (s *statement) bind(transaction bool) error {
	parsed, err := parsedStatements.get(s.text.v, partiql.Parse)
	if err != nil {
		return translate(err)
	}
	if !transaction && parsed.IsCall() {
		return invalid("EXISTS can only be used in ExecuteTransaction write requests.")
	}
	values := make([]value.Value, len(s.parameters.v))
	for i, p := range s.parameters.v {
		values[i] = p.v
	}
	s.plan, err = parsed.Bind(values)
	return translate(err)
}

// identity appends what makes the statement differ from another.
func (s *statement) identity(w *writer) {
	w.beginObject()
	w.text("Statement", s.text.v)
	w.text("OnFailure", s.onFailure.v)
	w.array("Parameters")
	for _, p := range s.parameters.v {
		w.comma()
		w.value(p.v)
	}
	w.endArray()
	w.endObject()
}

// executeStatementInput is ExecuteStatement's request.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
type executeStatementInput struct {
	statement
	limit    opt[int64]
	next     opt[string] // NextToken
	capacity opt[string]
}

func (in *executeStatementInput) member(d *decoder, name string) {
	switch name {
	case "Limit":
		in.limit = d.integer("Integer")
	case "NextToken":
		in.next = d.string()
	case "ReturnConsumedCapacity":
		in.capacity = d.string()
	default:
		in.statement.member(d, name)
	}
}

func (in *executeStatementInput) check() error {
	c := &constraints{}
	in.constrain(c, "")
	if in.next.ok {
		c.length("nextToken", in.next.v, 1, 32768)
	}
	c.atLeast("limit", in.limit, 1)
	c.enum("returnConsumedCapacity", in.capacity, capacityModes)
	if err := c.err(); err != nil {
		return err
	}
	if err := in.checkParameters(); err != nil {
		return err
	}
	return in.bind(false)
}

// executeStatement answers ExecuteStatement.
func (e *Engine) executeStatement(in *executeStatementInput, w *writer) error {
	t, err := e.forItems(in.plan.Table)
	if err != nil {
		return err
	}
	if in.plan.Kind == partiql.SelectKind {
		return e.selectItems(in, t, w)
	}
	item, cost, err := in.write(t, e.now())
	if err != nil {
		return err
	}
	w.beginObject()
	w.array("Items")
	if item.ok {
		w.itemElem(item.v)
	}
	w.endArray()
	w.consumed(in.capacity.v, t.name, "", cost)
	w.endObject()
	return nil
}
