package javascript

import (
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// FuzzRead holds that no source makes a panic, an endless run or a broken tree. What
// follows a line "-- " becomes a second file, and "{" at the start of the first makes
// that a configuration, so that files that import each other are tried as well.
func FuzzRead(f *testing.F) {
	for _, file := range pagesTree(f).Files {
		f.Add(file.Source, file.Path)
	}
	f.Add(`{"compilerOptions":{"baseUrl":".","paths":{"*":["*"]}},"extends":"./tsconfig.json"}`+"\n-- \nimport a from 'a'", "a.ts")
	f.Add("export * from './b'; export {x} from './b'\n-- \nexport * from './a'; export {x} from './a'", "a.ts")
	f.Add("exports.x = require('./a').x.x; module.exports = require('./a')", "a.js")
	f.Fuzz(func(t *testing.T, source, name string) {
		if len(source) > 1<<16 {
			return
		}
		tree := &ir.Tree{}
		for i, s := range strings.Split(source, "\n-- \n") {
			switch {
			case i > 8:
			case strings.HasPrefix(s, "{"):
				tree.Config = append(tree.Config, &ir.File{Path: "tsconfig.json", Source: s}, &ir.File{Path: "package.json", Source: s})
			default:
				ext := [...]string{".ts", ".js", ".tsx", ".jsx"}[len(name)%4]
				tree.Files = append(tree.Files, &ir.File{Path: string(rune('a'+i)) + ext, Language: ir.JavaScript, Source: s})
			}
		}
		start := time.Now()
		p := Read(tree, nil)
		if d := time.Since(start); d > 10*time.Second {
			t.Fatalf("%v for %d bytes", d, len(source))
		}
		check(t, p)
	})
}

// check holds that a program is whole: nothing is nil that may not be, no node occurs
// twice, and spans lie within their files.
func check(t *testing.T, p *ir.Program) {
	t.Helper()
	seen := map[any]bool{}
	once := func(x any, at ir.Span) {
		if seen[x] {
			t.Fatalf("%T at %d occurs twice", x, at.Start)
		}
		seen[x] = true
		if at.File != nil && (at.Start < 0 || at.End < at.Start || int(at.End) > len(at.File.Source)) {
			t.Fatalf("%T from %d to %d of %d", x, at.Start, at.End, len(at.File.Source))
		}
	}
	for _, f := range p.Funcs {
		once(f, f.Span)
		ir.Walk(f.Body, func(s ir.Stmt) bool {
			once(s, s.At())
			if s, ok := s.(*ir.Set); ok && (len(s.Left) != 1 || len(s.Right) != 1 || s.Right[0] == nil) {
				t.Fatalf("a Set of %d to %d", len(s.Right), len(s.Left))
			}
			return true
		}, func(x ir.Expr) bool {
			once(x, x.At())
			switch x := x.(type) {
			case *ir.Name:
				if x.Var == nil {
					t.Fatal("a Name of nothing")
				}
			case *ir.Extern:
				if x.Symbol == "" {
					t.Fatal("an Extern without a symbol")
				}
			case *ir.Call:
				if x.Fun == nil {
					t.Fatal("a Call of nothing")
				}
			}
			return true
		})
	}
}

// TestBounds holds that what is nested, long or in a circle takes time in proportion.
func TestBounds(t *testing.T) {
	const size = 1 << 17
	for _, c := range []struct{ name, unit, end string }{
		{"brackets", "[", ""}, {"members", "a.", ""}, {"calls", "a(", ""}, {"patterns", "let[a,", ""}, {"objects", "let{a,b:", ""},
		{"parameters", "({a,b:{c}})=>", "1"}, {"functions", "function f(){var a;", ""}, {"blocks", "{let a;", ""}, {"classes", "class a{b=", ""},
		{"types", "let a:b<", ""}, {"unions", "let a:(b|", ""}, {"function types", "let a:(b:", ""}, {"interfaces", "interface a{b:{", ""},
		{"exports", "exports.a=", "1"}, {"requires", "require('a').", ""}, {"vars", "var a=a,b={a}=a;", ""}, {"sums", "a+", "a"},
		{"arrows", "a=>", "a"}, {"conditions", "a?b:", "c"}, {"ifs", "if(a){}else ", ";"}, {"names", "let a;{", ""}, {"tuples", "let a:[", ""},
		{"templates", "`${", ""}, {"quotes", "from 'a';", ""}, {"elements", "<a b={", ""}, {"decorators", "@a(", ""}, {"labels", "a:", ""},
		{"defaults", "let {a={b}=", "1"}, {"arrays", "type a=[b[]", ""},
	} {
		for _, ext := range []string{".ts", ".jsx"} {
			read := func(size int) (*ir.Program, time.Duration) {
				src := strings.Repeat(c.unit, size/len(c.unit)) + c.end
				tree := &ir.Tree{Files: []*ir.File{{Path: "a" + ext, Language: ir.JavaScript, Source: src}}}
				start := time.Now()
				p := Read(tree, nil)
				return p, time.Since(start)
			}
			// A busy machine is slow at both; what grows with the square is not.
			p, took := read(size)
			if took > time.Second {
				if _, quarter := read(size / 4); took > 10*quarter {
					t.Errorf("%s%s: %v for %d bytes, %v for a quarter", c.name, ext, took, size, quarter)
				}
			}
			if len(p.Files) != 1 {
				t.Errorf("%s: %d files", c.name, len(p.Files))
			}
		}
	}
}
