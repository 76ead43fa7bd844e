package expression

import "strings"

// ConditionExpr is a parsed condition, filter or key condition. It depends on
// its kind and text alone, is safe for concurrent use and may be kept for any
// number of requests.
type ConditionExpr struct {
	kind Kind
	root Node
}

// UpdateExpr is a parsed update, as ConditionExpr is a parsed condition.
type UpdateExpr struct {
	kind     Kind
	sections []Section
}

// ProjectionExpr is a parsed projection, as ConditionExpr is a parsed
// condition.
type ProjectionExpr struct{ paths []*Path }

// ParseCondition parses a condition, filter or key condition: kind is
// ConditionKind, FilterKind or KeyConditionKind. A fault is an *Error.
func ParseCondition(kind Kind, text string) (*ConditionExpr, error) {
	if err := checkSize(kind, text); err != nil {
		return nil, err
	}
	p := newParser(kind, text)
	root := p.or(false)
	if err := p.end(); err != nil {
		return nil, err
	}
	if err := checkSyntax(kind, root); err != nil {
		return nil, err
	}
	return &ConditionExpr{kind: kind, root: root}, nil
}

// ParseUpdate parses an update expression. A fault is an *Error.
func ParseUpdate(text string) (*UpdateExpr, error) {
	if err := checkSize(UpdateKind, text); err != nil {
		return nil, err
	}
	p := newParser(UpdateKind, text)
	sections := p.sections()
	if err := p.end(); err != nil {
		return nil, err
	}
	if err := checkUpdateSyntax(sections); err != nil {
		return nil, err
	}
	return &UpdateExpr{UpdateKind, sections}, nil
}

// ParseProjection parses a projection expression. A fault is an *Error.
func ParseProjection(text string) (*ProjectionExpr, error) {
	if err := checkSize(ProjectionKind, text); err != nil {
		return nil, err
	}
	p := newParser(ProjectionKind, text)
	paths := p.paths()
	if err := p.end(); err != nil {
		return nil, err
	}
	if err := checkProjectionSyntax(paths); err != nil {
		return nil, err
	}
	return &ProjectionExpr{paths: paths}, nil
}

// NewCondition returns a condition of nodes that another front end built. It
// is not checked for what only expression text must respect, such as reserved
// words.
func NewCondition(kind Kind, root Node) *ConditionExpr { return &ConditionExpr{kind: kind, root: root} }

// NewUpdate returns an update of sections that another front end built: kind is UpdateKind or StatementKind.
func NewUpdate(kind Kind, sections []Section) *UpdateExpr { return &UpdateExpr{kind, sections} }

// NewProjection returns a projection of paths that another front end built.
func NewProjection(paths []*Path) *ProjectionExpr { return &ProjectionExpr{paths: paths} }

// String returns the expression in canonical form.
func (e *ConditionExpr) String() string { return e.root.String() }

// String returns the expression in canonical form.
func (e *UpdateExpr) String() string {
	var b strings.Builder
	for i, s := range e.sections {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Keyword)
		for j, a := range s.Actions {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteByte(' ')
			a.write(&b, s.Keyword)
		}
	}
	return b.String()
}

// String returns the expression in canonical form.
func (e *ProjectionExpr) String() string {
	var b strings.Builder
	for i, p := range e.paths {
		if i > 0 {
			b.WriteString(", ")
		}
		p.write(&b)
	}
	return b.String()
}
