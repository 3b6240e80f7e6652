package golang

import (
	"cmp"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// An imported is a package as one file imports it.
type imported struct {
	path string
	unit *unit // nil if it lies outside
}

// bind puts the imports of a file in its scope. Of what lies outside we do not know
// the name of the package, only its path.
func (s *source) bind(u *unit) {
	s.names = make(map[string]*object, len(s.header.imports))
	for _, i := range s.header.imports {
		imp := &imported{i.path, u.deps[i.path]}
		switch {
		case i.name == "_":
		case i.name == ".":
			s.dots = append(s.dots, imp)
		case i.name != "":
			s.names[i.name] = &object{imp: imp}
		case imp.unit != nil:
			s.names[imp.unit.name] = &object{imp: imp}
		default:
			s.unsure = append(s.unsure, imp)
		}
	}
	// Of several that could have a name, the one with the shortest path has it, or
	// the one that says it more often: golang-jwt/jwt before gofiber/jwt.
	slices.SortStableFunc(s.unsure, func(a, b *imported) int {
		return cmp.Or(strings.Count(a.path, "/")-strings.Count(b.path, "/"),
			strings.Count(b.path, likely(b.path)[0])-strings.Count(a.path, likely(a.path)[0]))
	})
	var rest []*imported
	for _, imp := range s.unsure {
		if name := likely(imp.path)[0]; s.names[name] == nil {
			s.names[name] = &object{imp: imp}
			if !strings.Contains(imp.path, ".") {
				continue // the standard library is as it is called
			}
		}
		rest = append(rest, imp)
	}
	s.unsure = rest
}

// likely lists names that the package of a path may have, the likeliest first. It
// is never empty.
func likely(p string) []string {
	base := path.Base(p)
	if isVersion(base) && path.Dir(p) != "." {
		base = path.Base(path.Dir(p))
	}
	if i := strings.LastIndex(base, ".v"); i > 0 && strings.Trim(base[i+2:], "0123456789") == "" {
		base = base[:i]
	}
	plain := base
	for _, affix := range [...]string{"go-", "go."} {
		plain = strings.TrimPrefix(plain, affix)
	}
	for _, affix := range [...]string{"-go", ".go", "-golang"} {
		plain = strings.TrimSuffix(plain, affix)
	}
	list := []string{plain}
	add := func(name string) {
		if name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	list[0] = strings.Map(underscored, plain)
	if list[0] == "" {
		list[0] = base
	}
	add(strings.Map(joined, plain))
	add(strings.Map(joined, base))
	add(path.Base(p))
	if len(base) > 1 && base[0] == 'v' && base[1] >= '0' && base[1] <= '9' {
		add(path.Base(path.Dir(p))) // storage/v1beta2
	}
	for _, word := range strings.FieldsFunc(base, func(r rune) bool { return r == '-' || r == '.' || r == '_' }) {
		add(word)
	}
	return list
}

func underscored(r rune) rune {
	if r == '-' || r == '.' {
		return '_'
	}
	return r
}

func joined(r rune) rune {
	if r == '-' || r == '.' || r == '_' {
		return -1
	}
	return r
}

// isVersion recognises v2 and above: a folder v1 is a package of this name.
func isVersion(s string) bool {
	return len(s) > 1 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == "" && s != "v0" && s != "v1"
}

// qualifier finds the import that a file means by a name that nothing declares: one
// that could have this name, or the only one that nobody uses.
func (s *source) qualifier(name string) *imported {
	if s.used == nil {
		s.used = make(map[string]bool)
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					s.used[x.Name] = true
				}
			}
			return true
		})
	}
	var best *imported
	var ties int
	most := -1
	for _, imp := range s.unsure {
		names := likely(imp.path)
		score := 0
		switch {
		case s.used[names[0]] && s.names[names[0]] != nil && s.names[names[0]].imp == imp:
			continue // it has its name, and is used
		case slices.Contains(names, name):
			score = 1000
		default:
			for _, n := range names {
				if len(n) > 2 && (strings.Contains(name, n) || strings.Contains(n, name)) {
					score = max(score, min(len(n), len(name)))
				}
			}
			for dir := path.Dir(imp.path); score == 0 && strings.Contains(dir, "/"); dir = path.Dir(dir) {
				if b := path.Base(dir); strings.Contains(name, b) || strings.Contains(b, name) {
					score = 1
				}
			}
		}
		if score > most {
			best, most, ties = imp, score, 0
		} else if score == most {
			ties++
		}
	}
	if best == nil || ties > 0 && most == 0 {
		return nil
	}
	s.names[name] = &object{imp: best}
	return best
}
