package ecma

import "fmt"

// malformed says what is wrong with the shape of a tree, or nothing: every node
// lies within its parent and behind its elder siblings, and is reached once.
func malformed(f *File) string {
	seen := make([]bool, len(f.cells))
	reached := 0
	type step struct {
		n     Node
		depth int
	}
	stack := []step{{f.Program(), 1}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[s.n.id] {
			return fmt.Sprintf("%s at %d is reached twice", s.n.Kind(), s.n.Start())
		}
		seen[s.n.id] = true
		reached++
		if s.n.Kind() == Missing || s.n.Kind() >= kinds || s.n.Role() >= roles {
			return fmt.Sprintf("node %d of kind %d and role %d", s.n.id, s.n.Kind(), s.n.Role())
		}
		if s.depth > maxHeight+1 {
			return "the tree is too deep"
		}
		if s.n.Start() < 0 || s.n.End() < s.n.Start() || s.n.End() > len(f.Source) {
			return fmt.Sprintf("%s spans %d to %d", s.n.Kind(), s.n.Start(), s.n.End())
		}
		at := s.n.Start()
		for c := range s.n.Children() {
			if c.Start() < at || c.End() > s.n.End() {
				return fmt.Sprintf("%s %d-%d in %s %d-%d, from %d on", c.Kind(), c.Start(), c.End(), s.n.Kind(), s.n.Start(), s.n.End(), at)
			}
			at = c.End()
			stack = append(stack, step{c, s.depth + 1})
		}
	}
	for i := range f.cells {
		if i > 0 && !seen[i] && f.cells[i].kind != Missing {
			return fmt.Sprintf("%s %d-%d belongs to nobody", f.cells[i].kind, f.cells[i].start, f.cells[i].end)
		}
	}
	last := int32(0)
	for _, c := range f.Comments {
		if c.Start < last || c.End <= c.Start || int(c.End) > len(f.Source) {
			return fmt.Sprintf("comment %d-%d behind %d", c.Start, c.End, last)
		}
		last = c.End
	}
	return ""
}
