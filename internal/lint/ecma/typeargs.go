package ecma

// splitShift reads << as <, where a list of types opens with a generic function
// type.
func (p *Parser) splitShift() {
	if p.tok == tShl {
		p.tok = tLess
		p.end = p.start + 1
	}
}

// skipTypeArguments skips <A, B>. The > is left to expect, so that a missing one
// is blamed.
func (p *Parser) skipTypeArguments() {
	p.splitShift()
	p.next()
	p.skipTypeList()
	p.expect(tGreater)
}

func (p *Parser) skipTypeList() {
	for p.tok != tGreater && p.tok != tEOF {
		at := p.start
		p.skipType()
		if p.tok != tComma || p.start == at {
			return
		}
		p.next()
	}
}

// skipTypeParameters skips <const T extends U = V, in out W>. It takes arguments
// as well: where both are possible, it is not known yet which they are.
func (p *Parser) skipTypeParameters() {
	p.splitShift()
	p.next()
	for p.tok != tGreater && p.tok != tEOF {
		at := p.start
		for p.tok == tConst || p.tok == tIn || p.tok == tOut && p.peek().tok.name() {
			p.next()
		}
		p.skipTypeIn(true)
		if p.eat(tExtends) {
			p.skipTypeIn(false)
			if p.eat(tQuestion) {
				p.skipType()
				p.expect(tColon)
				p.skipType()
			}
		}
		if p.eat(tAssign) {
			p.skipType()
		}
		if p.tok != tComma || p.start == at {
			break
		}
		p.next()
	}
	p.expect(tGreater)
}

// typeArguments reads <A, B> as one node, where nothing else can be meant.
func (p *Parser) typeArguments() id {
	start := p.start
	p.skipTypeArguments()
	return p.node(Type, start, list{})
}

// tryTypeArguments reads f<T>, unless a comparison is meant: the rules are those of
// the TypeScript compiler, which goes by the token behind the >.
func (p *Parser) tryTypeArguments(s setting) (n id) {
	p.attempt(func(p *Parser) bool {
		start, broken := p.start, p.broken
		p.splitShift()
		p.next()
		if p.tok == tGreater {
			return false
		}
		p.skipTypeList()
		if p.tok != tGreater || p.broken != broken {
			return false
		}
		if p.end < len(p.src) && (p.src[p.end] == '>' || p.src[p.end] == '=') {
			return false
		}
		p.next()
		if !p.endsTypeArguments(s) {
			return false
		}
		n = p.node(Type, start, list{})
		return true
	})
	return n
}

func (p *Parser) endsTypeArguments(s setting) bool {
	switch p.tok {
	case tLParen, tTemplate, tTemplateHead:
		return true
	case tLess, tGreater, tPlus, tMinus:
		return false
	}
	if s == extended {
		return false
	}
	return p.nl || precedence[p.tok] > 0 || !p.startsExpression()
}
