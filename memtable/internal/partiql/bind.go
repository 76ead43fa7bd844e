package partiql

import (
	"github.com/dynox-go/dynox/memtable/internal/expression"
	"github.com/dynox-go/dynox/memtable/internal/value"
)

// Kind is what a statement does.
type Kind uint8

// The kinds of statements.
const (
	SelectKind Kind = iota
	InsertKind
	UpdateKind
	DeleteKind
	ExistsKind // the condition check of a transaction
)

// Plan is a statement with its parameters, checked as far as that goes without a table.
type Plan struct {
	Kind         Kind
	Table, Index string // Index is empty but for a SELECT of an index

	Columns []Column // of a SELECT; none for *
	Order   []Term   // of a SELECT
	Item    value.Item
	Update  *expression.Update

	// Returning is what a write returns: "ALL OLD", "ALL NEW", "MODIFIED OLD" or "MODIFIED NEW"; empty for
	// nothing.
	Returning string

	// Condition is the WHERE as a whole; nil if there is none.
	Condition *expression.Condition
	where     expression.Node
}

// Column is an attribute, or a part of one, that a SELECT returns under a name.
type Column struct {
	Name string
	Path expression.DocumentPath
}

// Term is a term of ORDER BY.
type Term struct {
	Attribute string
	Desc      bool
}

// Writes reports whether the statement belongs to a batch or transaction of writes.
func (p *Plan) Writes() bool { return p.Kind != SelectKind }

// binder plans one statement. It keeps the first fault.
type binder struct {
	params []value.Value
	err    error
}

// failf keeps a fault. It returns no value, for who needs one.
func (b *binder) failf(format string, args ...any) value.Value {
	b.fail(errorf(format, args...))
	return value.Value{}
}

func (b *binder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Bind plans the statement with the values of its parameters. More values than parameters do no harm. A fault
// is an *expression.Error.
func (s *Statement) Bind(params []value.Value) (*Plan, error) {
	b := &binder{params: params}
	p := b.statement(s.root)
	if b.err != nil {
		return nil, b.err
	}
	if p.where != nil {
		var err error
		if p.Condition, err = bindCondition(p.where); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func bindCondition(n expression.Node) (*expression.Condition, error) {
	return expression.NewCondition(expression.StatementKind, n).Bind(nil)
}

func (b *binder) statement(n Node) *Plan {
	switch n := n.(type) {
	case *Select:
		return b.selection(n)
	case *Insert:
		return b.insert(n)
	case *Update:
		return b.update(n)
	case *Delete:
		return b.delete(n)
	case *Call:
		return b.exists(n)
	}
	b.failf("Unsupported operation: %s", operationName(n))
	return &Plan{}
}

// operationName is what messages call a node that is no statement.
func operationName(n Node) string {
	switch n := n.(type) {
	case *Name:
		return "Id"
	case *Path:
		return "Path"
	case *Param:
		return "Parameter"
	case *List:
		return "List"
	case *Bag:
		return "Bag"
	case *Struct:
		return "Struct"
	case *Is:
		return "IsType"
	case *Between:
		return "Between"
	case *Unary:
		return map[string]string{"not": "Not", "+": "Pos", "-": "Neg"}[n.Op]
	case *Binary:
		return map[string]string{
			"and": "And", "or": "Or", "=": "Eq", "<>": "Ne", "<": "Lt", "<=": "Lte", ">": "Gt", ">=": "Gte", "in": "InCollection",
			"like": "Like", "+": "Plus", "-": "Minus", "*": "Times", "/": "Divide", "%": "Modulo", "||": "Concat",
			"union": "Union", "except": "Except", "intersect": "Intersect",
		}[n.Op]
	}
	return "Lit"
}

// exists plans EXISTS(SELECT …), the only call that is a statement.
func (b *binder) exists(n *Call) *Plan {
	if n.Name == "exists" && len(n.Args) == 1 {
		if s, ok := n.Args[0].(*Select); ok {
			p := b.selection(s)
			p.Kind = ExistsKind
			return p
		}
	}
	b.failf("Unsupported operation in transaction.")
	return &Plan{}
}

func (b *binder) insert(n *Insert) *Plan {
	p := &Plan{Kind: InsertKind}
	switch {
	case n.Plain:
		b.failf("Unsupported operation: Insert")
	case n.Position != nil:
		b.failf("AT is not supported in insert statements. at %s", n.Pos())
	case n.Conflict != nil:
		b.failf("Unsupported clause: ON CONFLICT")
	case n.Returning != nil:
		b.failf("RETURNING is not supported in INSERT")
	}
	p.Table, p.Index = b.table(n.Target)
	if p.Index != "" {
		b.failf("FROM clause may only contain a single table name in data manipulation statements at %s", n.Target.Pos())
	}
	item, ok := n.Value.(*Struct)
	if !ok {
		b.failf("Unsupported format in item expression. Please use struct format {...} to express item values for insert statement. at %s", n.Value.Pos())
		return p
	}
	p.Item = b.item(item, root, 0)
	return p
}

func (b *binder) update(n *Update) *Plan {
	p := &Plan{Kind: UpdateKind}
	p.Table, p.Index = b.source(n.From)
	p.Returning = b.returning(n.Returning)
	sections := b.sections(n)
	p.where = b.where(n.Where)
	b.notIndex(p)
	if b.err == nil {
		var err error
		if p.Update, err = expression.NewUpdate(expression.StatementKind, sections).Bind(nil); err != nil {
			b.fail(err)
		}
	}
	return p
}

func (b *binder) delete(n *Delete) *Plan {
	p := &Plan{Kind: DeleteKind}
	p.Table, p.Index = b.source([]Source{n.From})
	p.Returning = b.returning(n.Returning)
	if p.Returning != "" && p.Returning != "ALL OLD" {
		b.failf("Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is allowed in DELETE statements.", p.Returning)
	}
	p.where = b.where(n.Where)
	b.notIndex(p)
	return p
}

// notIndex refuses a write to an index.
func (b *binder) notIndex(p *Plan) {
	if p.Index != "" {
		b.failf("This operation is not supported on an index")
	}
}

func (b *binder) returning(elems []Back) string {
	switch {
	case len(elems) == 0:
		return ""
	case len(elems) > 1:
		b.failf("Invalid syntax with multiple returning elements in RETURNING clause")
	case elems[0].X != nil:
		b.failf("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause")
	}
	return elems[0].Which
}
