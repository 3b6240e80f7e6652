package ecma

// A setting says which suffixes an operand may have where it stands.
type setting uint8

const (
	anywhere   setting = iota
	created            // behind new: the first arguments are those of new
	extended           // behind extends: type arguments belong to the class
	decorating         // behind @: brackets begin the name of a member
)

// suffix goes on after an operand with members, calls, templates and the !, <T>
// of TypeScript.
func (p *Parser) suffix(n id, start int, s setting) id {
	if p.bareArrow(n) {
		return n
	}
	for row := 1; ; row++ {
		p.chain = max(p.chain, row)
		switch p.tok {
		case tDot:
			p.next()
			n = p.two(MemberExpression, start, n, RoleObject, p.memberName(), RoleProperty)
		case tQuestionDot:
			p.next()
			n = p.optional(n, start)
		case tLBracket:
			if s == decorating {
				return n
			}
			n = p.index(n, start, Computed)
		case tLParen:
			if s == created {
				return n
			}
			n = p.call(n, start, 0)
		case tTemplate, tTemplateHead:
			n = p.two(TaggedTemplateExpression, start, n, RoleTag, p.template(), RoleQuasi)
		case tBang:
			if p.nl || !p.lang.typed() {
				return n
			}
			p.next()
			n = p.one(TSNonNullExpression, start, n, RoleExpression)
		case tLess, tShl:
			if s == created || !p.lang.typed() {
				return n
			}
			args := p.tryTypeArguments(s)
			if args == 0 {
				return n
			}
			switch p.tok {
			case tLParen:
				n = p.call(n, start, args)
			case tTemplate, tTemplateHead:
				var l list
				p.add(&l, n, RoleTag)
				p.add(&l, args, RoleTypeArguments)
				p.add(&l, p.template(), RoleQuasi)
				n = p.node(TaggedTemplateExpression, start, l)
			default:
				n = p.two(TSInstantiationExpression, start, n, RoleExpression, args, RoleTypeArguments)
			}
		default:
			return n
		}
	}
}

// memberName reads what may stand behind a dot.
func (p *Parser) memberName() id {
	switch {
	case p.tok.word():
		return p.leaf(Identifier)
	case p.tok == tPrivate:
		return p.leaf(PrivateIdentifier)
	}
	p.unexpected()
	return p.empty(Bad)
}

// optional reads what stands behind ?. and marks it.
func (p *Parser) optional(n id, start int) id {
	switch p.tok {
	case tLParen:
		return p.flag(p.call(n, start, 0), Optional)
	case tLBracket:
		return p.index(n, start, Computed|Optional)
	case tLess, tShl:
		if p.lang.typed() {
			args := p.typeArguments()
			if p.tok == tLParen {
				return p.flag(p.call(n, start, args), Optional)
			}
			n = p.two(TSInstantiationExpression, start, n, RoleExpression, args, RoleTypeArguments) // a?.<T>b: no program
		}
	}
	return p.flag(p.two(MemberExpression, start, n, RoleObject, p.memberName(), RoleProperty), Optional)
}

func (p *Parser) index(n id, start int, f Flags) id {
	p.next()
	key := p.bracketedExpression()
	p.expect(tRBracket)
	return p.flag(p.two(MemberExpression, start, n, RoleObject, key, RoleProperty), f)
}

func (p *Parser) call(callee id, start int, typeArgs id) id {
	var l list
	p.add(&l, callee, RoleCallee)
	p.add(&l, typeArgs, RoleTypeArguments)
	p.arguments(&l)
	return p.node(CallExpression, start, l)
}

// arguments reads a list in parentheses.
func (p *Parser) arguments(l *list) {
	outer := p.scope
	p.noIn, p.branch = false, false
	p.expect(tLParen)
	for p.tok != tRParen && p.tok != tEOF {
		at := p.start
		p.add(l, p.spreadOr(), RoleArguments)
		if !p.comma(tRParen) || p.start == at {
			break
		}
	}
	p.expect(tRParen)
	p.scope = outer
}

// spreadOr reads an argument or an element.
func (p *Parser) spreadOr() id {
	start := p.start
	if p.eat(tEllipsis) {
		return p.one(SpreadElement, start, p.assignment(), RoleArgument)
	}
	return p.assignment()
}

// creation reads new, or new.target.
func (p *Parser) creation() id {
	if p.deep() {
		defer p.shallow()
		return p.tooDeep()
	}
	defer p.shallow()
	start := p.start
	p.next()
	if p.eat(tDot) {
		return p.one(MetaProperty, start, p.memberName(), RoleProperty)
	}
	at := p.start
	var l list
	p.add(&l, p.suffix(p.primary(), at, created), RoleCallee)
	if (p.tok == tLess || p.tok == tShl) && p.lang.typed() {
		p.add(&l, p.tryTypeArguments(created), RoleTypeArguments)
	}
	if p.tok == tLParen {
		p.arguments(&l)
	}
	return p.node(NewExpression, start, l)
}

// importing reads import(x), import.meta, and import.defer(x).
func (p *Parser) importing() id {
	start := p.start
	p.next()
	if p.eat(tDot) {
		name := p.memberName()
		if p.tok != tLParen {
			return p.one(MetaProperty, start, name, RoleProperty)
		}
		p.drop(name)
	}
	var l list
	p.arguments(&l)
	return p.node(ImportExpression, start, l)
}
