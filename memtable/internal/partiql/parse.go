package partiql

import "strings"

// maxDepth is how deep expressions may nest. The service sets no such limit beyond the length of a statement.
const maxDepth = 500

// parser is a recursive descent parser. After a fault every token is the end of the text.
type parser struct {
	tokens []token
	at     int
	params int
	depth  int
	err    error
}

// Statement is a parsed statement. It depends on its text alone, is safe for concurrent use and may be kept
// for any number of requests.
type Statement struct{ root Node }

// Parse parses the text of a statement. A fault is an *expression.Error.
func Parse(text string) (*Statement, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root := p.expression(0)
	p.accept(";")
	switch {
	case p.err != nil:
	case p.tok().kind == tokenEOF:
	case p.at > 0 && p.tokens[p.at-1].isPunct(";"):
		p.fail("Unexpected token after semicolon. (Only one query is allowed.)")
	default:
		p.fail("Unexpected token after expression")
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Statement{root}, nil
}

// String returns the statement in canonical form.
func (s *Statement) String() string { return s.root.String() }

func (p *parser) tok() token { return p.tokens[p.at] }

// peek returns the token after the current one.
func (p *parser) peek() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) advance() token {
	t := p.tok()
	p.at = min(p.at+1, len(p.tokens)-1)
	return t
}

// fail keeps the fault of a text that is no statement.
func (p *parser) fail(detail string) Node { return p.stop(malformed(detail)) }

// stop keeps the first fault. It returns a node, so that who has it goes on as if nothing were wrong.
func (p *parser) stop(err error) Node {
	if p.err == nil {
		p.err = err
		p.tokens, p.at = []token{{kind: tokenEOF}}, 0
	}
	return &Word{Text: "null"}
}

func (p *parser) is(punct string) bool { return p.tok().isPunct(punct) }

func (p *parser) accept(punct string) bool {
	ok := p.is(punct)
	if ok {
		p.advance()
	}
	return ok
}

// expect requires a punctuation mark, which faults know by a name.
func (p *parser) expect(punct, name string) {
	if !p.accept(punct) {
		p.fail("Expected " + name)
	}
}

// acceptWords moves over words if they come next, all of them.
func (p *parser) acceptWords(words ...string) bool {
	for i, word := range words {
		if at := p.at + i; at >= len(p.tokens) || !p.tokens[at].isWord(word) {
			return false
		}
	}
	p.at += len(words)
	return true
}

// enter counts a level of nesting; leave ends it.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("Expressions nest too deep")
	}
}

func (p *parser) leave() { p.depth-- }

// precedences are those of the operators between operands.
var precedences = map[string]int{
	"intersect": 5, "except": 5, "union": 5,
	"or": 10, "and": 20, "not": 30,
	"=": 40, "<>": 40, "is": 40, "in": 40,
	"<": 50, "<=": 50, ">": 50, ">=": 50, "between": 50, "like": 50,
	"+": 60, "-": 60, "||": 60,
	"*": 70, "/": 70, "%": 70,
}

// selectPrecedence is that of what stands in a clause of SELECT.
const selectPrecedence = 6

// infix returns the operator that comes next, and whether NOT precedes it.
func (p *parser) infix() (op string, not bool) {
	t := p.tok()
	if t.isWord("not") {
		if next := p.peek(); next.isWord("in") || next.isWord("between") || next.isWord("like") {
			return next.text, true
		}
		return "", false
	}
	if t.kind != tokenOp || t.text == "@" {
		return "", false
	}
	return t.text, false
}

// expression parses operands and the operators between them that bind tighter than precedence.
func (p *parser) expression(precedence int) Node {
	p.enter()
	defer p.leave()
	x := p.unary()
	for {
		op, not := p.infix()
		if op == "" || precedences[op] <= precedence {
			return x
		}
		if not {
			p.advance()
		}
		at := p.advance().pos
		x = p.operation(x, op, at)
		if not {
			x = &Unary{Op: "not", X: x, At: at}
		}
		if p.err != nil {
			return x
		}
	}
}

// operation parses what follows an operator.
func (p *parser) operation(x Node, op string, at Pos) Node {
	switch op {
	case "is":
		not := p.acceptWords("not")
		var n Node = &Is{X: x, Type: p.typeName(), At: at}
		if not {
			n = &Unary{Op: "not", X: n, At: at}
		}
		return n
	case "in":
		if p.is("(") && !p.peek().isWord("select") && !p.peek().isWord("values") {
			open := p.advance().pos
			n := &Binary{Op: op, L: x, R: &List{Elems: p.list(), At: open}, At: at}
			p.expect(")", "RIGHT_PAREN")
			return n
		}
	case "union", "except", "intersect":
		p.acceptWords("all")
	}
	right := p.right(op)
	switch op {
	case "between":
		if !p.acceptWords("and") {
			return p.fail("Expected AND keyword")
		}
		if p.tok().kind == tokenEOF {
			return p.fail("Expected expression after AND")
		}
		return &Between{X: x, Lo: right, Hi: p.expression(precedences[op]), At: at}
	case "like":
		n := &Binary{Op: op, L: x, R: right, At: at}
		if p.acceptWords("escape") {
			n.Escape = p.expression(precedences[op])
		}
		return n
	}
	return &Binary{Op: op, L: x, R: right, At: at}
}

// right parses the right operand of an operator.
func (p *parser) right(op string) Node {
	if p.tok().kind == tokenEOF {
		return p.fail("Missing right-hand side expression of infix operator")
	}
	return p.expression(precedences[op])
}

// typeName parses the name of a type after IS.
func (p *parser) typeName() string {
	name := strings.ToLower(p.tok().text)
	for _, two := range [...][2]string{{"double", "precision"}, {"character", "varying"}} {
		if p.tok().isWord(two[0]) && p.peek().isWord(two[1]) {
			p.advance()
			name = two[0] + " " + two[1]
		}
	}
	if kind := p.tok().kind; (kind != tokenKeyword && kind != tokenName) || typeNames[name] == "" {
		p.fail("Expected type name")
		return ""
	}
	p.advance()
	return name
}

// unary parses an operand with the operators before it. The sign of a number is its own.
func (p *parser) unary() Node {
	p.enter()
	defer p.leave()
	t := p.tok()
	switch {
	case t.isWord("not"):
		p.advance()
		return &Unary{Op: t.text, X: p.expression(precedences[t.text]), At: t.pos}
	case t.isWord("+"), t.isWord("-"):
		p.advance()
		x := p.unary()
		n, ok := x.(*Number)
		switch {
		case !ok:
			return &Unary{Op: t.text, X: x, At: t.pos}
		case t.text == "-":
			return &Number{Text: n.Text, Negative: !n.Negative, At: n.At}
		}
		return x
	}
	return p.steps(p.term(), false)
}

// steps parses the steps of a path that begins with x. A simple path has no wildcards and no computed steps.
func (p *parser) steps(x Node, simple bool) Node {
	var steps []Step
	for p.err == nil {
		switch {
		case p.accept("."):
			t := p.tok()
			switch {
			case t.kind == tokenName, t.kind == tokenQuoted:
				steps = append(steps, Step{Name: p.name()})
			case t.isWord("*") && simple:
				return p.fail("Invalid path dot component for simple path")
			case t.isWord("*"):
				steps = append(steps, Step{Star: &p.tokens[p.at].pos})
				p.advance()
			default:
				return p.fail("Invalid path dot component")
			}
		case p.accept("["):
			step := Step{}
			if t := p.tok(); t.isWord("*") {
				step.Every = &p.tokens[p.at].pos
				p.advance()
			} else {
				step.Index = p.expression(0)
			}
			p.expect("]", "RIGHT_BRACKET")
			if simple && (step.Every != nil || !isAtom(step.Index)) {
				return p.fail("Invalid path component for simple path")
			}
			steps = append(steps, step)
		case len(steps) == 0:
			return x
		default:
			return &Path{Root: x, Steps: steps}
		}
	}
	return x
}

func isAtom(n Node) bool {
	switch n.(type) {
	case *Name, *String, *Number, *Word, *Ion:
		return true
	}
	return false
}

func (p *parser) name() *Name {
	t := p.advance()
	return &Name{Text: t.text, Quoted: t.kind == tokenQuoted, At: t.pos}
}

// simplePath parses the path of a table, or of an attribute that is written.
func (p *parser) simplePath() Node {
	if kind := p.tok().kind; kind != tokenName && kind != tokenQuoted {
		return p.fail("Expected identifier for simple path")
	}
	return p.steps(p.name(), true)
}

// term parses an operand without its operators and steps.
func (p *parser) term() Node {
	t := p.tok()
	switch t.kind {
	case tokenName, tokenQuoted:
		if p.peek().isPunct("(") {
			return p.call()
		}
		return p.name()
	case tokenString:
		p.advance()
		return &String{t.text, t.pos}
	case tokenNumber:
		p.advance()
		return &Number{Text: t.text, At: t.pos}
	case tokenIon:
		p.advance()
		return &Ion{t.text, t.pos}
	case tokenParam:
		p.advance()
		p.params++
		return &Param{p.params - 1, t.pos}
	case tokenKeyword:
		return p.keyword()
	case tokenOp:
		if t.text != "@" {
			return p.fail("Unexpected operator")
		}
		p.advance()
		if kind := p.tok().kind; kind != tokenName && kind != tokenQuoted {
			return p.fail("Identifier must follow @-operator")
		}
		return p.name()
	case tokenPunct:
		return p.group()
	}
	return p.fail("Unexpected term")
}

// keyword parses a term that begins with a keyword: a literal, a call or a statement.
func (p *parser) keyword() Node {
	t := p.tok()
	switch t.text {
	case "true", "false", "null", "missing":
		p.advance()
		return &Word{t.text, t.pos}
	case "select":
		return p.selectStatement()
	case "insert":
		if p.peek().isWord("into") {
			return p.action()
		}
	case "set", "remove":
		return &Update{Actions: []Node{p.action()}, At: t.pos}
	case "update":
		return p.update()
	case "delete":
		return p.delete()
	case "from":
		return p.updateFrom()
	case "values":
		return p.tableValues()
	}
	switch {
	case callable[t.text] && p.peek().isPunct("("):
		return p.call()
	case constructs[t.text] && p.at == 0:
		return p.stop(errorf("Unsupported operation: %s", p.definition()))
	case constructs[t.text]:
		return p.stop(errorf("Unsupported token in expression: %s at %s", strings.ToUpper(t.text), t.pos))
	}
	return p.fail("Unexpected keyword")
}

// definition is what messages call a statement that is about tables or procedures.
func (p *parser) definition() string {
	first, second := p.tok().text, p.peek().text
	if first == "create" || first == "drop" {
		return title(first) + title(second)
	}
	return title(first)
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + strings.ToLower(word[1:])
}

// call parses a function call.
func (p *parser) call() Node {
	t := p.advance()
	n := &Call{Name: strings.ToLower(t.text), At: t.pos}
	p.expect("(", "LEFT_PAREN")
	switch {
	case p.tok().isWord("*") && p.peek().isPunct(")"):
		if n.Name != "count" {
			return p.fail(n.Name + "(*) is not allowed")
		}
		n.Args = []Node{&Word{"*", p.advance().pos}}
	case !p.is(")"):
		n.Args = p.list()
	}
	if aggregates[n.Name] && len(n.Args) != 1 {
		return p.fail("Aggregate functions are always unary")
	}
	p.expect(")", "RIGHT_PAREN")
	return n
}

// list parses expressions between commas, at least one.
func (p *parser) list() []Node {
	nodes := []Node{p.expression(0)}
	for p.accept(",") {
		nodes = append(nodes, p.expression(0))
	}
	return nodes
}

// group parses what stands between parentheses or brackets of some kind.
func (p *parser) group() Node {
	t := p.tok()
	switch t.text {
	case "(":
		p.advance()
		nodes := p.list()
		p.expect(")", "RIGHT_PAREN")
		if len(nodes) == 1 {
			return nodes[0]
		}
		return &List{nodes, t.pos}
	case "[":
		return &List{p.elements("]", "RIGHT_BRACKET"), t.pos}
	case "<<":
		return &Bag{p.elements(">>", "RIGHT_DOUBLE_ANGLE_BRACKET"), t.pos}
	case "{":
		p.advance()
		n := &Struct{At: t.pos}
		for more := !p.is("}"); more; more = p.accept(",") {
			name := p.expression(0)
			p.expect(":", "COLON")
			n.Fields = append(n.Fields, Field{name, p.expression(0)})
		}
		p.expect("}", "RIGHT_CURLY")
		return n
	}
	return p.fail("Unexpected term")
}

// elements parses the elements of a literal, up to its closing bracket.
func (p *parser) elements(closing, name string) []Node {
	p.advance()
	var nodes []Node
	if !p.is(closing) {
		nodes = p.list()
	}
	p.expect(closing, name)
	return nodes
}

// tableValues parses VALUES (…), (…).
func (p *parser) tableValues() Node {
	n := &Bag{At: p.advance().pos}
	for more := true; more; more = p.accept(",") {
		open := p.tok().pos
		p.expect("(", "LEFT_PAREN for row value constructor")
		n.Elems = append(n.Elems, &List{p.list(), open})
		p.expect(")", "RIGHT_PAREN")
	}
	return n
}

// IsCall reports whether the statement is a call, of which EXISTS is the only one that a transaction may have.
func (s *Statement) IsCall() bool {
	_, ok := s.root.(*Call)
	return ok
}
