package resolve_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/clojure"
	"github.com/jotsight/jotsight/internal/lint/golang"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/javascript"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

var update = flag.Bool("update", false, "write what is said now into the pages")

// A page holds sources, then what is asked of them with the answers:
//
//	-- asks --
//	app.js auth(login) -> asyncHandler.func1
//	-- routes --
//	POST /login: limiter > asyncHandler.func1( > login ! onError
//
// An ask names a file and the text of an expression, the first of its kind. A call is asked what it
// reaches, with => before the answer, or what it gives, with ->; anything else what
// it stands for. In a route a parenthesis means that the link calls the next one,
// an exclamation mark stands before the handlers for errors, and a tilde before a
// route that is not known as a whole.
func TestPages(t *testing.T) {
	lib, err := library.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("testdata/pages/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			parts := split(string(data))
			p := program(parts)
			r := resolve.New(p, lib)
			for i := range parts {
				f := &parts[i]
				got := f.text
				switch f.name {
				case "asks":
					got = answers(t, r, p, f.text)
				case "routes":
					got = routes(r)
				}
				if got != f.text && !*update {
					t.Errorf("%s:\ngot:\n%s\nwant:\n%s", f.name, got, f.text)
				}
				f.text = got
			}
			if *update {
				if err := os.WriteFile(name, []byte(join(parts)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type part struct{ name, text string }

// split takes a page apart at its "-- name --" lines; what stands before is a part
// without a name.
func split(page string) []part {
	parts := []part{{}}
	for line := range strings.Lines(page) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			parts = append(parts, part{name: strings.TrimSuffix(name, " --")})
			continue
		}
		parts[len(parts)-1].text += line
	}
	return parts
}

func join(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.name != "" {
			fmt.Fprintf(&b, "-- %s --\n", p.name)
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func program(parts []part) *ir.Program {
	tree := &ir.Tree{}
	for _, f := range parts {
		file := &ir.File{Path: f.name, Source: f.text}
		switch filepath.Ext(f.name) {
		case ".go":
			file.Language = ir.Go
		case ".js", ".ts":
			file.Language = ir.JavaScript
		case ".clj":
			file.Language = ir.Clojure
		case ".mod", ".json":
			tree.Config = append(tree.Config, file)
			continue
		default:
			continue
		}
		tree.Files = append(tree.Files, file)
	}
	all := &ir.Program{}
	for _, p := range []*ir.Program{golang.Read(tree, nil), javascript.Read(tree, nil), clojure.Read(tree, nil)} {
		all.Modules = append(all.Modules, p.Modules...)
		all.Classes = append(all.Classes, p.Classes...)
		all.Funcs = append(all.Funcs, p.Funcs...)
		all.Files = append(all.Files, p.Files...)
	}
	return all
}

func answers(t *testing.T, r *resolve.Resolver, p *ir.Program, asks string) string {
	var b strings.Builder
	for line := range strings.Lines(asks) {
		line = strings.TrimSuffix(line, "\n")
		sign := " -> "
		ask, _, ok := strings.Cut(line, sign)
		if !ok {
			sign = " => "
			if ask, _, ok = strings.Cut(line, sign); !ok {
				t.Fatalf("ask %q: neither -> nor =>", line)
			}
		}
		file, text, _ := strings.Cut(ask, " ")
		e := find(p, file, text)
		if e == nil {
			t.Fatalf("ask %q: no such expression", line)
		}
		var list []string
		if c, ok := e.(*ir.Call); ok && sign == " => " {
			for _, x := range r.Targets(c) {
				list = append(list, target(x))
			}
		} else {
			for _, v := range r.Values(e) {
				list = append(list, value(v))
			}
		}
		slices.Sort(list)
		if len(list) == 0 {
			list = []string{"?"}
		}
		fmt.Fprintf(&b, "%s%s%s\n", ask, sign, strings.Join(list, ", "))
	}
	return b.String()
}

func find(p *ir.Program, file, text string) (found ir.Expr) {
	for _, f := range p.Funcs {
		ir.Walk(f.Body, nil, func(e ir.Expr) bool {
			if s := e.At(); found == nil && s.File != nil && s.Text() == text && s.File.Path == file {
				found = e
			}
			return found == nil
		})
	}
	return found
}

func value(v resolve.Value) string {
	s := "?"
	switch {
	case v.Func != nil:
		s = v.Func.Name
	case v.Of != nil:
		s = "a " + v.Of.Name
	case v.Class != nil:
		s = "class " + v.Class.Name
	case v.Module != nil:
		s = "module " + v.Module.Path
	case v.Symbol != "" && v.Is:
		s = "a " + v.Symbol
	case v.Symbol != "":
		s = v.Symbol
	case v.Const != nil:
		s = fmt.Sprintf("%q", v.Const.Text)
	case v.Object != nil:
		s = "{}"
	case v.List != nil:
		s = "[]"
	case v.Type != nil:
		s = "a " + v.Type.String()
	}
	if v.Guessed {
		s += "?"
	}
	return s
}

func target(t resolve.Target) string {
	s := t.Symbol
	if t.Func != nil {
		s = t.Func.Name
	}
	if t.Row != nil {
		s += " (" + string(t.Row.Does) + ")"
	}
	if t.Guessed {
		s += "?"
	}
	return s
}

func routes(r *resolve.Resolver) string {
	var b strings.Builder
	for _, rt := range r.Routes() {
		if !rt.Known {
			b.WriteString("~")
		}
		if rt.Method != "" {
			b.WriteString(rt.Method + " ")
		}
		fmt.Fprintf(&b, "%s: %s", rt.Path, links(rt.Chain))
		if c := r.Central(rt); len(c) > 0 {
			fmt.Fprintf(&b, " ! %s", links(c))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func links(chain []resolve.Link) string {
	var list []string
	for _, l := range chain {
		s := "?"
		switch {
		case l.Func != nil:
			s = l.Func.Name
		case l.Symbol != "":
			s = l.Symbol
		}
		if l.Wraps {
			s += "("
		}
		list = append(list, s)
	}
	return strings.Join(list, " > ")
}
