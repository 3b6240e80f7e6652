package ecma

import "unicode/utf8"

// sign reads a token that does not begin with a letter.
func (p *Parser) sign(c byte, i int) {
	var c1, c2 byte
	if i+1 < len(p.src) {
		c1 = p.src[i+1]
		if i+2 < len(p.src) {
			c2 = p.src[i+2]
		}
	}
	tok, size := tBad, 1
	switch c {
	case '(':
		tok = tLParen
	case ')':
		tok = tRParen
	case '{':
		tok = tLBrace
	case '}':
		tok = tRBrace
	case '[':
		tok = tLBracket
	case ']':
		tok = tRBracket
	case ';':
		tok = tSemi
	case ',':
		tok = tComma
	case ':':
		tok = tColon
	case '~':
		tok = tTilde
	case '@':
		tok = tAt
	case '>': // the parser joins it with what follows, where no type ends here
		tok = tGreater
	case '.':
		switch {
		case c1 >= '0' && c1 <= '9':
			p.number(i)
			return
		case c1 == '.' && c2 == '.':
			tok, size = tEllipsis, 3
		default:
			tok = tDot
		}
	case '=':
		switch {
		case c1 == '>':
			tok, size = tArrow, 2
		case c1 == '=' && c2 == '=':
			tok, size = tSame, 3
		case c1 == '=':
			tok, size = tEqual, 2
		default:
			tok = tAssign
		}
	case '!':
		switch {
		case c1 == '=' && c2 == '=':
			tok, size = tNotSame, 3
		case c1 == '=':
			tok, size = tNotEqual, 2
		default:
			tok = tBang
		}
	case '?':
		switch {
		case c1 == '.' && (c2 < '0' || c2 > '9'):
			tok, size = tQuestionDot, 2
		case c1 == '?' && c2 == '=':
			tok, size = tNullishAssign, 3
		case c1 == '?':
			tok, size = tNullish, 2
		default:
			tok = tQuestion
		}
	case '+':
		tok, size = doubled(c, c1, tPlus, tPlusPlus, tPlusAssign)
	case '-':
		tok, size = doubled(c, c1, tMinus, tMinusMinus, tMinusAssign)
	case '&':
		tok, size = logical(c, c1, c2, tAnd, tAndAnd, tAndAssign, tAndAndAssign)
	case '|':
		tok, size = logical(c, c1, c2, tOr, tOrOr, tOrAssign, tOrOrAssign)
	case '*':
		tok, size = logical(c, c1, c2, tStar, tPower, tStarAssign, tPowerAssign)
	case '/':
		tok, size = doubled(0, c1, tSlash, tBad, tSlashAssign)
	case '%':
		tok, size = doubled(0, c1, tPercent, tBad, tPercentAssign)
	case '^':
		tok, size = doubled(0, c1, tXor, tBad, tXorAssign)
	case '<':
		switch {
		case c1 == '<' && c2 == '=':
			tok, size = tShlAssign, 3
		case c1 == '<':
			tok, size = tShl, 2
		case c1 == '=':
			tok, size = tLessEqual, 2
		default:
			tok = tLess
		}
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		p.number(i)
		return
	case '\'', '"':
		p.tok = tString
		p.end = p.stringEnd(i)
		return
	case '`':
		p.tok = tTemplate
		if p.templatePart(i + 1) {
			p.tok = tTemplateHead
		}
		return
	case '#':
		p.oddName(i + 1)
		if p.tok = tPrivate; p.end == i+1 {
			p.tok = tBad
		}
		return
	default:
		p.oddName(i)
		if p.end > i {
			return
		}
		if c >= utf8.RuneSelf {
			_, size = utf8.DecodeRuneInString(p.src[i:])
		}
	}
	p.tok, p.end = tok, i+size
}

// doubled reads an operator that may stand twice or before =.
func doubled(c, c1 byte, one, two, assign token) (token, int) {
	switch {
	case c1 == c && c != 0:
		return two, 2
	case c1 == '=':
		return assign, 2
	}
	return one, 1
}

// logical reads an operator that may stand twice, and before = both once and twice.
func logical(c, c1, c2 byte, one, two, assign, twoAssign token) (token, int) {
	switch {
	case c1 == c && c2 == '=':
		return twoAssign, 3
	case c1 == c:
		return two, 2
	case c1 == '=':
		return assign, 2
	}
	return one, 1
}

// greater joins a > with what follows it into an operator. The lexer never does,
// because in types each > closes one list: Array<Array<T>>.
func (p *Parser) greater() {
	rest := p.src[p.end:]
	n := 0
	for n < 2 && n < len(rest) && rest[n] == '>' {
		n++
	}
	assign := n < len(rest) && rest[n] == '='
	switch {
	case n == 0 && assign:
		p.tok = tGreaterEqual
	case n == 1 && assign:
		p.tok = tShrAssign
	case n == 1:
		p.tok = tShr
	case n == 2 && assign:
		p.tok = tUshrAssign
	case n == 2:
		p.tok = tUshr
	}
	p.end += n
	if assign {
		p.end++
	}
}
