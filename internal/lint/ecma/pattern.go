package ecma

// binding reads what a variable, a parameter or a catch declares: a name or a
// pattern, and its type.
func (p *Parser) binding() id {
	n := p.target()
	if p.lang.typed() && p.tok == tBang && !p.nl {
		p.next()
		p.flag(n, Definite)
	}
	p.annotate(n)
	return n
}

// annotate reads : T behind a name or a pattern, in every language: where no
// conditional can be meant, Flow is welcome as well.
func (p *Parser) annotate(n id) {
	if p.tok == tColon {
		p.next()
		p.append(n, p.typeNode(), RoleTypeAnnotation)
	}
}

// target reads a name or a pattern without its type.
func (p *Parser) target() id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	defer p.shallow()
	start := p.start
	switch {
	case p.tok.name(), p.tok == tThis:
		return p.leaf(Identifier)
	case p.tok == tLBracket:
		p.next()
		var l list
		for p.tok != tRBracket && p.tok != tEOF {
			at := p.start
			if p.tok == tComma {
				p.add(&l, p.hole(), RoleElements)
			} else {
				p.add(&l, p.element(), RoleElements)
			}
			if !p.comma(tRBracket) || p.start == at {
				break
			}
		}
		p.expect(tRBracket)
		return p.node(ArrayPattern, start, l)
	case p.tok == tLBrace:
		p.next()
		var l list
		for p.tok != tRBrace && p.tok != tEOF {
			at := p.start
			p.add(&l, p.propertyPattern(), RoleProperties)
			if !p.comma(tRBrace) || p.start == at {
				break
			}
		}
		p.expect(tRBrace)
		return p.node(ObjectPattern, start, l)
	case p.tok.word() && p.peek().tok != tLParen:
		// A reserved word where a name must stand: half written code.
		p.unexpected()
	default:
		p.unexpected()
	}
	return p.empty(Bad)
}

// empty makes a node of no text, before the current token.
func (p *Parser) empty(k Kind) id {
	p.cells = append(p.cells, cell{kind: k, start: int32(p.start), end: int32(p.start)})
	return id(len(p.cells) - 1)
}

func (p *Parser) hole() id { return p.empty(Hole) }

// element reads a target with its default, or the rest.
func (p *Parser) element() id {
	start := p.start
	if p.eat(tEllipsis) {
		return p.one(RestElement, start, p.target(), RoleArgument)
	}
	return p.withDefault(start, p.target())
}

func (p *Parser) withDefault(start int, left id) id {
	if !p.eat(tAssign) {
		return left
	}
	return p.two(AssignmentPattern, start, left, RoleLeft, p.bracketed(), RoleRight)
}

// propertyPattern reads a, a = b, a: b, a: b = c, [a]: b or ...a.
func (p *Parser) propertyPattern() id {
	start := p.start
	if p.eat(tEllipsis) {
		return p.one(RestElement, start, p.target(), RoleArgument)
	}
	name := p.tok.name()
	key, computed := p.propertyName()
	if p.eat(tColon) {
		n := p.two(Property, start, key, RoleKey, p.element(), RoleValue)
		return p.flagIf(n, Computed, computed)
	}
	if !name {
		p.unexpected()
		return p.flagIf(p.one(Property, start, key, RoleKey), Computed, computed)
	}
	return p.flag(p.one(Property, start, p.withDefault(start, key), RoleValue), Shorthand)
}

// pattern turns an expression that was read into the pattern that it turned out
// to be: what stands before = or =>, or in the head of a loop.
func (p *Parser) pattern(n id) {
	c := &p.cells[n]
	switch c.kind {
	case ObjectExpression:
		c.kind = ObjectPattern
		for k := c.first; k != 0; k = p.cells[k].link {
			if p.cells[k].kind != Property {
				p.pattern(k)
				continue
			}
			for v := p.cells[k].first; v != 0; v = p.cells[v].link {
				if p.cells[v].role == RoleValue {
					p.pattern(v)
				}
			}
		}
	case ArrayExpression:
		c.kind = ArrayPattern
		for k := c.first; k != 0; k = p.cells[k].link {
			p.pattern(k)
		}
	case AssignmentExpression:
		if c.op == tAssign {
			c.kind, c.op = AssignmentPattern, 0
			p.pattern(c.first)
		}
	case SpreadElement:
		c.kind = RestElement
		p.pattern(c.first)
	}
}
