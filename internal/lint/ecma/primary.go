package ecma

// primary reads an operand without its suffixes.
func (p *Parser) primary() id {
	start := p.start
	switch p.tok {
	case tThis:
		return p.leaf(ThisExpression)
	case tNumber:
		return p.leaf(NumericLiteral)
	case tString:
		return p.leaf(StringLiteral)
	case tTrue, tFalse:
		return p.leaf(BooleanLiteral)
	case tNull:
		return p.leaf(NullLiteral)
	case tSuper:
		return p.leaf(Super)
	case tBigInt:
		return p.leaf(BigIntLiteral)
	case tPrivate: // #x in y
		return p.leaf(PrivateIdentifier)
	case tLParen:
		return p.parenthesized()
	case tLBracket:
		return p.array()
	case tLBrace:
		return p.object()
	case tFunction:
		return p.function(start, FunctionExpression, 0)
	case tClass:
		return p.class(start, ClassExpression, list{}, 0)
	case tNew:
		return p.creation()
	case tImport:
		return p.importing()
	case tTemplate, tTemplateHead:
		return p.template()
	case tSlash, tSlashAssign:
		p.regexp()
		return p.leaf(RegExpLiteral)
	case tLess:
		if p.lang.jsx() {
			return p.jsx(false)
		}
	case tAt:
		var l list
		for p.tok == tAt {
			p.add(&l, p.decorator(), RoleDecorators)
		}
		if p.tok == tClass {
			return p.class(start, ClassExpression, l, 0)
		}
		p.unexpected()
		return p.node(Bad, start, l)
	case tAsync:
		return p.asyncName()
	}
	if p.tok.name() {
		n := p.leaf(Identifier)
		if p.tok == tArrow && !p.nl {
			var l list
			p.add(&l, n, RoleParams)
			return p.arrow(start, l, 0)
		}
		return n
	}
	p.unexpected()
	if p.tok == tBad {
		return p.leaf(Bad)
	}
	return p.empty(Bad)
}

func (p *Parser) array() id {
	start := p.start
	outer := p.scope
	p.noIn, p.branch = false, false
	p.next()
	var l list
	for p.tok != tRBracket && p.tok != tEOF {
		at := p.start
		if p.tok == tComma {
			p.add(&l, p.hole(), RoleElements)
		} else {
			p.add(&l, p.spreadOr(), RoleElements)
		}
		if !p.comma(tRBracket) || p.start == at {
			break
		}
	}
	p.expect(tRBracket)
	p.scope = outer
	return p.node(ArrayExpression, start, l)
}

func (p *Parser) object() id {
	start := p.start
	outer := p.scope
	p.noIn, p.branch = false, false
	p.next()
	var l list
	for p.tok != tRBrace && p.tok != tEOF {
		at := p.start
		p.add(&l, p.property(), RoleProperties)
		if !p.comma(tRBrace) || p.start == at {
			break
		}
	}
	p.expect(tRBrace)
	p.scope = outer
	return p.node(ObjectExpression, start, l)
}

func (p *Parser) property() id {
	start := p.start
	if p.eat(tEllipsis) {
		return p.one(SpreadElement, start, p.assignment(), RoleArgument)
	}
	var f Flags
	if m := modifier(p.tok) & (Async | Getter | Setter); m != 0 {
		a := p.peek()
		switch {
		case m == Async && a.nl:
		case a.tok.word(), a.tok.literal(), a.tok == tLBracket, a.tok == tPrivate, a.tok == tStar && m == Async:
			f = m
			p.next()
		}
	}
	if p.eat(tStar) {
		f |= Generator
	}
	name := p.tok.name()
	key, computed := p.propertyName()
	if computed {
		f |= Computed
	}
	switch {
	case p.tok == tLParen, p.tok == tLess:
		n := p.two(Property, start, key, RoleKey, p.method(f), RoleValue)
		if f&(Getter|Setter) == 0 {
			f |= Method
		}
		return p.flag(n, f&^(Async|Generator))
	case p.tok == tColon:
		p.next()
		return p.flag(p.two(Property, start, key, RoleKey, p.assignment(), RoleValue), f)
	case !name:
		p.expect(tColon)
		return p.flag(p.one(Property, start, key, RoleKey), f)
	}
	// {a = 1} is a pattern, as will turn out at the = or => behind it.
	return p.flag(p.one(Property, start, p.withDefault(start, key), RoleValue), f|Shorthand)
}

// template reads a whole one. The lexer found its first piece.
func (p *Parser) template() id {
	start := p.start
	outer := p.scope
	p.noIn, p.branch = false, false
	var l list
	more := p.tok == tTemplateHead
	for {
		p.add(&l, p.templateElement(more), RoleQuasis)
		p.next()
		if !more {
			break
		}
		p.add(&l, p.expression(), RoleExpressions)
		if p.tok != tRBrace {
			p.expect(tRBrace)
			break
		}
		p.escaped = false
		more = p.templatePart(p.start + 1)
	}
	p.scope = outer
	return p.node(TemplateLiteral, start, l)
}

// templateElement makes a node of the text between the delimiters of a piece.
func (p *Parser) templateElement(more bool) id {
	end := p.end
	switch {
	case more:
		end -= len("${")
	case end-1 > p.start && p.src[end-1] == '`':
		end--
	}
	c := cell{kind: TemplateElement, start: int32(p.start + 1), end: int32(max(end, p.start+1))}
	if p.escaped {
		c.flags = Escaped
	}
	p.cells = append(p.cells, c)
	return id(len(p.cells) - 1)
}
