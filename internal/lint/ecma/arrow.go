package ecma

// What stands in parentheses is read as expressions first; a => behind them makes
// parameters of them. So nothing is read twice, however deep they are nested. The
// types that parameters may have are taken along.

// inner is what parentheses held.
type inner struct {
	items list
	count int
	only  bool // an arrow function can be meant, and nothing else
}

// parens reads from the current ( to its ).
func (p *Parser) parens() (in inner, end int) {
	outer := p.scope
	p.noIn, p.branch = false, false
	p.next()
	for p.tok != tRParen && p.tok != tEOF {
		at := p.start
		in.only = in.only || p.tok == tEllipsis
		n := p.spreadOr()
		n = p.parenType(n, &in)
		p.add(&in.items, n, RoleExpressions)
		in.count++
		if p.tok == tComma {
			p.next()
			in.only = in.only || p.tok == tRParen
			continue
		}
		if p.tok != tRParen || p.start == at {
			break
		}
	}
	end = p.last
	p.expect(tRParen)
	p.scope = outer
	in.only = in.only || in.count == 0
	return in, end
}

// parenType reads ?, : T and = d behind what then is a parameter. In a script they
// would be mistakes, so that Flow is welcome where no pragma announces it.
func (p *Parser) parenType(n id, in *inner) id {
	if p.tok != tColon && (p.tok != tQuestion || !p.lang.typed()) {
		return n
	}
	in.only = true
	if p.eat(tQuestion) {
		p.flag(n, Optional)
	}
	p.annotate(n)
	return p.withDefault(int(p.cells[n].start), n)
}

// parenthesized reads ( and what it turns out to open.
func (p *Parser) parenthesized() id {
	start := p.start
	in, end := p.parens()
	if n := p.arrowBehind(start, in, 0); n != 0 {
		return n
	}
	n := in.items.first
	switch {
	case in.count == 0:
		p.unexpected()
		return p.node(Bad, start, list{})
	case in.count > 1:
		n = p.node(SequenceExpression, int(p.cells[n].start), in.items)
		p.cells[n].end = max(int32(end), p.cells[in.items.last].end)
	}
	return p.flag(n, Parenthesized)
}

// arrowBehind reads => and a body if they follow the parentheses, with the type of
// the result before them.
func (p *Parser) arrowBehind(start int, in inner, f Flags) id {
	switch {
	case p.tok == tArrow && !p.nl:
		return p.arrow(start, in.items, f)
	case p.tok != tColon || !in.only && (!p.lang.typed() || !p.couldBeParams(in.items)):
		return 0
	}
	if !p.branch {
		var result id
		if p.attempt(func(p *Parser) bool {
			broken := p.broken
			p.next()
			result = p.typeNode()
			return p.tok == tArrow && !p.nl && p.broken == broken
		}) {
			p.add(&in.items, result, RoleReturnType)
			return p.arrow(start, in.items, f)
		}
		return 0
	}
	// Between ? and :, as in a ? (b) : c => d, the colon of the conditional is
	// still to come if this one begins a type.
	var rest list
	if !p.attempt(func(p *Parser) bool {
		broken := p.broken
		p.next()
		p.add(&rest, p.typeNode(), RoleReturnType)
		if p.tok != tArrow || p.nl || p.broken != broken {
			return false
		}
		p.arrowBody(&rest, f)
		return p.tok == tColon
	}) {
		return 0
	}
	p.asParams(in.items)
	if in.items.last != 0 {
		p.cells[in.items.last].link = rest.first
	} else {
		in.items.first = rest.first
	}
	in.items.last = rest.last
	return p.flag(p.node(ArrowFunctionExpression, start, in.items), f)
}

// arrow reads from the current => on. The items are its parameters, and perhaps
// the type of its result.
func (p *Parser) arrow(start int, items list, f Flags) id {
	p.asParams(items)
	p.arrowBody(&items, f)
	return p.flag(p.node(ArrowFunctionExpression, start, items), f)
}

func (p *Parser) arrowBody(l *list, f Flags) {
	p.next()
	outer := p.enter(f)
	if p.tok == tLBrace {
		p.add(l, p.block(), RoleBody)
	} else {
		p.noIn, p.branch = outer.noIn, outer.branch
		p.add(l, p.assignment(), RoleBody)
	}
	p.scope = outer
}

func (p *Parser) asParams(items list) {
	for n := items.first; n != 0; n = p.cells[n].link {
		if p.cells[n].role == RoleReturnType {
			continue
		}
		p.pattern(n)
		p.cells[n].role = RoleParams
	}
}

// couldBeParams spares most conditionals the attempt to read a type.
func (p *Parser) couldBeParams(items list) bool {
	for n := items.first; n != 0; n = p.cells[n].link {
		switch c := &p.cells[n]; c.kind {
		case Identifier, ObjectExpression, ArrayExpression, AssignmentPattern:
			if c.flags&Parenthesized != 0 {
				return false
			}
		case AssignmentExpression:
			if c.op != tAssign {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// asyncName reads what begins with the word async: a function, an arrow function,
// or nothing but that name.
func (p *Parser) asyncName() id {
	start := p.start
	n := p.leaf(Identifier)
	switch {
	case p.tok == tArrow && !p.nl:
		var l list
		p.add(&l, n, RoleParams)
		return p.arrow(start, l, 0)
	case p.nl:
		return n
	case p.tok == tFunction:
		p.cells = p.cells[:n]
		return p.function(start, FunctionExpression, Async)
	case p.tok.name() && p.peek().tok == tArrow:
		p.cells = p.cells[:n]
		var l list
		p.add(&l, p.leaf(Identifier), RoleParams)
		return p.arrow(start, l, Async)
	case (p.tok == tLess || p.tok == tShl) && p.lang.typed():
		if !p.attempt(func(p *Parser) bool {
			broken := p.broken
			p.skipTypeParameters()
			return p.tok == tLParen && p.broken == broken
		}) {
			return n
		}
	case p.tok != tLParen:
		return n
	}
	in, _ := p.parens()
	if a := p.arrowBehind(start, in, Async); a != 0 {
		p.drop(n)
		return a
	}
	// A call of a function with that name.
	var l list
	p.add(&l, n, RoleCallee)
	for k := in.items.first; k != 0; k = p.cells[k].link {
		p.cells[k].role = RoleArguments
	}
	if in.count > 0 {
		p.cells[n].link = in.items.first
		l.last = in.items.last
	}
	return p.node(CallExpression, start, l)
}

// assertion reads <T>x, or an arrow function with type parameters: what stands
// between < and > tells them apart as little as the ( behind it, the => does.
func (p *Parser) assertion(start int) id {
	p.splitShift()
	at := p.start + 1
	p.skipTypeParameters()
	end, open := p.last-1, p.start
	n := p.unary()
	if p.bareArrow(n) && int(p.cells[n].start) == open {
		p.cells[n].start = int32(start)
		return n
	}
	t := p.node(Type, at, list{})
	p.cells[t].end = int32(max(end, at))
	return p.two(TSTypeAssertion, start, t, RoleTypeAnnotation, n, RoleExpression)
}

// genericArrow reports whether the current < of a TSX file opens type parameters:
// <T,>, <T extends U> or <const T>, and no element.
func (p *Parser) genericArrow() bool {
	if p.tok != tLess {
		return false
	}
	m := p.mark()
	p.trying++
	p.next()
	if p.tok == tConst {
		p.next()
	}
	ok := false
	if p.tok.name() {
		p.next()
		switch p.tok {
		case tComma, tAssign:
			ok = true
		case tExtends:
			p.next()
			ok = p.tok != tAssign && p.tok != tGreater && p.tok != tSlash
		}
	}
	p.trying--
	p.back(m)
	return ok
}
