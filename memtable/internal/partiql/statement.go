package partiql

// selectStatement parses a SELECT.
func (p *parser) selectStatement() Node {
	p.enter()
	defer p.leave()
	n := &Select{At: p.advance().pos}
	if n.Distinct = p.acceptWords("distinct"); !n.Distinct {
		p.acceptWords("all")
	}
	if n.Value = p.acceptWords("value"); n.Value {
		n.Columns = []Source{{X: p.expression(0)}}
	} else {
		n.Columns = p.columns()
	}
	if !p.acceptWords("from") {
		return p.fail("Expected FROM after SELECT list")
	}
	n.From = p.sources()
	if p.acceptWords("where") {
		n.Where = p.expression(selectPrecedence)
	}
	if p.acceptWords("order") {
		if !p.acceptWords("by") {
			return p.fail("Expected BY")
		}
		n.Order = p.orders()
	}
	if p.acceptWords("group") {
		p.acceptWords("partial")
		if !p.acceptWords("by") {
			return p.fail("Expected BY")
		}
		n.Group = p.list()
	}
	if p.acceptWords("having") {
		n.Having = p.expression(selectPrecedence)
	}
	if p.acceptWords("limit") {
		n.Limit = p.expression(selectPrecedence)
	}
	return n
}

// columns parses a select list; none for *.
func (p *parser) columns() []Source {
	var columns []Source
	all := false
	for more := true; more; more = p.accept(",") {
		if p.tok().isWord("*") {
			p.advance()
			all = true
			columns = append(columns, Source{})
			continue
		}
		x := p.expression(0)
		if path, ok := x.(*Path); ok {
			p.checkWildcards(path)
		}
		columns = append(columns, p.aliased(x, false))
	}
	switch {
	case !all:
		return columns
	case len(columns) > 1:
		p.fail("Other expressions may not be present in the select list when '*' is used without dot notation.")
	}
	return nil
}

// checkWildcards refuses a * in a column but for one behind names.
func (p *parser) checkWildcards(n *Path) {
	last := len(n.Steps) - 1
	for i, s := range n.Steps {
		switch {
		case s.Every != nil, s.Star != nil && i < last:
			p.fail("Invalid use of * in select list")
		case s.Index != nil && n.Steps[last].Star != nil:
			p.fail("Cannot use [] and * together in SELECT list expression")
		}
	}
}

// aliased parses the names that follow an expression; those of a table are three.
func (p *parser) aliased(x Node, table bool) Source {
	s := Source{X: x}
	alias := func(keyword string, optional bool) string {
		found := p.acceptWords(keyword)
		if kind := p.tok().kind; (found || optional) && (kind == tokenName || kind == tokenQuoted) {
			return p.advance().text
		}
		if found {
			p.fail("Expected identifier for " + keyword + "-alias")
		}
		return ""
	}
	s.As = alias("as", true)
	if table {
		s.At = alias("at", false)
		s.By = alias("by", false)
	}
	return s
}

// sources parses the tables of a FROM.
func (p *parser) sources() []Source {
	sources := []Source{p.source()}
	for p.err == nil {
		join := ""
		switch {
		case p.accept(","):
			join = ","
		case p.joins():
			join = "JOIN"
		default:
			return sources
		}
		s := p.source()
		s.Join = join
		if join == "JOIN" && p.acceptWords("on") {
			s.On = p.expression(selectPrecedence)
		}
		sources = append(sources, s)
	}
	return sources
}

func (p *parser) source() Source { return p.aliased(p.expression(selectPrecedence), true) }

// joins moves over the words of a join, if they come next.
func (p *parser) joins() bool {
	start := p.at
	for p.acceptWords("inner") || p.acceptWords("left") || p.acceptWords("right") || p.acceptWords("full") ||
		p.acceptWords("outer") || p.acceptWords("cross") {
		continue
	}
	if p.acceptWords("join") {
		return true
	}
	p.at = start
	return false
}

func (p *parser) orders() []Order {
	var orders []Order
	for more := true; more; more = p.accept(",") {
		o := Order{X: p.expression(0)}
		if o.Desc = p.acceptWords("desc"); !o.Desc {
			p.acceptWords("asc")
		}
		orders = append(orders, o)
	}
	return orders
}

// update parses an UPDATE.
func (p *parser) update() Node {
	n := &Update{At: p.advance().pos}
	n.From = []Source{p.aliased(p.simplePath(), true)}
	n.Actions = p.actions()
	n.Where = p.where()
	n.Returning = p.returning()
	return n
}

// updateFrom parses the form of UPDATE that begins with FROM.
func (p *parser) updateFrom() Node {
	p.enter()
	defer p.leave()
	n := &Update{First: true, At: p.advance().pos}
	n.From = p.sources()
	n.Where = p.where()
	n.Actions = p.actions()
	n.Returning = p.returning()
	return n
}

func (p *parser) delete() Node {
	n := &Delete{At: p.advance().pos}
	if !p.acceptWords("from") {
		return p.fail("Expected FROM after DELETE")
	}
	n.From = p.aliased(p.simplePath(), true)
	n.Where = p.where()
	n.Returning = p.returning()
	return n
}

func (p *parser) where() Node {
	if p.acceptWords("where") {
		return p.expression(0)
	}
	return nil
}

// actions parses what an UPDATE does, one action at least.
func (p *parser) actions() []Node {
	var actions []Node
	for p.tok().isWord("set") || p.tok().isWord("remove") || p.tok().isWord("insert") && p.peek().isWord("into") {
		actions = append(actions, p.action())
	}
	if len(actions) == 0 {
		p.fail("Expected data manipulation")
	}
	return actions
}

func (p *parser) action() Node {
	switch t := p.advance(); t.text {
	case "insert":
		return p.insert(t.pos)
	case "remove":
		return &Remove{p.simplePath(), t.pos}
	default:
		n := &Set{At: t.pos}
		for more := true; more; more = p.accept(",") {
			target := p.simplePath()
			if !p.acceptWords("=") {
				p.fail("Expected '='")
			}
			n.Assignments = append(n.Assignments, Assignment{target, p.expression(0)})
		}
		return n
	}
}

// insert parses an INSERT from its INTO.
func (p *parser) insert(at Pos) Node {
	p.advance()
	n := &Insert{Target: p.simplePath(), At: at}
	n.Plain = !p.acceptWords("value")
	n.Value = p.expression(0)
	if n.Plain {
		return n
	}
	if p.acceptWords("at") {
		n.Position = p.expression(0)
	}
	if p.acceptWords("on", "conflict") {
		if !p.acceptWords("where") {
			return p.fail("invalid ON CONFLICT syntax")
		}
		n.Conflict = p.expression(0)
		if !p.acceptWords("do", "nothing") {
			return p.fail("invalid ON CONFLICT syntax")
		}
	}
	n.Returning = p.returning()
	return n
}

// returning parses a RETURNING, if there is one.
func (p *parser) returning() []Back {
	if !p.acceptWords("returning") {
		return nil
	}
	var all []Back
	for more := true; more; more = p.accept(",") {
		which := ""
		for _, w := range [...][2]string{{"all", "old"}, {"all", "new"}, {"modified", "old"}, {"modified", "new"}} {
			if p.acceptWords(w[0], w[1]) {
				which = map[string]string{"all": "ALL ", "modified": "MODIFIED "}[w[0]] + map[string]string{"old": "OLD", "new": "NEW"}[w[1]]
				break
			}
		}
		if which == "" {
			p.fail("Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.")
		}
		back := Back{Which: which}
		if p.tok().isWord("*") {
			p.advance()
		} else {
			back.X = p.expression(0)
		}
		all = append(all, back)
	}
	return all
}
