package javascript

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// describe fills in an interface or an alias.
func (l *lowerer) describe(n ecma.Node, c *ir.Class) {
	if n.Is(ecma.TSTypeAliasDeclaration) {
		t := n.Type()
		if s := strings.TrimLeft(t.Text(), " \t\r\n"); strings.HasPrefix(s, "{") {
			c.Interface = true
			l.shape(s, c)
			return
		}
		c.Underlying = l.typeOf(t)
		return
	}
	s := n.Text()
	body := strings.IndexByte(s, '{')
	if body < 0 {
		return
	}
	if i := strings.Index(s[:body], " extends "); i >= 0 {
		r := typeReader{l: l, s: s[i+len(" extends ") : body]}
		for {
			if t := r.whole(); t != nil {
				c.Embeds = append(c.Embeds, t)
			}
			if !r.eat(",") {
				break
			}
		}
	}
	l.shape(s[body:], c)
}

// shape reads the members of {a: A; b(c: C): D}: fields with their types, and methods
// as fields of a function's type.
func (l *lowerer) shape(s string, c *ir.Class) {
	r := typeReader{l: l, s: s, i: 1}
	for len(c.Fields) < maxFields {
		r.space()
		for r.eat(";") || r.eat(",") {
		}
		if r.i >= len(r.s) || r.s[r.i] == '}' {
			return
		}
		name := r.word()
		for name == "readonly" || name == "get" || name == "set" {
			next := r.word()
			if next == "" {
				break
			}
			name = next
		}
		if name == "" {
			switch c := r.s[r.i]; c {
			case '"', '\'':
				n := strings.IndexByte(r.s[r.i+1:], c)
				if n < 0 {
					return
				}
				name = r.s[r.i+1 : r.i+1+n]
				r.i += n + 2
			case '[', '(', '<':
				r.balanced()
			default:
				return
			}
		}
		r.eat("?")
		var t *ir.Type
		r.space()
		if r.i < len(r.s) && (r.s[r.i] == '(' || r.s[r.i] == '<') {
			t = r.methodType()
		} else if r.eat(":") {
			t = r.whole()
		}
		if name != "" {
			l.field(c, name, c.Span).Type = t
		}
		r.rest()
	}
}

// methodType reads (a: A): B as a function type.
func (r *typeReader) methodType() *ir.Type {
	if r.s[r.i] == '<' {
		r.balanced()
		r.space()
	}
	if r.i >= len(r.s) || r.s[r.i] != '(' {
		return nil
	}
	start := r.i
	r.balanced()
	sig := &ir.Signature{}
	inner := typeReader{l: r.l, s: r.s[start:r.i] + "=>void", depth: r.depth + 1}
	if f := inner.function(); f != nil {
		sig.Params = f.Params
	}
	if r.eat(":") {
		if t := r.whole(); t != nil {
			sig.Results = []*ir.Type{t}
		}
	}
	return &ir.Type{Func: sig}
}

// rest skips what of a member could not be read.
func (r *typeReader) rest() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ';', ',', '\n', '}':
			return
		case '(', '[', '{', '<':
			r.balanced()
		default:
			r.i++
		}
	}
}
