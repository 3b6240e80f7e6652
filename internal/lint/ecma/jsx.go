package ecma

import "strings"

// jsx reads an element or a fragment from its <. A child leaves its last > as the
// current token: what follows it is text, and not for next to read.
func (p *Parser) jsx(child bool) id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	defer p.shallow()
	start := p.start
	p.next()
	var l list
	kind := JSXFragment
	if p.tok != tGreater {
		kind = JSXElement
		p.add(&l, p.jsxName(), RoleID)
		if p.tok == tLess || p.tok == tShl {
			p.add(&l, p.typeArguments(), RoleTypeArguments)
		}
		p.jsxAttributes(&l)
	}
	closed := false
	if p.tok == tSlash {
		p.next()
	} else if p.tok == tGreater {
		p.jsxChildren(&l)
	}
	end := p.last
	if p.tok == tGreater {
		closed, end = true, p.end
	} else {
		p.expect(tGreater)
	}
	if closed && !child {
		p.next()
	}
	return p.reach(p.node(kind, start, l), end)
}

// jsxName reads a, a-b, a:b or a.b as one node.
func (p *Parser) jsxName() id {
	start := p.start
	if !p.tok.word() {
		p.unexpected()
		return p.empty(JSXName)
	}
	for {
		for p.end < len(p.src) && (p.src[p.end] == '-' || classes[p.src[p.end]] != 0) {
			p.end++
		}
		p.next()
		if p.tok != tColon && p.tok != tDot {
			break
		}
		p.next()
		if !p.tok.word() {
			p.unexpected()
			break
		}
	}
	return p.node(JSXName, start, list{})
}

func (p *Parser) jsxAttributes(l *list) {
	for p.tok.word() || p.tok == tLBrace {
		start := p.start
		if p.tok == tLBrace {
			p.next()
			p.expect(tEllipsis)
			x := p.bracketed()
			p.expect(tRBrace)
			p.add(l, p.one(JSXSpreadAttribute, start, x, RoleArgument), RoleAttributes)
			continue
		}
		var a list
		p.add(&a, p.jsxName(), RoleID)
		if p.tok == tAssign {
			p.add(&a, p.jsxValue(), RoleValue)
		}
		p.add(l, p.node(JSXAttribute, start, a), RoleAttributes)
	}
}

// jsxValue reads what stands behind the = of an attribute. Strings have no escapes
// there, and may run over lines.
func (p *Parser) jsxValue() id {
	i := p.end
	for i < len(p.src) && strings.IndexByte(" \t\r\n", p.src[i]) >= 0 {
		i++
	}
	if i < len(p.src) && (p.src[i] == '"' || p.src[i] == '\'') {
		end := strings.IndexByte(p.src[i+1:], p.src[i])
		if end < 0 {
			p.errorAt(i, "unfinished string")
			end = len(p.src) - i - 2
		}
		p.tok, p.start, p.end, p.escaped = tString, i, i+1+end+1, false
		return p.leaf(StringLiteral)
	}
	p.next()
	switch p.tok {
	case tLBrace:
		start := p.start
		p.next()
		var x id
		if p.tok != tRBrace {
			x = p.bracketedExpression()
		}
		p.expect(tRBrace)
		return p.one(JSXExpressionContainer, start, x, RoleExpression)
	case tLess:
		return p.jsx(false)
	}
	p.unexpected()
	return p.empty(Bad)
}

// jsxChildren reads from behind the > of an opening tag up to the > of the closing
// one, which becomes the current token.
func (p *Parser) jsxChildren(l *list) {
	for {
		at := p.end
		n := strings.IndexAny(p.src[at:], "<{")
		if n < 0 {
			p.errorAt(at, "unfinished element")
			p.end = len(p.src)
			p.next()
			return
		}
		if n > 0 {
			p.cells = append(p.cells, cell{kind: JSXText, start: int32(at), end: int32(at + n)})
			p.add(l, id(len(p.cells)-1), RoleChildren)
			p.end = at + n
		}
		p.tok = tComma // no line of a text opens an HTML comment
		p.nextSign()
		if p.tok == tLBrace {
			if !p.jsxContainer(l) {
				return
			}
			continue
		}
		if p.peek().tok == tSlash {
			p.next()
			p.next()
			if p.tok != tGreater {
				p.drop(p.jsxName())
			}
			return
		}
		p.add(l, p.jsx(true), RoleChildren)
		if p.tok != tGreater {
			return
		}
	}
}

// nextSign takes the < or { that is known to follow.
func (p *Parser) nextSign() {
	p.last = p.end
	p.nl, p.escaped = false, false
	p.start = p.end
	p.end++
	p.tok = tLess
	if p.src[p.start] == '{' {
		p.tok = tLBrace
	}
}

// jsxContainer reads {x}, {...x} or {} among children, and leaves its } as the
// current token. It answers false if there is none.
func (p *Parser) jsxContainer(l *list) bool {
	start := p.start
	p.next()
	kind := JSXExpressionContainer
	if p.eat(tEllipsis) {
		kind = JSXSpreadChild
	}
	var x id
	if p.tok != tRBrace {
		x = p.bracketedExpression()
	}
	if p.tok != tRBrace {
		p.expect(tRBrace)
		p.add(l, p.one(kind, start, x, RoleExpression), RoleChildren)
		return false
	}
	p.add(l, p.reach(p.one(kind, start, x, RoleExpression), p.end), RoleChildren)
	return true
}
