package ecma

import (
	"fmt"
	"strings"
)

// Dump writes a node and what is below it for people and tests: one s-expression,
// broken into lines where it is long. Behind the role and the kind stand the
// span, the operator and the flags; leaves show their source.
func (n Node) Dump() string { return dump(n, true) }

// Outline is Dump without the spans.
func (n Node) Outline() string { return dump(n, false) }

func dump(n Node, spans bool) string {
	var b strings.Builder
	dumpInto(&b, n, 0, spans)
	return b.String()
}

// dumpWidth is where an expression is broken into lines.
const dumpWidth = 110

func dumpInto(b *strings.Builder, n Node, indent int, spans bool) {
	if line := flat(n, spans, dumpWidth-indent); line != "" || !n.First().OK() {
		b.WriteString(line)
		return
	}
	b.WriteString(head(n, spans))
	for c := range n.Children() {
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", indent/2+1))
		dumpInto(b, c, indent+2, spans)
	}
	b.WriteString(")")
}

// flat is the node in one line, or nothing if that is longer than width.
func flat(n Node, spans bool, width int) string {
	var b strings.Builder
	b.WriteString(head(n, spans))
	for c := range n.Children() {
		s := flat(c, spans, width-b.Len())
		if s == "" || b.Len()+len(s) > width {
			return ""
		}
		b.WriteByte(' ')
		b.WriteString(s)
	}
	b.WriteByte(')')
	return b.String()
}

func head(n Node, spans bool) string {
	var b strings.Builder
	if r := n.Role(); r != NoRole {
		b.WriteString(r.String())
		b.WriteByte(':')
	}
	b.WriteByte('(')
	b.WriteString(n.Kind().String())
	if spans {
		fmt.Fprintf(&b, " %d-%d", n.Start(), n.End())
	}
	if op := n.Operator(); op != "" {
		b.WriteByte(' ')
		b.WriteString(op)
	}
	if f := n.Flags(); f != 0 {
		fmt.Fprintf(&b, " [%s]", f)
	}
	switch n.Kind() {
	case Identifier, PrivateIdentifier, JSXName:
		b.WriteByte(' ')
		b.WriteString(n.Name())
	case StringLiteral, NumericLiteral, BigIntLiteral, BooleanLiteral, RegExpLiteral, Type:
		b.WriteByte(' ')
		b.WriteString(n.Text())
	case TemplateElement, JSXText:
		fmt.Fprintf(&b, " %q", n.Text())
	}
	return b.String()
}
