package golang

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/rogpeppe/go-internal/txtar"
)

func readOne(src string) *ir.Program {
	return Read(&ir.Tree{Files: []*ir.File{{Path: "x.go", Language: ir.Go, Source: src}}}, nil)
}

// Whatever is nested, long or many, reading ends soon, and what we make can be
// walked by those who recurse.
func TestBounds(t *testing.T) {
	const n = 5000
	times := strings.Repeat
	for name, body := range map[string]string{
		"parentheses": "_ = " + times("(", n) + "x" + times(")", n),
		"calls":       "_ = " + times("f(", n) + times(")", n),
		"chain":       "x" + times(".f()", n),
		"selectors":   "_ = x" + times(".f", n),
		"sum":         "_ = x" + times(" + x", n),
		"product":     "_ = x" + times(" * x", n),
		"blocks":      times("{", n) + times("}", n),
		"else":        "if x {}" + times(" else if x {}", n),
		"closures":    times("func() {", n) + times("}()\n", n),
		"types":       "var x " + times("[]", n) + "int",
		"literals":    "_ = []T{" + times("{", n) + times("}", n) + "}",
		"stars":       "_ = " + times("*", n) + "x",
		"locals":      times("{ x := 1; _ = x }\n", n),
		"names":       times("x := 1; ", n),
		"indexes":     "_ = x" + times("[0]", n),
		"data":        "_ = []byte{" + times("0x1f,", n) + "}",
		"generics":    "_ = F[" + times("G[", n) + "int" + times("]", n) + "]",
		"errors":      times("} {\n", n),
		"open":        times("func() { if x {", n),
	} {
		start := time.Now()
		p := readOne("package x\n\nfunc f() {\n" + body + "\n}\n\nfunc g() { println(1) }\n")
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: took %s", name, took)
		}
		found := false
		for _, f := range p.Funcs {
			_ = ir.Dump(f)
			found = found || f.Name == "g" && len(f.Body) == 1
		}
		if !found {
			t.Errorf("%s: the function after it was lost", name)
		}
	}
}

// A row of + is one Op, however long, and names the operands in their order.
func TestSum(t *testing.T) {
	p := readOne("package x\nfunc f() { return " + strings.Repeat("1 + ", 1000) + "2 }")
	op := p.Funcs[1].Body[0].(*ir.Return).Values[0].(*ir.Op)
	if len(op.Args) != 1001 || op.Args[1000].(*ir.Const).Text != "2" || op.Args[0].(*ir.Const).Text != "1" {
		t.Errorf("%d operands: %s", len(op.Args), ir.DumpExpr(op))
	}
}

// Two readings of one tree are the same, in spite of several goroutines.
func TestDeterministic(t *testing.T) {
	files, _ := filepath.Glob("testdata/pages/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first := outline(Read(treeOf(a), nil))
		for range 5 {
			if again := outline(Read(treeOf(a), nil)); again != first {
				t.Errorf("%s: differs from run to run", file)
			}
		}
	}
}

// Every node stands where it says: within its file, a call where its text is one.
func TestSpans(t *testing.T) {
	files, _ := filepath.Glob("testdata/pages/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p := Read(treeOf(a), nil)
		calls := 0
		seen := make(map[any]bool)
		once := func(n any) {
			if seen[n] {
				t.Errorf("%s: a node occurs twice: %T", file, n)
			}
			seen[n] = true
		}
		for _, f := range p.Funcs {
			ir.Walk(f.Body, func(s ir.Stmt) bool {
				once(s)
				return true
			}, func(e ir.Expr) bool {
				once(e)
				text := e.At().Text()
				switch e := e.(type) {
				case *ir.Call:
					calls++
					if !strings.HasSuffix(text, ")") && text != "init" {
						t.Errorf("%s: a call is %q", file, text)
					}
				case *ir.Name:
					if e.Var == nil || e.Var.Name == "" {
						t.Errorf("%s: no variable: %q", file, text)
					}
				case *ir.Member:
					if e.Of.Text() != e.Name {
						t.Errorf("%s: member %s is %q", file, e.Name, e.Of.Text())
					}
				}
				return true
			})
		}
		if calls == 0 && len(p.Files) > 3 {
			t.Errorf("%s: no calls", file)
		}
	}
}
