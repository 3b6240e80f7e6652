package ecma

// statements reads up to a token that closes them, or to the end. Each round
// takes at least one token, whatever it is.
func (p *Parser) statements(l *list, end token, r Role) {
	for p.tok != end && p.tok != tEOF {
		at := p.start
		p.add(l, p.statement(), r)
		if p.start == at && p.tok != tEOF {
			p.unexpected()
			p.next()
			if p.tok != end {
				p.resync()
			}
		}
	}
}

func (p *Parser) statement() id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	n := p.statementOf()
	p.shallow()
	return n
}

func (p *Parser) statementOf() id {
	start := p.start
	switch p.tok {
	case tLBrace:
		return p.block()
	case tSemi:
		return p.leaf(EmptyStatement)
	case tVar:
		return p.variables(start, Var)
	case tConst:
		return p.constant(start)
	case tFunction:
		return p.function(start, FunctionDeclaration, 0)
	case tClass:
		return p.class(start, ClassDeclaration, list{}, 0)
	case tAt:
		return p.decorated(start)
	case tIf:
		return p.ifStatement()
	case tFor:
		return p.forStatement()
	case tWhile:
		p.next()
		var l list
		p.add(&l, p.condition(), RoleTest)
		p.add(&l, p.statement(), RoleBody)
		return p.node(WhileStatement, start, l)
	case tDo:
		return p.doStatement()
	case tReturn:
		p.next()
		var arg id
		if p.tok != tSemi && p.tok != tRBrace && p.tok != tEOF && !p.nl {
			arg = p.expression()
		}
		p.semicolon()
		return p.one(ReturnStatement, start, arg, RoleArgument)
	case tThrow:
		p.next()
		var arg id
		if !p.nl && p.tok != tSemi && p.tok != tRBrace {
			arg = p.expression()
		}
		p.semicolon()
		return p.one(ThrowStatement, start, arg, RoleArgument)
	case tBreak:
		return p.jump(BreakStatement)
	case tContinue:
		return p.jump(ContinueStatement)
	case tDebugger:
		p.next()
		p.semicolon()
		return p.node(DebuggerStatement, start, list{})
	case tTry:
		return p.tryStatement()
	case tSwitch:
		return p.switchStatement()
	case tWith:
		p.next()
		var l list
		p.add(&l, p.condition(), RoleObject)
		p.add(&l, p.statement(), RoleBody)
		return p.node(WithStatement, start, l)
	case tImport:
		return p.importStatement()
	case tExport:
		return p.exportStatement(start, list{})
	case tEnum:
		return p.enum(start, 0)
	}
	if p.tok > tIdent {
		if n := p.wordStatement(start); n != 0 {
			return n
		}
	}
	return p.expressionStatement()
}

// wordStatement reads what starts with a word that may also be a plain name, if it
// does so here.
func (p *Parser) wordStatement(start int) id {
	switch p.tok {
	case tLet:
		if t := p.peek().tok; t.name() || t == tLBracket || t == tLBrace {
			return p.variables(start, Let)
		}
	case tUsing:
		if a := p.peek(); a.tok.name() && !a.nl {
			return p.variables(start, Using)
		}
	case tAwait:
		if a := p.peek(); a.tok == tUsing && !a.nl && p.awaitUsing() {
			p.next()
			return p.variables(start, AwaitUsing)
		}
	case tAsync:
		if a := p.peek(); a.tok == tFunction && !a.nl {
			p.next()
			return p.function(start, FunctionDeclaration, Async)
		}
	default:
		return p.typedStatement(start)
	}
	return 0
}

// awaitUsing looks two tokens ahead: using must have a name behind it.
func (p *Parser) awaitUsing() bool {
	m := p.mark()
	p.trying++
	p.next()
	p.next()
	ok := p.tok.name() && !p.nl
	p.trying--
	p.back(m)
	return ok
}

// expressionStatement reads an expression, or a label with its statement.
func (p *Parser) expressionStatement() id {
	start := p.start
	named := p.tok.name()
	x := p.expression()
	if named && p.tok == tColon && p.cells[x].kind == Identifier && p.cells[x].flags&Parenthesized == 0 {
		p.next()
		return p.two(LabeledStatement, start, x, RoleLabel, p.statement(), RoleBody)
	}
	p.semicolon()
	return p.one(ExpressionStatement, start, x, RoleExpression)
}

func (p *Parser) block() id {
	start := p.start
	var l list
	p.expect(tLBrace)
	p.statements(&l, tRBrace, RoleBody)
	p.expect(tRBrace)
	return p.node(BlockStatement, start, l)
}

// condition reads an expression in parentheses.
func (p *Parser) condition() id {
	p.expect(tLParen)
	x := p.expression()
	p.expect(tRParen)
	return x
}

func (p *Parser) ifStatement() id {
	start := p.start
	p.next()
	var l list
	p.add(&l, p.condition(), RoleTest)
	p.add(&l, p.statement(), RoleConsequent)
	if p.eat(tElse) {
		p.add(&l, p.statement(), RoleAlternate)
	}
	return p.node(IfStatement, start, l)
}

func (p *Parser) doStatement() id {
	start := p.start
	p.next()
	var l list
	p.add(&l, p.statement(), RoleBody)
	p.expect(tWhile)
	p.add(&l, p.condition(), RoleTest)
	p.eat(tSemi)
	return p.node(DoWhileStatement, start, l)
}

func (p *Parser) jump(k Kind) id {
	start := p.start
	p.next()
	var label id
	if p.tok.name() && !p.nl {
		label = p.leaf(Identifier)
	}
	p.semicolon()
	return p.one(k, start, label, RoleLabel)
}

func (p *Parser) tryStatement() id {
	start := p.start
	p.next()
	var l list
	p.add(&l, p.block(), RoleBlock)
	if p.tok == tCatch {
		at := p.start
		p.next()
		var c list
		if p.eat(tLParen) {
			p.add(&c, p.binding(), RoleParam)
			p.expect(tRParen)
		}
		p.add(&c, p.block(), RoleBody)
		p.add(&l, p.node(CatchClause, at, c), RoleHandler)
	}
	if p.eat(tFinally) {
		p.add(&l, p.block(), RoleFinalizer)
	}
	return p.node(TryStatement, start, l)
}

func (p *Parser) switchStatement() id {
	start := p.start
	p.next()
	var l list
	p.add(&l, p.condition(), RoleDiscriminant)
	p.expect(tLBrace)
	for p.tok != tRBrace && p.tok != tEOF {
		at := p.start
		var c list
		if p.eat(tCase) {
			p.add(&c, p.expression(), RoleTest)
		} else {
			p.expect(tDefault)
		}
		p.expect(tColon)
		for p.tok != tCase && p.tok != tDefault && p.tok != tRBrace && p.tok != tEOF {
			stuck := p.start
			p.add(&c, p.statement(), RoleConsequent)
			if p.start == stuck {
				p.unexpected()
				p.next()
			}
		}
		p.add(&l, p.node(SwitchCase, at, c), RoleCases)
		if p.start == at {
			p.next()
		}
	}
	p.expect(tRBrace)
	return p.node(SwitchStatement, start, l)
}
