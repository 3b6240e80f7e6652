package ecma

// typedStatement reads the declarations that TypeScript alone has. Their words are
// names as well, so what follows on the same line decides: two names side by side
// mean nothing else, and in a script that is Flow.
func (p *Parser) typedStatement(start int) id {
	switch p.tok {
	case tAbstract, tDeclare, tGlobal, tInterface, tModule, tNamespace, tType:
	default:
		return 0
	}
	a := p.peek()
	if a.nl {
		return 0
	}
	switch p.tok {
	case tInterface:
		if a.tok.name() {
			return p.interfaceOf(start)
		}
	case tType:
		if a.tok.name() {
			return p.alias(start)
		}
	case tModule, tNamespace:
		if a.tok.name() || a.tok == tString && p.tok == tModule {
			p.next()
			return p.namespace(start)
		}
	case tGlobal:
		if a.tok == tLBrace {
			return p.namespace(start)
		}
	case tAbstract:
		if a.tok == tClass {
			p.next()
			return p.class(start, ClassDeclaration, list{}, Abstract)
		}
	case tDeclare:
		if a.tok.word() && a.tok != tIn && a.tok != tInstanceof && a.tok != tAs {
			p.next()
			n := p.statement()
			p.cells[n].start = int32(start)
			return p.flag(n, Declare)
		}
	}
	return 0
}

func (p *Parser) interfaceOf(start int) id {
	p.next()
	var l list
	p.add(&l, p.leaf(Identifier), RoleID)
	if p.tok == tLess {
		p.skipTypeParameters()
	}
	if p.eat(tExtends) {
		p.skipType()
		for p.eat(tComma) {
			p.skipType()
		}
	}
	if p.tok == tLBrace {
		p.balanced()
	} else {
		p.expect(tLBrace)
	}
	return p.node(TSInterfaceDeclaration, start, l)
}

func (p *Parser) alias(start int) id {
	p.next()
	var l list
	p.add(&l, p.leaf(Identifier), RoleID)
	if p.tok == tLess {
		p.skipTypeParameters()
	}
	p.expect(tAssign)
	p.add(&l, p.typeNode(), RoleTypeAnnotation)
	p.semicolon()
	return p.node(TSTypeAliasDeclaration, start, l)
}

// namespace reads one from its name on.
func (p *Parser) namespace(start int) id {
	var l list
	if p.tok == tString {
		p.add(&l, p.leaf(StringLiteral), RoleID)
	} else {
		p.add(&l, p.dotted(), RoleID)
	}
	if p.tok == tLBrace {
		p.add(&l, p.block(), RoleBody)
	} else {
		p.semicolon()
	}
	return p.node(TSModuleDeclaration, start, l)
}

// enum reads one whose current token is the word itself.
func (p *Parser) enum(start int, f Flags) id {
	p.next()
	var l list
	p.add(&l, p.target(), RoleID)
	p.expect(tLBrace)
	for p.tok != tRBrace && p.tok != tEOF {
		at := p.start
		key, computed := p.propertyName()
		var m list
		p.add(&m, key, RoleID)
		if p.eat(tAssign) {
			p.add(&m, p.bracketed(), RoleInit)
		}
		p.add(&l, p.flagIf(p.node(TSEnumMember, at, m), Computed, computed), RoleMembers)
		if !p.comma(tRBrace) || p.start == at {
			break
		}
	}
	p.expect(tRBrace)
	return p.flag(p.node(TSEnumDeclaration, start, l), f)
}
