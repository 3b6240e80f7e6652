package ecma

// function reads one whose current token is the word itself. What stood before
// it, such as async, is in start and f.
func (p *Parser) function(start int, k Kind, f Flags) id {
	p.next()
	if p.eat(tStar) {
		f |= Generator
	}
	var l list
	if p.tok.name() {
		p.add(&l, p.leaf(Identifier), RoleID)
	}
	p.signature(&l, f)
	return p.flag(p.node(k, start, l), f)
}

// method reads what follows the name of one, as a function of its own.
func (p *Parser) method(f Flags) id {
	start := p.start
	var l list
	p.signature(&l, f)
	return p.flag(p.node(FunctionExpression, start, l), f&(Async|Generator|Declare|Abstract))
}

// signature reads type parameters, parameters, the type of the result and the
// body. A function without a body is an overload or a declaration.
func (p *Parser) signature(l *list, f Flags) {
	if p.tok == tLess {
		p.skipTypeParameters()
	}
	outer := p.enter(f)
	p.params(l)
	p.result(l)
	p.body(l)
	p.scope = outer
}

// enter opens the scope of a function.
func (p *Parser) enter(f Flags) (outer scope) {
	outer = p.scope
	p.scope = scope{async: f&Async != 0, generator: f&Generator != 0, inside: true}
	return outer
}

func (p *Parser) result(l *list) {
	if p.tok == tColon {
		p.next()
		p.add(l, p.typeNode(), RoleReturnType)
	}
}

func (p *Parser) body(l *list) {
	if p.tok == tLBrace {
		p.add(l, p.block(), RoleBody)
		return
	}
	if !p.lang.typed() {
		p.expect(tLBrace)
		return
	}
	p.semicolon()
}

func (p *Parser) params(l *list) {
	p.expect(tLParen)
	for p.tok != tRParen && p.tok != tEOF {
		at := p.start
		p.add(l, p.param(), RoleParams)
		if !p.comma(tRParen) || p.start == at {
			break
		}
	}
	p.expect(tRParen)
}

// param reads a parameter: decorators, modifiers, a pattern, a type, a default.
func (p *Parser) param() id {
	start := p.start
	var decorators list
	for p.tok == tAt {
		p.add(&decorators, p.decorator(), RoleDecorators)
	}
	f := p.paramModifiers()
	at := p.start
	rest := p.eat(tEllipsis)
	n := p.target()
	if p.eat(tQuestion) {
		p.flag(n, Optional)
	}
	p.annotate(n)
	n = p.withDefault(int(p.cells[n].start), n)
	if rest {
		n = p.one(RestElement, at, n, RoleArgument)
	}
	if f != 0 || decorators.first != 0 {
		l := decorators
		p.add(&l, n, RoleParameter)
		n = p.flag(p.node(TSParameterProperty, start, l), f)
	}
	return n
}

// paramModifiers reads private, readonly and the like, where a name follows them.
func (p *Parser) paramModifiers() (f Flags) {
	for p.lang.typed() {
		m := modifier(p.tok) & property
		if m == 0 {
			return f
		}
		if t := p.peek().tok; !t.name() && t != tLBrace && t != tLBracket && t != tThis {
			return f
		}
		f |= m
		p.next()
	}
	return f
}

// modifier is the flag of a word that may stand before a member or parameter.
func modifier(t token) Flags {
	switch t {
	case tAbstract:
		return Abstract
	case tAccessor:
		return Accessor
	case tAsync:
		return Async
	case tDeclare:
		return Declare
	case tGet:
		return Getter
	case tOverride:
		return Override
	case tPrivateWord:
		return Private
	case tProtected:
		return Protected
	case tPublic:
		return Public
	case tReadonly:
		return Readonly
	case tSet:
		return Setter
	case tStatic:
		return Static
	}
	return 0
}
