package ecma

// constant reads what const starts: variables, or an enum.
func (p *Parser) constant(start int) id {
	if p.lang.typed() && p.peek().tok == tEnum {
		p.next()
		return p.enum(start, Const)
	}
	return p.variables(start, Const)
}

// variables reads a declaration whose current token is var, let, const or using.
func (p *Parser) variables(start int, f Flags) id {
	var l list
	p.next()
	p.declarators(&l)
	p.semicolon()
	return p.flag(p.node(VariableDeclaration, start, l), f)
}

func (p *Parser) declarators(l *list) {
	for {
		start := p.start
		var d list
		p.add(&d, p.binding(), RoleID)
		if p.eat(tAssign) {
			p.add(&d, p.assignment(), RoleInit)
		}
		p.add(l, p.node(VariableDeclarator, start, d), RoleDeclarations)
		if !p.eat(tComma) {
			return
		}
	}
}

// forStatement reads all three loops of that name.
func (p *Parser) forStatement() id {
	start := p.start
	p.next()
	await := p.eat(tAwait)
	p.expect(tLParen)
	var l list
	var head id
	outer := p.noIn
	p.noIn = true
	at := p.start
	f := p.loopVariable()
	switch {
	case f != 0:
		if f == AwaitUsing {
			p.next()
		}
		p.next()
		var d list
		p.declarators(&d)
		head = p.flag(p.node(VariableDeclaration, at, d), f)
	case p.tok != tSemi:
		head = p.expression()
	}
	p.noIn = outer
	k := ForStatement
	switch {
	case p.tok == tOf, p.tok == tIn:
		k = ForInStatement
		of := p.tok == tOf
		p.next()
		if f == 0 {
			p.pattern(head)
		}
		p.add(&l, head, RoleLeft)
		if of {
			k = ForOfStatement
			p.add(&l, p.assignment(), RoleRight)
		} else {
			p.add(&l, p.expression(), RoleRight)
		}
	default:
		p.add(&l, head, RoleInit)
		p.expect(tSemi)
		if p.tok != tSemi {
			p.add(&l, p.expression(), RoleTest)
		}
		p.expect(tSemi)
		if p.tok != tRParen {
			p.add(&l, p.expression(), RoleUpdate)
		}
	}
	p.expect(tRParen)
	p.add(&l, p.statement(), RoleBody)
	return p.flagIf(p.node(k, start, l), Await, await)
}

// loopVariable says which declaration the head of a for starts with, if any:
// for (let of x), for (using of x) and for (let.a in x) have none.
func (p *Parser) loopVariable() Flags {
	switch p.tok {
	case tVar:
		return Var
	case tConst:
		return Const
	case tLet:
		switch a := p.peek(); {
		case a.tok == tOf: // for (let of of xs), for (let of = 1;;)
			return p.declaresOf(Let)
		case a.tok.name(), a.tok == tLBracket, a.tok == tLBrace:
			return Let
		}
	case tUsing:
		switch a := p.peek(); {
		case a.tok == tOf:
			return p.declaresOf(Using)
		case a.tok.name() && !a.nl:
			return Using
		}
	case tAwait:
		if p.peek().tok == tUsing && p.awaitUsing() {
			return AwaitUsing
		}
	}
	return 0
}

// declaresOf looks at what follows let of or using of: whether of is the name of
// the variable, or the of of the loop.
func (p *Parser) declaresOf(f Flags) Flags {
	m := p.mark()
	p.trying++
	p.next()
	p.next()
	t := p.tok
	p.trying--
	p.back(m)
	if t == tAssign || t == tSemi || t == tOf || t == tIn || t == tColon || t == tComma {
		return f
	}
	return 0
}
