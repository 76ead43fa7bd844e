package expression

import "strings"

// parser is a recursive descent parser with one token of lookahead beyond the
// current. Its recursion is bounded by the length of the text, maxSize.
type parser struct {
	kind      Kind
	text      string
	lex       lexer
	prev, tok token
	next      token
	err       *Error
}

func newParser(kind Kind, text string) *parser {
	p := &parser{kind: kind, text: text, lex: lexer{text: text}}
	p.tok = p.lex.next()
	p.next = p.lex.next()
	return p
}

// fail records the first fault and returns nil; from then on every token is
// the end of the text.
func (p *parser) fail(err *Error) Node {
	if p.err == nil {
		p.err = err
		p.tok = token{kind: tokenEOF}
		p.next = p.tok
	}
	return nil
}

// unexpected reports the current token, and near it the text from the previous
// token to the next.
func (p *parser) unexpected() Node {
	if p.err != nil {
		return nil
	}
	text := p.tok.text
	if p.tok.kind == tokenKeyword {
		text = p.text[p.tok.start:p.tok.end]
	}
	return p.fail(p.kind.errorf(`Syntax error; token: "%s", near: "%s"`, text, p.text[p.prev.start:p.next.end]))
}

func (p *parser) advance() token {
	t := p.tok
	p.prev, p.tok = p.tok, p.next
	if p.tok.kind != tokenEOF {
		p.next = p.lex.next()
	}
	return t
}

func (p *parser) is(kind tokenKind, text string) bool {
	return p.tok.kind == kind && p.tok.text == text
}

func (p *parser) accept(kind tokenKind, text string) bool {
	if p.is(kind, text) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(kind tokenKind, text string) {
	if !p.accept(kind, text) {
		p.unexpected()
	}
}

func (p *parser) end() error {
	if p.err == nil && p.tok.kind != tokenEOF {
		p.unexpected()
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

// isOperand reports whether a node is a value and cannot be a condition.
func isOperand(n Node) bool {
	switch unwrap(n).(type) {
	case *Path, *ValueRef, *Arith:
		return true
	}
	return false
}

// or parses a condition. With operand, a value alone before a closing
// parenthesis will do: what follows the parenthesis says what it is for.
func (p *parser) or(operand bool) Node {
	n := p.and(operand)
	for p.accept(tokenKeyword, "OR") {
		n = &Or{n, p.and(false)}
	}
	return n
}

func (p *parser) and(operand bool) Node {
	n := p.not(operand)
	for p.accept(tokenKeyword, "AND") {
		n = &And{n, p.not(false)}
	}
	return n
}

func (p *parser) not(operand bool) Node {
	if p.accept(tokenKeyword, "NOT") {
		return &Not{p.not(false)}
	}
	return p.predicate(operand)
}

func (p *parser) predicate(operand bool) Node {
	var x Node
	if p.accept(tokenPunct, "(") {
		x = p.closeParen(p.or(true), true)
	} else {
		x = p.operand()
	}
	if p.err != nil {
		return nil
	}
	_, call := unwrap(x).(*Call)
	if isOperand(x) || call {
		if p.isOperator() && isRedundant(x) {
			return p.redundant()
		}
		switch {
		case p.tok.kind == tokenCompare:
			return &Compare{Op: p.advance().text, L: x, R: p.operand()}
		case p.accept(tokenKeyword, "BETWEEN"):
			lo := p.operand()
			p.expect(tokenKeyword, "AND")
			return &Between{X: x, Lo: lo, Hi: p.operand()}
		case p.accept(tokenKeyword, "IN"):
			return &In{X: x, List: p.list()}
		}
	}
	if isOperand(x) && !(operand && p.is(tokenPunct, ")")) {
		return p.unexpected()
	}
	return x
}

// operand parses a value: a path, a :value, a call, or one in parentheses.
func (p *parser) operand() Node {
	switch {
	case p.tok.kind == tokenValue:
		return &ValueRef{Name: p.advance().text}
	case p.accept(tokenPunct, "("):
		return p.closeParen(p.operand(), false)
	case p.tok.kind == tokenIdent && p.next.kind == tokenPunct && p.next.text == "(":
		return &Call{Name: p.advance().text, Args: p.list()}
	}
	return p.path()
}

// closeParen ends a parenthesis that holds x. A second parenthesis right
// around the first is refused as soon as it is read, or, where the condition
// may turn out to lack an operator, by who finds the operator.
func (p *parser) closeParen(x Node, mayEnd bool) Node {
	p.expect(tokenPunct, ")")
	if p.err != nil {
		return nil
	}
	n := &Paren{x}
	if isRedundant(n) && !(mayEnd && isOperand(x)) {
		return p.redundant()
	}
	return n
}

func (p *parser) redundant() Node {
	return p.fail(p.kind.errorf("The expression has redundant parentheses;"))
}

// isRedundant reports whether n is a parenthesis right around another.
func isRedundant(n Node) bool {
	outer, ok := n.(*Paren)
	if ok {
		_, ok = outer.X.(*Paren)
	}
	return ok
}

// isOperator reports whether the current token relates two values.
func (p *parser) isOperator() bool {
	return p.tok.kind == tokenCompare || p.is(tokenKeyword, "BETWEEN") || p.is(tokenKeyword, "IN")
}

// list parses values in parentheses, at least one.
func (p *parser) list() []Node {
	p.expect(tokenPunct, "(")
	nodes := []Node{p.operand()}
	for p.accept(tokenPunct, ",") {
		nodes = append(nodes, p.operand())
	}
	p.expect(tokenPunct, ")")
	return nodes
}

func (p *parser) path() *Path {
	n := &Path{}
	name := func() {
		switch p.tok.kind {
		case tokenIdent:
			n.Steps = append(n.Steps, Step{Text: p.advance().text, Kind: NameStep})
		case tokenName:
			n.Steps = append(n.Steps, Step{Text: p.advance().text, Kind: PlaceholderStep})
		default:
			p.unexpected()
		}
	}
	name()
	for p.err == nil {
		switch {
		case p.accept(tokenPunct, "."):
			if p.tok.kind == tokenValue { // the grammar takes it, and no request can define it
				n.Steps = append(n.Steps, Step{Text: p.advance().text, Kind: PlaceholderStep})
				continue
			}
			name()
		case p.accept(tokenPunct, "["):
			if p.tok.kind != tokenInt {
				p.unexpected()
				break
			}
			n.Steps = append(n.Steps, Step{Text: p.advance().text, Kind: IndexStep})
			p.expect(tokenPunct, "]")
		default:
			return n
		}
	}
	return n
}

func (p *parser) paths() []*Path {
	paths := []*Path{p.path()}
	for p.accept(tokenPunct, ",") {
		paths = append(paths, p.path())
	}
	return paths
}

func (p *parser) sections() []Section {
	var sections []Section
	for {
		if p.tok.kind != tokenKeyword || !strings.Contains(" SET REMOVE ADD DELETE ", " "+p.tok.text+" ") {
			p.unexpected()
			return nil
		}
		s := Section{Keyword: p.advance().text}
		for more := true; more; more = p.accept(tokenPunct, ",") {
			s.Actions = append(s.Actions, p.action(s.Keyword))
		}
		sections = append(sections, s)
		if p.err != nil || p.tok.kind == tokenEOF {
			return sections
		}
	}
}

func (p *parser) action(keyword string) Action {
	a := Action{Path: p.path()}
	switch keyword {
	case "SET":
		p.expect(tokenCompare, "=")
		a.Value = p.setValue()
	case "ADD", "DELETE":
		if p.tok.kind != tokenValue {
			p.unexpected()
			break
		}
		a.Value = &ValueRef{Name: p.advance().text}
	}
	return a
}

// setValue parses an operand, or a sum or difference of two, or that in
// parentheses.
func (p *parser) setValue() Node {
	var l Node
	if p.accept(tokenPunct, "(") {
		l = p.closeParen(p.setValue(), false)
		if _, sum := unwrap(l).(*Arith); l == nil || sum {
			return l
		}
	} else {
		l = p.operand()
	}
	if p.is(tokenPunct, "+") || p.is(tokenPunct, "-") {
		return &Arith{Op: p.advance().text, L: l, R: p.operand()}
	}
	return l
}
