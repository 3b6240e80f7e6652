package ecma

import "iter"

// A cell is what a node takes in memory: 24 bytes, in one slice per file, linked
// by index. Cell 0 is the node that is not there.
type cell struct {
	kind       Kind
	role       Role
	op         token
	flags      Flags
	start, end int32
	first      id // child
	link       id // next sibling
}

// An id is the place of a node in its file.
type id int32

// A Comment is where one stood, its delimiters included. The line of a hashbang
// is one too.
type Comment struct{ Start, End int32 }

// A File is what one source text was read as. It refers to the text and, if made
// by a Parser, to the memory of that Parser. It is not for several goroutines at
// once.
type File struct {
	Source   string
	Language Language
	Comments []Comment
	Errors   []Error // the first ones, in order; see Broken
	Broken   int     // how many errors there were in all
	Partial  bool    // the rest of the text was not read: too many errors, too large, or not text

	cells   []cell
	root    id
	parents []id
	lines   []int32
}

// An Error is a place that no grammar explains. The parser goes on behind it.
type Error struct {
	Offset  int
	Message string
}

// Program is the root of the tree.
func (f *File) Program() Node { return Node{f, f.root} }

// Nodes is how many nodes the tree has room for, so that what is known about them
// can stand in a slice by Index.
func (f *File) Nodes() int { return len(f.cells) }

// A Node is one place of the tree, to be passed by value. The zero Node, and
// every answer to a question that has none, is of kind Missing, and may itself be
// asked anything.
type Node struct {
	file *File
	id   id
}

var nothing cell

func (n Node) cell() *cell {
	if n.file == nil {
		return &nothing
	}
	return &n.file.cells[n.id]
}

// OK reports whether there is a node at all.
func (n Node) OK() bool { return n.id != 0 }

// File is where the node comes from.
func (n Node) File() *File { return n.file }

// Index is the node's own number within its file, from 1.
func (n Node) Index() int { return int(n.id) }

func (n Node) Kind() Kind            { return n.cell().kind }
func (n Node) Role() Role            { return n.cell().role }
func (n Node) Flags() Flags          { return n.cell().flags }
func (n Node) Has(f Flags) bool      { return n.cell().flags&f != 0 }
func (n Node) Is(kinds ...Kind) bool { return isOne(n.Kind(), kinds) }

func isOne(k Kind, kinds []Kind) bool {
	for _, one := range kinds {
		if k == one {
			return true
		}
	}
	return false
}

// Start and End are byte offsets. The span holds those of all children.
func (n Node) Start() int { return int(n.cell().start) }
func (n Node) End() int   { return int(n.cell().end) }

// Text is the source of the node.
func (n Node) Text() string {
	if n.file == nil {
		return ""
	}
	c := n.cell()
	return n.file.Source[c.start:c.end]
}

// Operator is the sign of a unary, update, binary, logical or assignment
// expression, such as "&&=", and empty elsewhere.
func (n Node) Operator() string {
	if op := n.cell().op; op != 0 {
		return spelling[op]
	}
	return ""
}

// First and Next walk the children in the order of the source.
func (n Node) First() Node { return Node{n.file, n.cell().first} }
func (n Node) Next() Node  { return Node{n.file, n.cell().link} }

// Children yields all of them.
func (n Node) Children() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.First(); c.OK(); c = c.Next() {
			if !yield(c) {
				return
			}
		}
	}
}

// Child is the first child of a role.
func (n Node) Child(r Role) Node {
	for c := n.First(); c.OK(); c = c.Next() {
		if c.cell().role == r {
			return c
		}
	}
	return Node{n.file, 0}
}

// All yields the children of a role.
func (n Node) All(r Role) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.First(); c.OK(); c = c.Next() {
			if c.cell().role == r && !yield(c) {
				return
			}
		}
	}
}

// Walk visits the node and everything below it, parents first, in the order of
// the source. Where visit answers false, it does not descend.
func (n Node) Walk(visit func(Node) bool) {
	if !n.OK() || !visit(n) {
		return
	}
	for c := n.First(); c.OK(); c = c.Next() {
		c.Walk(visit)
	}
}

// Parent is the node around this one. The first question of a file takes a pass
// over all of its nodes.
func (n Node) Parent() Node {
	if !n.OK() {
		return Node{}
	}
	f := n.file
	if f.parents == nil {
		f.parents = make([]id, len(f.cells))
		for i := range f.cells {
			for c := f.cells[i].first; c != 0; c = f.cells[c].link {
				f.parents[c] = id(i)
			}
		}
	}
	return Node{f, f.parents[n.id]}
}

// Find yields every node of a kind in the file, in no order that matters.
func (f *File) Find(k Kind) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for i := range f.cells {
			if f.cells[i].kind == k && !yield(Node{f, id(i)}) {
				return
			}
		}
	}
}
