package ecma

// class reads one whose current token is the word itself.
func (p *Parser) class(start int, k Kind, decorators list, f Flags) id {
	l := decorators
	p.next()
	if p.tok.name() && p.tok != tImplements {
		p.add(&l, p.leaf(Identifier), RoleID)
	}
	if p.tok == tLess {
		p.skipTypeParameters()
	}
	if p.eat(tExtends) {
		p.add(&l, p.heritage(), RoleSuperClass)
		if p.tok == tLess {
			p.add(&l, p.typeArguments(), RoleTypeArguments)
		}
	}
	if p.tok == tImplements {
		p.next()
		for {
			p.add(&l, p.typeNode(), RoleImplements)
			if !p.eat(tComma) {
				break
			}
		}
	}
	p.members(&l)
	return p.flag(p.node(k, start, l), f)
}

// heritage reads the class that is extended: a { behind it opens the members.
func (p *Parser) heritage() id {
	start := p.start
	return p.suffix(p.primary(), start, extended)
}

func (p *Parser) members(l *list) {
	outer := p.scope
	p.noIn, p.branch = false, false
	p.expect(tLBrace)
	for p.tok != tRBrace && p.tok != tEOF {
		at := p.start
		if p.eat(tSemi) {
			continue
		}
		p.add(l, p.member(), RoleMembers)
		if p.start == at {
			p.unexpected()
			p.next()
		}
	}
	p.scope = outer
	p.expect(tRBrace)
}

// member reads a field, a method, an accessor, a static block or an index
// signature.
func (p *Parser) member() id {
	start := p.start
	var l list
	for p.tok == tAt {
		p.add(&l, p.decorator(), RoleDecorators)
	}
	f, block := p.memberModifiers()
	if block {
		outer := p.enter(0)
		p.expect(tLBrace)
		p.statements(&l, tRBrace, RoleBody)
		p.expect(tRBrace)
		p.scope = outer
		return p.node(StaticBlock, start, l)
	}
	if p.tok == tStar {
		p.next()
		f |= Generator
	}
	if p.tok == tLBracket && p.lang.typed() && p.indexSignature() {
		p.balanced()
		if p.tok == tColon {
			p.next()
			p.add(&l, p.typeNode(), RoleTypeAnnotation)
		}
		p.memberEnd()
		return p.flag(p.node(TSIndexSignature, start, l), f)
	}
	key, computed := p.propertyName()
	p.add(&l, key, RoleKey)
	if computed {
		f |= Computed
	}
	switch {
	case p.tok == tQuestion:
		p.next()
		f |= Optional
	case p.tok == tBang && !p.nl:
		p.next()
		f |= Definite
	}
	if p.tok == tLParen || p.tok == tLess {
		p.add(&l, p.method(f), RoleValue)
		if f&(Getter|Setter) == 0 {
			f |= Method
		}
		return p.flag(p.node(MethodDefinition, start, l), f&^(Async|Generator))
	}
	if p.tok == tColon {
		p.next()
		p.add(&l, p.typeNode(), RoleTypeAnnotation)
	}
	if p.eat(tAssign) {
		outer := p.enter(0)
		p.add(&l, p.assignment(), RoleValue)
		p.scope = outer
	}
	p.memberEnd()
	return p.flag(p.node(PropertyDefinition, start, l), f)
}

func (p *Parser) memberEnd() {
	if p.eat(tSemi) || p.tok == tRBrace || p.tok == tEOF || p.nl || p.tok == tComma && p.eat(tComma) {
		return
	}
	p.unexpected()
	p.resync()
}

// memberModifiers reads the words before a member's name. Each may be the name
// itself, which shows in what follows it.
func (p *Parser) memberModifiers() (f Flags, block bool) {
	for {
		m := modifier(p.tok)
		if m == 0 {
			return f, false
		}
		a := p.peek()
		if m == Static && a.tok == tLBrace {
			p.next()
			return f, true
		}
		if !a.tok.word() && !a.tok.literal() && a.tok != tLBracket && a.tok != tPrivate && a.tok != tStar {
			return f, false
		}
		if a.nl && m&(Static|Getter|Setter) == 0 || a.tok == tStar && m&(Getter|Setter) != 0 {
			return f, false
		}
		f |= m
		p.next()
	}
}

// indexSignature reports whether the current [ opens [key: T] rather than a
// computed name.
func (p *Parser) indexSignature() bool {
	m := p.mark()
	p.trying++
	p.next()
	ok := p.tok.name()
	if ok {
		p.next()
		ok = p.tok == tColon
	}
	p.trying--
	p.back(m)
	return ok
}

// propertyName reads the key of a property or member.
func (p *Parser) propertyName() (key id, computed bool) {
	switch {
	case p.tok.word():
		return p.leaf(Identifier), false
	case p.tok == tString:
		return p.leaf(StringLiteral), false
	case p.tok == tNumber:
		return p.leaf(NumericLiteral), false
	case p.tok == tBigInt:
		return p.leaf(BigIntLiteral), false
	case p.tok == tPrivate:
		return p.leaf(PrivateIdentifier), false
	case p.tok == tLBracket:
		p.next()
		key = p.bracketed()
		p.expect(tRBracket)
		return key, true
	}
	p.unexpected()
	return p.empty(Bad), false
}

// decorator reads @ and its expression: a call of a path of names, or anything in
// parentheses.
func (p *Parser) decorator() id {
	start := p.start
	p.next()
	at := p.start
	return p.one(Decorator, start, p.suffix(p.primary(), at, decorating), RoleExpression)
}

// decorated reads decorators and what they stand before: a class, in a
// declaration or an export.
func (p *Parser) decorated(start int) id {
	var l list
	for p.tok == tAt {
		p.add(&l, p.decorator(), RoleDecorators)
	}
	switch {
	case p.tok == tExport:
		return p.exportStatement(start, l)
	case p.tok == tClass:
		return p.class(start, ClassDeclaration, l, 0)
	case p.lang.typed() && (p.tok == tAbstract || p.tok == tDeclare):
		n := p.wordStatement(p.start)
		if n != 0 {
			p.prepend(n, l)
			return n
		}
	}
	// Half written code: decorators of nothing yet.
	p.unexpected()
	return p.node(ExpressionStatement, start, l)
}
