package ecma

// importStatement reads import in all its forms. Two of them are expressions.
func (p *Parser) importStatement() id {
	if a := p.peek(); a.tok == tLParen || a.tok == tDot {
		return p.expressionStatement()
	}
	start := p.start
	p.module = true
	p.next()
	var l list
	f := p.importPhase()
	if p.tok == tString {
		p.source(&l)
		return p.flag(p.node(ImportDeclaration, start, l), f)
	}
	if p.tok.name() {
		at := p.start
		name := p.leaf(Identifier)
		if p.tok == tAssign {
			return p.importEquals(start, name, f)
		}
		p.add(&l, p.one(ImportDefaultSpecifier, at, name, RoleLocal), RoleSpecifiers)
		p.eat(tComma)
	}
	switch p.tok {
	case tStar:
		at := p.start
		p.next()
		p.expect(tAs)
		p.add(&l, p.one(ImportNamespaceSpecifier, at, p.target(), RoleLocal), RoleSpecifiers)
	case tLBrace:
		p.specifiers(&l, ImportSpecifier)
	}
	p.expect(tFrom)
	p.source(&l)
	return p.flag(p.node(ImportDeclaration, start, l), f)
}

// importPhase takes the type, defer or source of an import, which may also be the
// name that is imported.
func (p *Parser) importPhase() Flags {
	if !p.tok.name() {
		return 0
	}
	word := p.src[p.start:p.end]
	if word != "type" && word != "defer" && word != "source" && word != "typeof" {
		return 0
	}
	m := p.mark()
	p.trying++
	p.next()
	is := p.tok == tLBrace || p.tok == tStar || p.tok.name() && p.tok != tFrom
	if p.tok == tFrom {
		p.next()
		is = p.tok == tFrom || p.tok == tAssign
	}
	p.trying--
	p.back(m)
	if !is {
		return 0
	}
	p.next()
	if word == "type" {
		return TypeOnly
	}
	return 0
}

// importEquals reads what follows import a: = require("b"), or = c.d.
func (p *Parser) importEquals(start int, name id, f Flags) id {
	p.next()
	var l list
	p.add(&l, name, RoleID)
	at := p.start
	if p.tok == tRequire && p.peek().tok == tLParen {
		p.next()
		p.next()
		x := p.assignment()
		p.expect(tRParen)
		p.add(&l, p.one(TSExternalModuleReference, at, x, RoleExpression), RoleReference)
	} else {
		p.add(&l, p.dotted(), RoleReference)
	}
	p.semicolon()
	return p.flag(p.node(TSImportEqualsDeclaration, start, l), f)
}

// dotted reads a.b.c.
func (p *Parser) dotted() id {
	start := p.start
	n := p.target()
	for p.eat(tDot) {
		n = p.two(MemberExpression, start, n, RoleObject, p.memberName(), RoleProperty)
	}
	return n
}

// source reads the name of a module, its attributes, and the end of the statement.
func (p *Parser) source(l *list) {
	if p.tok == tString {
		p.add(l, p.leaf(StringLiteral), RoleSource)
	} else {
		p.expect(tString)
	}
	if p.tok == tWith || p.tok == tIdent && !p.nl && p.src[p.start:p.end] == "assert" {
		p.next()
		p.expect(tLBrace)
		for p.tok != tRBrace && p.tok != tEOF {
			at := p.start
			key, computed := p.propertyName()
			p.expect(tColon)
			n := p.two(ImportAttribute, at, key, RoleKey, p.assignment(), RoleValue)
			p.add(l, p.flagIf(n, Computed, computed), RoleAttributes)
			if !p.comma(tRBrace) || p.start == at {
				break
			}
		}
		p.expect(tRBrace)
	}
	p.semicolon()
}

// specifiers reads {a, b as c, "d" as e, type f} of an import or export.
func (p *Parser) specifiers(l *list, k Kind) {
	p.next()
	for p.tok != tRBrace && p.tok != tEOF {
		at := p.start
		p.add(l, p.specifier(k), RoleSpecifiers)
		if !p.comma(tRBrace) || p.start == at {
			break
		}
	}
	p.expect(tRBrace)
}

func (p *Parser) specifier(k Kind) id {
	start := p.start
	f := p.specifierType()
	first := p.moduleName()
	inner, outer := RoleLocal, RoleExported
	if k == ImportSpecifier {
		inner, outer = RoleImported, RoleLocal
	}
	if p.tok == tAs {
		p.next()
		return p.flag(p.two(k, start, first, inner, p.moduleName(), outer), f)
	}
	return p.flag(p.one(k, start, first, RoleLocal), f)
}

// specifierType takes the type of {type a}. In {type}, {type as b} and
// {type as as b} the word is a name; in {type as} and {type as as} it is not.
func (p *Parser) specifierType() Flags {
	if p.tok != tType {
		return 0
	}
	m := p.mark()
	p.trying++
	p.next()
	is := p.tok.word() || p.tok == tString
	if p.tok == tAs {
		p.next()
		is = !p.tok.word()
		if p.tok == tAs {
			p.next()
			is = p.tok.word()
		}
	}
	p.trying--
	p.back(m)
	if !is {
		return 0
	}
	p.next()
	return TypeOnly
}

// moduleName reads a name that modules pass on: any word, or a string.
func (p *Parser) moduleName() id {
	switch {
	case p.tok.word():
		return p.leaf(Identifier)
	case p.tok == tString:
		return p.leaf(StringLiteral)
	}
	p.unexpected()
	return p.empty(Bad)
}

// exportStatement reads export in all its forms. Decorators may stand before it:
// they are those of the class that it exports.
func (p *Parser) exportStatement(start int, decorators list) id {
	n := p.export(start, &decorators)
	p.prepend(n, decorators) // of no class, by mistake
	return n
}

func (p *Parser) export(start int, decorators *list) id {
	p.module = true
	p.next()
	switch p.tok {
	case tDefault:
		return p.exportDefault(start, decorators)
	case tStar:
		return p.exportAll(start, 0)
	case tLBrace:
		return p.exportNames(start, 0)
	case tAssign:
		p.next()
		x := p.expression()
		p.semicolon()
		return p.one(TSExportAssignment, start, x, RoleExpression)
	case tAs:
		p.next()
		p.eat(tNamespace)
		n := p.target()
		p.semicolon()
		return p.one(TSNamespaceExportDeclaration, start, n, RoleID)
	case tType:
		switch p.peek().tok {
		case tStar:
			p.next()
			return p.exportAll(start, TypeOnly)
		case tLBrace:
			p.next()
			return p.exportNames(start, TypeOnly)
		}
	case tImport:
		return p.one(ExportNamedDeclaration, start, p.importStatement(), RoleDeclaration)
	}
	d := p.statement()
	p.prepend(d, *decorators)
	*decorators = list{}
	return p.one(ExportNamedDeclaration, start, d, RoleDeclaration)
}

func (p *Parser) exportDefault(start int, decorators *list) id {
	p.next()
	var d id
	switch {
	case p.tok == tFunction, p.tok == tAsync && p.peek().tok == tFunction, p.tok == tClass, p.tok == tAt,
		p.lang.typed() && (p.tok == tAbstract || p.tok == tInterface) && p.peek().tok.word() && !p.peek().nl:
		d = p.statement()
		p.prepend(d, *decorators)
		*decorators = list{}
	default:
		d = p.assignment()
		p.semicolon()
	}
	return p.one(ExportDefaultDeclaration, start, d, RoleDeclaration)
}

func (p *Parser) exportAll(start int, f Flags) id {
	p.next()
	var l list
	if p.eat(tAs) {
		p.add(&l, p.moduleName(), RoleExported)
	}
	p.expect(tFrom)
	p.source(&l)
	return p.flag(p.node(ExportAllDeclaration, start, l), f)
}

func (p *Parser) exportNames(start int, f Flags) id {
	var l list
	p.specifiers(&l, ExportSpecifier)
	if p.eat(tFrom) {
		p.source(&l)
	} else {
		p.semicolon()
	}
	return p.flag(p.node(ExportNamedDeclaration, start, l), f)
}
