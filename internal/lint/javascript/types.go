package javascript

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// typeOf reads a type annotation, of which the parser keeps the text alone.
func (l *lowerer) typeOf(n ecma.Node) *ir.Type {
	if !n.OK() {
		return nil
	}
	r := typeReader{l: l, s: n.Text()}
	return r.whole()
}

func typeOfThing(t thing) *ir.Type {
	switch t = t.value(); t.kind {
	case class:
		return &ir.Type{Class: t.c}
	case outside:
		return &ir.Type{Symbol: t.sym}
	case pkg:
		return &ir.Type{Symbol: t.sym + "#default"}
	}
	return nil
}

// A typeReader finds in the text of a type what ir.Type has room for.
type typeReader struct {
	l     *lowerer
	s     string
	i     int
	depth int
}

// maxTypes bounds types within each other.
const maxTypes = 40

func (r *typeReader) space() {
	for r.i < len(r.s) {
		switch c := r.s[r.i]; {
		case c == ' ', c == '\t', c == '\n', c == '\r':
			r.i++
		case strings.HasPrefix(r.s[r.i:], "//"):
			n := strings.IndexByte(r.s[r.i:], '\n')
			if n < 0 {
				n = len(r.s) - r.i
			}
			r.i += n
		case strings.HasPrefix(r.s[r.i:], "/*"):
			n := strings.Index(r.s[r.i+2:], "*/")
			if n < 0 {
				n = len(r.s) - r.i - 4
			}
			r.i += n + 4
		default:
			return
		}
	}
}

func (r *typeReader) eat(c string) bool {
	r.space()
	if strings.HasPrefix(r.s[min(r.i, len(r.s)):], c) {
		r.i += len(c)
		return true
	}
	return false
}

func (r *typeReader) word() string {
	r.space()
	start := r.i
	for r.i < len(r.s) {
		c := r.s[r.i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80 || r.i > start && c >= '0' && c <= '9' {
			r.i++
			continue
		}
		break
	}
	return r.s[start:r.i]
}

// whole reads a union: what is left of it without null, undefined and void.
func (r *typeReader) whole() *ir.Type {
	if r.depth++; r.depth > maxTypes {
		r.i = len(r.s)
		return nil
	}
	defer func() { r.depth-- }()
	r.eat("|")
	r.eat("&")
	var is *ir.Type
	several := false
	for {
		t, nothing := r.operand()
		switch {
		case nothing:
		case is == nil:
			is = t
		case t != nil && (t.Symbol != is.Symbol || t.Class != is.Class):
			several = true
		}
		if r.eat("|") {
			continue
		}
		for r.eat("&") {
			u, _ := r.operand()
			if is == nil {
				is = u
			}
		}
		if !r.eat("|") {
			break
		}
	}
	if start := r.i; r.word() == "extends" { // a condition, which may be anything
		r.i = len(r.s)
		return nil
	} else {
		r.i = start
	}
	if several {
		return nil
	}
	return is
}

// operand reads one type with the brackets behind it. Nothing says that it is null or
// the like.
func (r *typeReader) operand() (t *ir.Type, nothing bool) {
	r.space()
	if r.i >= len(r.s) {
		return nil, true
	}
	switch c := r.s[r.i]; {
	case c == '(':
		if sig := r.function(); sig != nil {
			return &ir.Type{Func: sig}, false
		}
		r.i++
		t = r.whole()
		r.eat(")")
	case c == '<':
		r.balanced()
		if sig := r.function(); sig != nil {
			return &ir.Type{Func: sig}, false
		}
		return nil, false
	case c == '{':
		r.balanced()
	case c == '[':
		r.i++
		var first *ir.Type
		if !r.eat("]") {
			first = r.whole()
			r.i = max(r.i, 1)
			r.until(']')
		}
		t = &ir.Type{Elem: first}
	case c == '"' || c == '\'' || c == '`':
		end := strings.IndexByte(r.s[r.i+1:], c)
		if end < 0 {
			r.i = len(r.s)
			return nil, false
		}
		r.i += end + 2
		t = &ir.Type{Symbol: "js:string"}
	case c >= '0' && c <= '9' || c == '-':
		for r.i < len(r.s) && strings.IndexByte("-0123456789.", r.s[r.i]) >= 0 {
			r.i++
		}
		t = &ir.Type{Symbol: "js:number"}
	default:
		w := r.word()
		switch w {
		case "":
			r.i = len(r.s)
			return nil, false
		case "null", "undefined", "void", "never":
			return nil, true
		case "readonly", "unique", "abstract":
			return r.operand1()
		case "keyof", "typeof", "infer":
			r.operand1()
			return nil, false
		case "new":
			r.function()
			return nil, false
		case "asserts":
			r.i = len(r.s)
			return nil, true
		case "any", "unknown", "object":
		case "string", "number", "boolean", "bigint", "symbol":
			t = &ir.Type{Symbol: r.l.intern("js:", w, "")}
		case "true", "false":
			t = &ir.Type{Symbol: "js:boolean"}
		case "import":
			t = r.imported()
		default:
			t = r.named(w)
		}
	}
	for r.i < len(r.s) {
		start := r.i
		if !r.eat("[") {
			r.i = start
			break
		}
		if r.eat("]") {
			t = &ir.Type{Elem: t}
		} else {
			r.until(']')
			t = nil
		}
	}
	if start := r.i; r.word() == "is" {
		r.i = len(r.s)
		return &ir.Type{Symbol: "js:boolean"}, false
	} else {
		r.i = start
	}
	return t, false
}

// operand1 is operand behind a word, where there may be many.
func (r *typeReader) operand1() (*ir.Type, bool) {
	if r.depth++; r.depth > maxTypes {
		r.i = len(r.s)
		return nil, false
	}
	defer func() { r.depth-- }()
	return r.operand()
}

// named reads a.b<c> from behind a.
func (r *typeReader) named(w string) *ir.Type {
	t := r.l.look(w)
	if b := r.l.names[w]; b == nil && (w == "module" || w == "exports") {
		t = thing{}
	}
	for r.i < len(r.s) && r.s[r.i] == '.' {
		r.i++
		m := r.word()
		if m == "" {
			break
		}
		t, _ = r.l.memberThing(t, m)
	}
	return r.arguments(w, typeOfThing(t))
}

func (l *lowerer) memberThing(t thing, name string) (thing, bool) {
	m := t.member(name)
	return m, m.kind != unknown
}

// imported reads import("x").Y<Z>.
func (r *typeReader) imported() *ir.Type {
	if !r.eat("(") {
		return nil
	}
	r.space()
	start := r.i
	r.until(')')
	if start >= r.i {
		return nil
	}
	t := r.l.m.target(strings.Trim(r.s[start:r.i-1], " \t\"'`"))
	name := ""
	for r.i < len(r.s) && r.s[r.i] == '.' {
		r.i++
		name = r.word()
		t = t.member(name)
	}
	return r.arguments(name, typeOfThing(t))
}

// arguments reads the <T> behind a name, which for some is all that matters.
func (r *typeReader) arguments(name string, t *ir.Type) *ir.Type {
	if r.i >= len(r.s) || r.s[r.i] != '<' {
		return t
	}
	start := r.i
	r.i++
	first := r.whole()
	last := first
	for r.eat(",") {
		last = r.whole()
	}
	if !r.eat(">") {
		r.i = start
		r.balanced()
	}
	if t == nil || !strings.HasPrefix(t.Symbol, "js:") {
		return t
	}
	switch name {
	case "Promise", "PromiseLike", "Awaited", "Readonly", "Partial", "Required", "NonNullable", "Omit", "Pick":
		return first
	case "Array", "ReadonlyArray":
		return &ir.Type{Elem: first}
	case "Set", "ReadonlySet", "Iterable", "AsyncIterable", "Generator", "AsyncGenerator":
		return &ir.Type{Symbol: t.Symbol, Elem: first}
	case "Map", "ReadonlyMap", "Record", "WeakMap":
		return &ir.Type{Symbol: t.Symbol, Elem: last, Map: true}
	}
	return t
}

// function reads (a: A, b?: B) => C, or answers nil and stays where it is.
func (r *typeReader) function() *ir.Signature {
	r.space()
	start := r.i
	if r.i < len(r.s) && r.s[r.i] == '<' {
		r.balanced()
		r.space()
	}
	if r.i >= len(r.s) || r.s[r.i] != '(' {
		r.i = start
		return nil
	}
	open := r.i
	r.balanced()
	end := r.i
	if !r.eat("=>") {
		r.i = start
		return nil
	}
	result := r.whole()
	after := r.i
	sig := &ir.Signature{}
	if result != nil {
		sig.Results = []*ir.Type{result}
	}
	inner := typeReader{l: r.l, s: r.s[open+1 : max(end-1, open+1)], depth: r.depth + 1}
	for inner.depth <= maxTypes {
		inner.space()
		if inner.i >= len(inner.s) {
			break
		}
		inner.eat("...")
		if inner.eat("{") || inner.eat("[") {
			inner.i--
			inner.balanced()
		} else {
			inner.word()
		}
		inner.eat("?")
		var p *ir.Type
		if inner.eat(":") {
			p = inner.whole()
		}
		sig.Params = append(sig.Params, p)
		if !inner.eat(",") {
			break
		}
	}
	r.i = after
	return sig
}

// balanced skips what the bracket here opens.
func (r *typeReader) balanced() {
	level := 0
	for r.i < len(r.s) {
		switch c := r.s[r.i]; c {
		case '(', '[', '{', '<':
			level++
		case ')', ']', '}':
			level--
		case '>':
			if r.i == 0 || r.s[r.i-1] != '=' {
				level--
			}
		case '"', '\'', '`':
			if n := strings.IndexByte(r.s[r.i+1:], c); n >= 0 {
				r.i += n + 1
			}
		}
		r.i++
		if level <= 0 {
			return
		}
	}
}

// until skips to behind the bracket that closes what we are in.
func (r *typeReader) until(end byte) {
	for r.i < len(r.s) {
		switch c := r.s[r.i]; c {
		case end:
			r.i++
			return
		case '(', '[', '{', '<', '"', '\'', '`':
			if c == '"' || c == '\'' || c == '`' {
				if n := strings.IndexByte(r.s[r.i+1:], c); n >= 0 {
					r.i += n + 1
				}
				r.i++
				continue
			}
			r.balanced()
		default:
			r.i++
		}
	}
}
