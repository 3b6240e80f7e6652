package ecma

// balanced skips from the current bracket to the one that closes it, looking at
// nothing but brackets, strings and comments.
func (p *Parser) balanced() {
	if !p.open {
		comments := len(p.comments)
		if end := p.closing(p.start); end > 0 {
			p.end = end
			p.next()
			return
		}
		p.comments = p.comments[:comments]
		p.open = true
		p.errorAt(p.start, "unclosed "+spelling[p.tok])
	}
	p.next()
}

// closing finds the end of the bracket at i, or 0.
func (p *Parser) closing(i int) int {
	src, depth := p.src, 0
	for i < len(src) {
		switch src[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '\'', '"':
			i = p.stringEnd(i)
			continue
		case '`':
			// Its ${ and } are brackets like others; what a template of types holds
			// beside them is text that may hold any.
			i = templateEnd(src, i)
			continue
		case '/':
			if i+1 < len(src) && src[i+1] == '/' {
				i = p.lineComment(i)
				continue
			}
			if i+1 < len(src) && src[i+1] == '*' {
				i = p.blockComment(i)
				continue
			}
		}
		i++
	}
	return 0
}

// templateEnd finds the end of the template at i, with the templates in it.
func templateEnd(src string, i int) int {
	depth := 0 // of ${
	var inside []int
	for i++; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\':
			i++
		case depth == 0 && c == '`':
			if len(inside) == 0 {
				return i + 1
			}
			depth = inside[len(inside)-1]
			inside = inside[:len(inside)-1]
		case depth == 0 && c == '$' && i+1 < len(src) && src[i+1] == '{':
			depth = 1
			i++
		case depth > 0 && c == '{':
			depth++
		case depth > 0 && c == '}':
			depth--
		case depth > 0 && c == '`':
			inside = append(inside, depth)
			depth = 0
		}
	}
	return len(src)
}
