package ecma

// Types have no tree: only their ends matter here. What brackets hold is skipped
// byte by byte, except while it is unsure whether a type stands here at all.

// typeNode skips a type and makes one node of it.
func (p *Parser) typeNode() id {
	start := p.start
	p.skipType()
	return p.node(Type, start, list{})
}

func (p *Parser) skipType() { p.skipTypeIn(false) }

// skipTypeIn skips a type. In the middle of a conditional one, the part between
// extends and ? holds no other conditional.
func (p *Parser) skipTypeIn(condition bool) {
	if p.deep() {
		p.skipDeep()
		p.shallow()
		return
	}
	defer p.shallow()
	for {
		if p.tok == tOr || p.tok == tAnd {
			p.next()
		}
		for {
			p.skipOperand(condition)
			if p.tok != tOr && p.tok != tAnd {
				break
			}
			p.next()
		}
		if condition || p.tok != tExtends || p.nl {
			return
		}
		p.next()
		p.skipTypeIn(true)
		p.expect(tQuestion)
		p.skipTypeIn(false)
		if !p.expect(tColon) {
			return
		}
	}
}

// skipOperand skips what stands between | and &.
func (p *Parser) skipOperand(condition bool) {
	for p.tok == tKeyof || p.tok == tReadonly || p.tok == tUnique || p.tok == tQuestion && p.trying == 0 {
		p.next()
	}
	switch p.tok {
	case tInfer:
		p.next()
		if p.tok.name() {
			p.next()
			if p.tok == tExtends {
				// A constraint, unless a ? shows that it was a condition.
				p.next()
				p.skipTypeIn(true)
				if !condition && p.eat(tQuestion) {
					p.skipType()
					p.expect(tColon)
					p.skipType()
				}
			}
			return
		}
	case tAsserts:
		if a := p.peek(); (a.tok.name() && a.tok != tIs || a.tok == tThis) && !a.nl {
			p.next()
		}
		p.skipName()
	case tAbstract:
		if p.peek().tok != tNew {
			p.skipName()
			break
		}
		p.next()
		p.next()
		p.skipFunctionType()
		return
	case tNew:
		p.next()
		p.skipFunctionType()
		return
	case tLess, tShl:
		p.skipFunctionType()
		return
	case tLParen:
		if p.skipParens() {
			return
		}
	case tLBrace, tLBracket:
		p.balanced()
	case tMinus:
		p.next()
		p.next()
	case tNumber, tString, tBigInt, tTemplate, tVoid, tNull, tTrue, tFalse, tConst:
		p.next()
	case tTemplateHead:
		p.skipTemplate()
	case tStar: // the existential type of Flow
		p.next()
	case tTypeof:
		p.next()
		if p.tok == tImport {
			p.skipImport()
		} else {
			p.skipName()
		}
	case tImport:
		p.skipImport()
	default:
		if !p.tok.name() && p.tok != tThis {
			p.unexpected()
			return
		}
		if keywordType(p.src[p.start:p.end]) && p.peekLess() {
			p.next()
			return
		}
		p.skipName()
	}
	p.skipPostfix()
}

// keywordType reports whether a name is a type that takes no arguments: a < behind
// it compares, as in x as number < y.
func keywordType(s string) bool {
	switch s {
	case "any", "unknown", "never", "object", "string", "number", "bigint", "boolean", "symbol", "undefined":
		return true
	}
	return false
}

// peekLess reports whether < stands behind the current token, in a cheap way that
// may miss it behind a comment.
func (p *Parser) peekLess() bool {
	i := p.end
	for i < len(p.src) && p.src[i] == ' ' {
		i++
	}
	return i < len(p.src) && p.src[i] == '<'
}

// skipPostfix skips T[], T[K], and the rest of x is T.
func (p *Parser) skipPostfix() {
	for !p.nl {
		switch {
		case p.tok == tLBracket && p.trying == 0:
			p.balanced()
		case p.tok == tLBracket:
			p.next()
			if p.tok != tRBracket {
				p.skipType()
			}
			if !p.expect(tRBracket) {
				return
			}
		case p.tok == tIs:
			p.next()
			p.skipType()
			return
		default:
			return
		}
	}
}

// skipName skips a.b.c<T>.
func (p *Parser) skipName() {
	if p.tok.word() {
		p.next()
	} else {
		p.unexpected()
	}
	p.skipNameRest()
}

func (p *Parser) skipNameRest() {
	for p.tok == tDot {
		p.next()
		if !p.tok.word() && p.tok != tPrivate {
			p.unexpected()
			return
		}
		p.next()
	}
	if (p.tok == tLess || p.tok == tShl) && !p.nl {
		p.skipTypeArguments()
	}
}

func (p *Parser) skipImport() {
	p.next()
	if p.tok == tLParen {
		p.balanced()
	}
	p.skipNameRest()
}

// skipFunctionType skips <T>(a: B) => C, new being behind us.
func (p *Parser) skipFunctionType() {
	if p.tok == tLess || p.tok == tShl {
		p.skipTypeParameters()
	}
	if p.tok == tLParen {
		p.balanced()
	} else {
		p.expect(tLParen)
	}
	if p.expect(tArrow) {
		p.skipType()
	}
}

// skipParens skips a type in parentheses, or a function type, which it reports:
// nothing can follow it.
func (p *Parser) skipParens() (function bool) {
	m := p.mark()
	p.balanced()
	if p.tok == tArrow {
		p.next()
		p.skipType()
		return true
	}
	if p.trying > 0 {
		// Unsure whether this is a type: what is inside must be one as well.
		p.fuel -= p.end - m.start
		p.back(m)
		if p.fuel <= 0 {
			p.unexpected()
			return false
		}
		p.next()
		p.skipType()
		p.expect(tRParen)
	}
	return false
}

// skipTemplate skips a template literal type from its first piece on.
func (p *Parser) skipTemplate() {
	for more := true; more; {
		p.next()
		p.skipType()
		if p.tok != tRBrace {
			p.expect(tRBrace)
			return
		}
		more = p.templatePart(p.start + 1)
	}
	p.next()
}
