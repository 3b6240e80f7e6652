package ecma

// expression reads one with commas.
func (p *Parser) expression() id {
	start := p.start
	n := p.assignment()
	if p.tok != tComma {
		return n
	}
	var l list
	p.add(&l, n, RoleExpressions)
	for p.eat(tComma) {
		p.add(&l, p.assignment(), RoleExpressions)
	}
	return p.node(SequenceExpression, start, l)
}

// bracketed reads an assignment where brackets hold off what surrounds them: the
// in of a for, the : of a conditional.
func (p *Parser) bracketed() id {
	outer := p.scope
	p.noIn, p.branch = false, false
	n := p.assignment()
	p.scope = outer
	return n
}

func (p *Parser) bracketedExpression() id {
	outer := p.scope
	p.noIn, p.branch = false, false
	n := p.expression()
	p.scope = outer
	return n
}

// assignment reads an expression without commas: arrow functions, conditionals
// and yield included.
func (p *Parser) assignment() id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	n := p.assignmentOf()
	p.shallow()
	return n
}

func (p *Parser) assignmentOf() id {
	if p.tok == tYield && (p.generator || p.operandFollows()) {
		return p.yield()
	}
	start := p.start
	n := p.binary(p.unary(), start, 0)
	if p.bareArrow(n) {
		return n
	}
	switch {
	case p.tok == tQuestion:
		if p.lang.typed() && p.optionalParam() {
			return n
		}
		return p.conditional(n, start)
	case p.tok.assignment():
		op := p.tok
		if op == tAssign {
			p.pattern(n)
		}
		p.next()
		n = p.two(AssignmentExpression, start, n, RoleLeft, p.assignment(), RoleRight)
		p.cells[n].op = op
	}
	return n
}

// bareArrow reports whether n is an arrow function outside parentheses: no
// operator may follow it.
func (p *Parser) bareArrow(n id) bool {
	c := &p.cells[n]
	return c.kind == ArrowFunctionExpression && c.flags&Parenthesized == 0
}

// optionalParam reports whether the current ? makes a parameter optional, as in
// (a?: T) => b or (a?) => b.
func (p *Parser) optionalParam() bool {
	switch p.peek().tok {
	case tColon, tComma, tRParen, tAssign:
		return true
	}
	return false
}

func (p *Parser) conditional(test id, start int) id {
	p.next()
	var l list
	p.add(&l, test, RoleTest)
	outer := p.scope
	p.noIn, p.branch = false, true
	p.add(&l, p.assignment(), RoleConsequent)
	p.scope = outer
	p.expect(tColon)
	p.add(&l, p.assignment(), RoleAlternate)
	return p.node(ConditionalExpression, start, l)
}

// operandFollows reports whether a word such as await, where it may be a plain
// name, is an operator after all: no name stands directly before another.
func (p *Parser) operandFollows() bool {
	switch a := p.peek(); a.tok {
	case tIn, tInstanceof, tOf, tAs, tSatisfies, tExtends:
		return false
	default:
		return !a.nl && (a.tok.word() || a.tok.literal())
	}
}

func (p *Parser) yield() id {
	start := p.start
	p.next()
	delegate := p.tok == tStar && !p.nl && p.eat(tStar)
	var arg id
	if delegate || !p.nl && p.startsExpression() {
		arg = p.assignment()
	}
	return p.flagIf(p.one(YieldExpression, start, arg, RoleArgument), Delegate, delegate)
}

// startsExpression reports whether an operand may start at the current token.
func (p *Parser) startsExpression() bool {
	switch p.tok {
	case tLParen, tLBracket, tLBrace, tTemplate, tTemplateHead, tPrivate, tAt, tBang, tTilde, tPlusPlus, tMinusMinus,
		tPlus, tMinus, tLess, tShl, tSlash, tSlashAssign,
		tClass, tDelete, tFalse, tFunction, tImport, tNew, tNull, tSuper, tThis, tTrue, tTypeof, tVoid:
		return true
	}
	return p.tok.name() || p.tok.literal()
}

// binary goes on after a first operand, with operators that bind more tightly
// than min.
func (p *Parser) binary(left id, start int, min uint8) id {
	for row := 1; ; row++ {
		if p.tok == tGreater {
			p.greater()
		}
		op := p.tok
		prec := precedence[op]
		if prec <= min || p.bareArrow(left) {
			return left
		}
		if op == tIn && p.noIn {
			return left
		}
		p.chain = max(p.chain, row)
		if op == tAs || op == tSatisfies {
			if p.nl || !p.lang.typed() {
				return left
			}
			p.next()
			k := TSAsExpression
			if op == tSatisfies {
				k = TSSatisfiesExpression
			}
			left = p.two(k, start, left, RoleExpression, p.typeNode(), RoleTypeAnnotation)
			continue
		}
		p.next()
		at := p.start
		right := p.unary()
		above := prec
		if op == tPower {
			above-- // binds to the right
		}
		if prec2 := precedence[p.tok]; prec2 > above {
			if p.deep() {
				right = p.tooDeep()
			} else {
				right = p.binary(right, at, above)
			}
			p.shallow()
		}
		k := BinaryExpression
		if prec <= precedence[tAndAnd] {
			k = LogicalExpression
		}
		left = p.two(k, start, left, RoleLeft, right, RoleRight)
		p.cells[left].op = op
	}
}

// unary reads an operand with what stands before and behind it.
func (p *Parser) unary() id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	n := p.unaryOf()
	p.shallow()
	return n
}

func (p *Parser) unaryOf() id {
	start, op := p.start, p.tok
	switch op {
	case tBang, tTilde, tPlus, tMinus, tTypeof, tVoid, tDelete:
		p.next()
		n := p.one(UnaryExpression, start, p.unary(), RoleArgument)
		p.cells[n].op = op
		return n
	case tPlusPlus, tMinusMinus:
		p.next()
		n := p.flag(p.one(UpdateExpression, start, p.unary(), RoleArgument), Prefix)
		p.cells[n].op = op
		return n
	case tAwait:
		if p.async || p.operandFollows() || !p.inside && p.topAwait() {
			p.next()
			return p.one(AwaitExpression, start, p.unary(), RoleArgument)
		}
	case tLess, tShl:
		if !p.lang.jsx() || p.lang == TSX && p.genericArrow() {
			return p.assertion(start)
		}
	}
	n := p.suffix(p.primary(), start, anywhere)
	if (p.tok == tPlusPlus || p.tok == tMinusMinus) && !p.nl && !p.bareArrow(n) {
		op := p.tok
		p.next()
		n = p.one(UpdateExpression, start, n, RoleArgument)
		p.cells[n].op = op
	}
	return n
}

// topAwait reports whether await at the top of a file, where it may be a name in
// old scripts, has an operand that no name would have behind it in practice.
func (p *Parser) topAwait() bool {
	a := p.peek()
	switch a.tok {
	case tLParen, tLBracket, tTemplate, tTemplateHead, tBang, tLBrace:
		return !a.nl
	}
	return false
}
