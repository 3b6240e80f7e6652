package ecma

import (
	"testing"
	"time"
)

// FuzzParse holds that no input panics, hangs, or makes a tree that is none.
func FuzzParse(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, uint8(JS))
		f.Add(s, uint8(TS))
		f.Add(s, uint8(TSX))
	}
	f.Fuzz(func(t *testing.T, src string, lang uint8) {
		l := Language(lang%4) + JS
		start := time.Now()
		file := Parse(src, l)
		if d := time.Since(start); d > time.Second+time.Duration(len(src))*time.Microsecond {
			t.Fatalf("%d bytes took %v", len(src), d)
		}
		if bad := malformed(file); bad != "" {
			t.Fatal(bad)
		}
		file.Program().Walk(func(n Node) bool {
			n.Name()
			n.Path()
			n.Value()
			n.TypeName()
			n.Position()
			return true
		})
	})
}

// hostile are pieces that are cut short, nested or ambiguous.
var hostile = []string{
	"", "\xef\xbb\xbf#!x\n1", "a ? (b) : c => d : e", "<T,>(x: T): x is T => x", "a < b > (c)", "f<<T>(x: T) => T>(y)",
	"async <T>(x) => await x", "`a${`b${c}`}d`", "a = /[/]/g / b", "for (let of of of) ;", "for (async of => 1;;) ;",
	"class A { static { } static async *#x() {} get; set = 1; @a() b!: T; [k: string]: T }", "({ get a() {}, set b(c) {}, async *d() {}, [e]: 1, f = 2 } = g)",
	"import a, * as b from 'c' with { type: 'json' }", "import type, { type as as as } from 'x'", "export * as default from 'x'",
	"declare global { namespace a.b { export = c } }", "abstract class A<in out T> extends B<T>() implements C { constructor(@d() private e?: F) }",
	"<a b={c} {...d} e='f'>{/* g */}<h.i/>j</a>", "<></>", "<a", "<a>", "<a>{", "<a b=", "label: for (;;) { continue label }", "new.target", "new a.b<c>()",
	"x = <T>(y)", "enum E { a = 1, 'b', [c] }", "let x: { a: (b: c) => d } | `e${f}` = g as const satisfies h", "((((((((", "[[[[", "{{{{", "a?.b?.[c]?.(d)!",
	"type A<T> = T extends (infer U extends B)[] ? U : never", "<!-- a\n--> b\nc", "a\n++b", "return\na", "yield* await b", "if (a) else b", "switch (a) { case b: c; default: }",
	"try { } catch { } finally { }", "/* ", "'", "\"\\", "`", "/a", "\\u0061\\u{62}", "ünï = 1\u2028b", "a<b<c<d<e<f", "@a.b() @c class D {}", "export default abstract class {}",
	"import x = require('y')", "import f = a.b", "function f(this: A, ...b: C[]): asserts this is D;", "a = b ? c : d ? e : (f) => g", "a ? b => (c) : d => e", "@a export * from 'b'", "@a export default b", "?():0=> :", ")`${", "< (/*0", "using x = y; await using z = w",
}
