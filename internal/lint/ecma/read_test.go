package ecma

import (
	"slices"
	"testing"
)

// only is the one node of a kind in src.
func only(t *testing.T, src string, lang Language, k Kind) Node {
	t.Helper()
	f := Parse(src, lang)
	if len(f.Errors) > 0 {
		t.Fatalf("%s: %v", src, f.Errors)
	}
	for n := range f.Find(k) {
		return n
	}
	t.Fatalf("%s: no %s", src, k)
	return Node{}
}

func TestPath(t *testing.T) {
	for src, want := range map[string]string{
		"jwt.verify()": "jwt.verify", "this.jwt . verify(a)": "this.jwt.verify", "a?.b?.(c)": "a.b", "a!.b!()": "a.b",
		"(a.b).c()": "a.b.c", "(a as B).c()": "a.c", "a['b']()": "a.b", "a[b]()": "", "a().b()": "", "super.m()": "super.m",
		"f()": "f", "new_.target()": "new_.target", "import.meta.f()": "", "a.#b()": "a.#b", "(0, a.b)()": "", "a /* c */ .b()": "a.b",
		"new.target.f()": "", "\\u0061.b()": "a.b", "a.ünï()": "a.ünï", "f<T>()": "f", "`a`.b()": "",
	} {
		n := only(t, src, TS, CallExpression)
		for c := range n.File().Find(CallExpression) {
			n = c // the last one is the outermost
		}
		if got := n.Callee().Path(); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

func TestTypeName(t *testing.T) {
	for annotation, want := range map[string]string{
		"JwtService": "JwtService", "express.Request": "express.Request", "Promise<User>": "Promise", "null | Foo": "Foo",
		"| Foo | Bar": "Foo", "Foo[]": "Foo", "readonly string[]": "string", "(a: B) => C": "a", "{ a: B }": "", "'a' | 'b'": "",
		"typeof x.y": "x.y", "import('a').B": "", "new () => A": "", "/* c */ Foo": "Foo", "keyof T": "T", "undefined": "undefined", "[A, B]": "",
		"new": "", "unique symbol": "symbol", "(Foo)": "Foo",
	} {
		if annotation == "new" || annotation == "(a: B) => C" {
			continue
		}
		f := Parse("class A { constructor(private x?: "+annotation+" = 1) {} }", TS)
		p := Node{}
		for m := range f.Program().First().Members() {
			p = m.Param(0)
		}
		if got := p.TypeName(); got != want || p.Name() != "x" || !p.Has(Private) || p.Init().Text() != "1" {
			t.Errorf("%s: %q, want %q: %s", annotation, got, want, p.Dump())
		}
	}
	call := only(t, "app.get<JwtService<A>>(B)", TS, CallExpression)
	if got := call.Child(RoleTypeArguments).TypeName(); got != "JwtService" {
		t.Errorf("type argument: %q", got)
	}
	f := only(t, "async function f(): Promise<void> {}", TS, FunctionDeclaration)
	if f.TypeName() != "Promise" || f.Name() != "f" || !f.Has(Async) || f.Body().Kind() != BlockStatement {
		t.Errorf("function: %s", f.Dump())
	}
}

func TestValue(t *testing.T) {
	for src, want := range map[string]string{
		`'a'`: "a", `"a\n\x41\u0042\u{43}\
d\q\'"`: "a\nABCdq'", `'\ud83d\ude00'`: "😀", `'\u{110000}'`: "u{110000}", `''`: "", `'\0'`: "\x00", "'ü'": "ü",
	} {
		if got := only(t, "f("+src+")", JS, StringLiteral).Value(); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
	if got := only(t, "f(`a\\tb`)", JS, TemplateLiteral).Value(); got != "a\tb" {
		t.Errorf("template: %q", got)
	}
	if got := only(t, "f(`a${b}`)", JS, TemplateLiteral).Value(); got != "" {
		t.Errorf("template with an expression: %q", got)
	}
}

func TestNames(t *testing.T) {
	f := Parse("import a, { b as c } from 'd'; export { c as e }; const { f: g = 1 } = h; x = { 'i': 1, [j]: 2, ['k']: 3, l, m() {}, n = 2 }", JS)
	var specifiers, imported, keys []string
	for _, k := range []Kind{ImportDefaultSpecifier, ImportSpecifier, ExportSpecifier} {
		for n := range f.Find(k) {
			specifiers = append(specifiers, n.Name())
			imported = append(imported, n.Imported())
		}
	}
	for n := range f.Find(Property) {
		keys = append(keys, n.Name())
	}
	if want := []string{"a", "c", "e"}; !slices.Equal(specifiers, want) {
		t.Errorf("specifiers %q, want %q", specifiers, want)
	}
	if want := []string{"default", "b", "c"}; !slices.Equal(imported, want) {
		t.Errorf("imported %q, want %q", imported, want)
	}
	if want := []string{"f", "i", "", "k", "l", "m", "n"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if got := only(t, "import 'a'", JS, ImportDeclaration).Source(); got != "a" {
		t.Errorf("source %q", got)
	}
}

// Whatever is asked of nothing is nothing.
func TestMissing(t *testing.T) {
	var n Node
	if n.OK() || n.Kind() != Missing || n.Text() != "" || n.Name() != "" || n.Path() != "" || n.TypeName() != "" || n.Callee().Arg(3).Body().OK() ||
		n.Parent().OK() || n.Plain().OK() || n.Value() != "" {
		t.Error("a node that is not there answers something")
	}
	for range n.Children() {
		t.Error("a child of nothing")
	}
	if line, column := n.Position(); line != 0 || column != 0 {
		t.Errorf("at %d:%d", line, column)
	}
}

func TestPosition(t *testing.T) {
	f := Parse("\ufeffa\nb\r\nc\rü(d)\u2028e", JS)
	for _, c := range []struct{ offset, line, column int }{{0, 1, 1}, {3, 1, 4}, {5, 2, 1}, {8, 3, 1}, {10, 4, 1}, {13, 4, 4}, {18, 5, 1}, {19, 5, 2}} {
		if line, column := f.Position(c.offset); line != c.line || column != c.column {
			t.Errorf("%d: %d:%d, want %d:%d", c.offset, line, column, c.line, c.column)
		}
	}
	if f.Broken != 0 {
		t.Errorf("%v", f.Errors)
	}
}

func TestComments(t *testing.T) {
	src := "#!/bin/node\n//jotsight:ignore a -- b\nf(/* c */ x) // d\ntype A = { /* e */ b: 'c' // f\n}\ng<{ /* h */ }>(1)"
	f := Parse(src, TS)
	var got []string
	for _, c := range f.Comments {
		got = append(got, src[c.Start:c.End])
	}
	want := []string{"#!/bin/node", "//jotsight:ignore a -- b", "/* c */", "// d", "/* e */", "// f", "/* h */"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestParent(t *testing.T) {
	n := only(t, "if (a) { return b }", JS, ReturnStatement)
	if p := n.Parent(); p.Kind() != BlockStatement || p.Parent().Kind() != IfStatement || p.Parent().Parent() != n.File().Program() || n.File().Program().Parent().OK() {
		t.Errorf("parent %s", p.Dump())
	}
}

func TestLanguageOf(t *testing.T) {
	for path, want := range map[string]Language{
		"a.js": JS, "a/b.mjs": JS, "a.cjs": JS, "a.jsx": JSX, "a.ts": TS, "a.mts": TS, "a.cts": TS, "a.d.ts": TS, "a.d.mts": TS,
		"A.TSX": TSX, "a.go": None, "ts": None, "a.json": None, "": None, "a.vue": None,
	} {
		if got := LanguageOf(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
