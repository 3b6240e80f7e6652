package golang

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// Our scopes agree with the compiler's on packages of the standard library: every
// use of a variable, function and package, and which calls are conversions.
func TestAgreesWithTypes(t *testing.T) {
	set := token.NewFileSet()
	imports := importer.ForCompiler(set, "source", nil)
	for _, path := range []string{"encoding/json", "text/template", "net/url", "go/printer", "sort", "container/list", "slices", "archive/tar"} {
		compare(t, set, imports, path)
	}
}

func compare(t *testing.T, set *token.FileSet, imports types.Importer, path string) {
	pkg, err := build.Import(path, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	tree := &ir.Tree{}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		src, err := os.ReadFile(filepath.Join(pkg.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		tree.Files = append(tree.Files, &ir.File{Path: name, Language: ir.Go, Source: string(src)})
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue), Implicits: make(map[ast.Node]types.Object)}
	conf := types.Config{Importer: imports, Error: func(error) {}}
	checked, _ := conf.Check(path, set, files, info)

	at := func(p token.Pos) string {
		pos := set.PositionFor(p, false)
		return fmt.Sprintf("%s:%d", filepath.Base(pos.Filename), pos.Offset)
	}
	want := make(map[string]string) // where a name is used: what it is
	for id, o := range info.Uses {
		switch o := o.(type) {
		case *types.Var:
			if !o.IsField() && o.Pkg() == checked {
				want[at(id.Pos())] = at(o.Pos())
			}
		case *types.Func:
			if o.Pkg() == checked && o.Signature().Recv() == nil {
				want[at(id.Pos())] = "func " + o.Name()
			}
		case *types.Const:
			if o.Pkg() == checked {
				want[at(id.Pos())] = at(o.Pos())
			}
		}
	}
	calls := 0
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				tv := info.Types[n.Fun]
				id, _ := ast.Unparen(n.Fun).(*ast.Ident)
				made := tv.IsBuiltin() && id != nil && (id.Name == "new" || id.Name == "make")
				if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); tv.IsType() && ok {
					made = info.Types[sel.X].IsType() // never: a qualified type is a call for us
					tv = types.TypeAndValue{}
				}
				if !tv.IsType() && !made {
					calls++
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok {
					if name, ok := info.Uses[x].(*types.PkgName); ok && info.Types[n].IsValue() {
						want[at(n.Pos())] = "go:" + name.Imported().Path() + "." + n.Sel.Name
					}
				}
			}
			return true
		})
	}

	p := Read(tree, nil)
	got := make(map[string]string)
	ours := 0
	for _, f := range p.Funcs {
		ir.Walk(f.Body, nil, func(e ir.Expr) bool {
			where := fmt.Sprintf("%s:%d", e.At().File.Path, e.At().Start)
			switch e := e.(type) {
			case *ir.Name:
				if e.Text() == e.Var.Name && (e.Var.Span != e.Span) {
					got[where] = fmt.Sprintf("%s:%d", e.Var.File.Path, e.Var.Start)
				}
			case *ir.FuncRef:
				if !e.Literal && e.Func.Name != "init" {
					got[where] = "func " + e.Func.Name
				}
			case *ir.Extern:
				got[where] = e.Symbol
			case *ir.Call:
				ours++
			}
			return true
		})
	}
	agree := 0
	for where, w := range want {
		switch g := got[where]; g {
		case w:
			agree++
		case "":
		default:
			t.Errorf("%s: %s: got %s, want %s", path, where, g, w)
		}
	}
	// Lengths of arrays and tables of constants are left out.
	if share := float64(agree) / float64(len(want)); share < 0.98 {
		t.Errorf("%s: %d of %d uses agree", path, agree, len(want))
	}
	inits := 0
	for _, s := range p.Modules[0].Body.Body {
		if _, ok := s.(*ir.Do); ok {
			inits++
		}
	}
	t.Logf("%s: %d of %d uses, %d of %d calls", path, agree, len(want), ours-inits, calls)
}
