package ecma

// A list collects siblings.
type list struct{ first, last id }

// add appends a node in a role. No node at all is welcome, and left out.
func (p *Parser) add(l *list, n id, r Role) {
	if n == 0 {
		return
	}
	p.cells[n].role = r
	if l.last != 0 {
		p.cells[l.last].link = n
	} else {
		l.first = n
	}
	l.last = n
}

// node makes a node of children that were read, ending with the last token. A
// node is always made after its children, so its id is larger than theirs.
func (p *Parser) node(k Kind, start int, children list) id {
	end := int32(max(p.last, start))
	if children.last != 0 {
		// What is missing stands where the next token does.
		end = max(end, p.cells[children.last].end)
	}
	p.cells = append(p.cells, cell{kind: k, start: int32(start), end: end, first: children.first})
	return id(len(p.cells) - 1)
}

// one makes a node with a single child.
func (p *Parser) one(k Kind, start int, child id, r Role) id {
	var l list
	p.add(&l, child, r)
	return p.node(k, start, l)
}

// two makes a node with two children.
func (p *Parser) two(k Kind, start int, a id, ra Role, b id, rb Role) id {
	var l list
	p.add(&l, a, ra)
	p.add(&l, b, rb)
	return p.node(k, start, l)
}

// leaf makes a node of the current token, and takes it.
func (p *Parser) leaf(k Kind) id {
	c := cell{kind: k, start: int32(p.start), end: int32(p.end)}
	if p.escaped {
		c.flags = Escaped
	}
	p.cells = append(p.cells, c)
	n := id(len(p.cells) - 1)
	p.next()
	return n
}

func (p *Parser) flag(n id, f Flags) id {
	p.cells[n].flags |= f
	return n
}

func (p *Parser) flagIf(n id, f Flags, set bool) id {
	if set {
		p.cells[n].flags |= f
	}
	return n
}

// append gives a node one more child at its end, and stretches it to hold it.
func (p *Parser) append(n, child id, r Role) {
	if child == 0 {
		return
	}
	p.cells[child].role = r
	c := &p.cells[n]
	c.end = max(c.end, p.cells[child].end)
	if c.first == 0 {
		c.first = child
		return
	}
	last := c.first
	for p.cells[last].link != 0 {
		last = p.cells[last].link
	}
	p.cells[last].link = child
}

// prepend puts a row of children before those that a node has.
func (p *Parser) prepend(n id, l list) {
	if l.first == 0 {
		return
	}
	c := &p.cells[n]
	p.cells[l.last].link = c.first
	c.first = l.first
	c.start = min(c.start, p.cells[l.first].start)
}

// drop empties a node that nothing will refer to, so that Find does not see it.
func (p *Parser) drop(n id) {
	for c := p.cells[n].first; c != 0; {
		next := p.cells[c].link
		p.drop(c)
		c = next
	}
	p.cells[n] = cell{}
}

// Bounds of the tree, so that whoever walks it may recurse.
const (
	maxHeight = 4 * maxDepth
	longChain = 1000
)

// trim cuts what hangs too deep. Nesting is bounded while reading; a long row
// such as a+b+c+… is not, and it leans to the left as a tree that is as deep as
// the row is long.
func (p *Parser) trim(root id) {
	if p.chain < longChain {
		return
	}
	depth := make([]int32, len(p.cells))
	depth[root] = 1
	for n := len(p.cells) - 1; n > 0; n-- { // parents first: see node
		c := &p.cells[n]
		switch d := depth[n]; {
		case d == 0 && c.first == 0: // a type, which is read after the name that it belongs to
		case d > maxHeight+1 || d == 0:
			for k := c.first; k != 0; k = p.cells[k].link {
				depth[k] = maxHeight + 2
			}
			p.cells[n] = cell{link: c.link}
		case d == maxHeight+1 && c.first != 0:
			for k := c.first; k != 0; k = p.cells[k].link {
				depth[k] = d + 1
			}
			c.kind, c.first, c.op = Bad, 0, 0
			p.broken++
		default:
			for k := c.first; k != 0; k = p.cells[k].link {
				depth[k] = d + 1
			}
		}
	}
}

// reach moves the end of a node to where its last bracket ends, which is not the
// last token that was taken.
func (p *Parser) reach(n id, end int) id {
	c := &p.cells[n]
	c.end = max(c.end, int32(end))
	return n
}
