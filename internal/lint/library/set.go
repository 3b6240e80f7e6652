package library

import (
	"slices"
	"strings"
	"sync"
)

// A Set is the rows that one run goes by. It is safe for several goroutines.
type Set struct {
	packages map[string]*pack
	anywhere []starred // patterns with a star in the package
	named    sync.Map  // symbol to *Row: copies of rows of patterns that depend on the name
}

// A pack is the rows of one package, by what follows it in a symbol.
type pack struct {
	exact   map[string]*Row
	starred []starred // the most exact first
	tokens  bool
}

type starred struct {
	pattern    string
	head, tail string // before its first star, and after its last: they tell most strangers at once
	row        *Row
}

func star(pattern string, row *Row) starred {
	return starred{pattern, pattern[:strings.IndexByte(pattern, '*')], pattern[strings.LastIndexByte(pattern, '*')+1:], row}
}

func (x *starred) matches(symbol string) bool {
	return strings.HasPrefix(symbol, x.head) && strings.HasSuffix(symbol, x.tail) && match(x.pattern, symbol)
}

// An Entry is a pattern without braces, and its row.
type Entry struct {
	Pattern string
	Row     *Row
}

// New makes a set of lists of entries, as Parse gives them. Of several that match
// a symbol the most exact one counts, and of equals the one of the last list, so
// that a user's row beats ours.
func New(lists ...[]Entry) *Set {
	s := &Set{packages: make(map[string]*pack, 512)}
	for _, list := range lists {
		for _, e := range list {
			s.add(e)
		}
	}
	exact := func(a, b starred) int { return exactness(b.pattern) - exactness(a.pattern) }
	for _, p := range s.packages {
		slices.SortStableFunc(p.starred, exact)
	}
	slices.SortStableFunc(s.anywhere, exact)
	return s
}

func (s *Set) add(e Entry) {
	name, rest := cut(e.Pattern)
	if strings.Contains(name, "*") {
		s.anywhere = slices.Insert(s.anywhere, 0, star(e.Pattern, e.Row))
		return
	}
	p := s.packages[name]
	if p == nil {
		p = &pack{exact: make(map[string]*Row, 8)}
		s.packages[name] = p
	}
	if strings.Contains(rest, "*") {
		p.starred = slices.Insert(p.starred, 0, star(rest, e.Row))
	} else {
		p.exact[rest] = e.Row
	}
	switch e.Row.Does {
	case Verify, Decode, Issue, Refresh, Guard:
		p.tokens = true
	}
}

// Find gives the row of a symbol, or nil.
func (s *Set) Find(symbol string) *Row {
	name, rest := cut(symbol)
	row := s.packages[name].find(rest)
	if row == nil {
		row = s.within(name, rest)
	}
	if row == nil {
		var buf [128]byte
		if plain := appendPlain(buf[:0], name); len(plain) != len(name) {
			row = s.packages[string(plain)].find(rest)
		}
	}
	if row == nil {
		for i := range s.anywhere {
			if x := &s.anywhere[i]; x.matches(symbol) {
				row = x.row
				break
			}
		}
	}
	if row != nil && row.depends() {
		return s.ofName(row, symbol)
	}
	return row
}

// within looks for what is imported from a file of a package of npm, such as
// npm:@nestjs/common/exceptions#HttpException.
func (s *Set) within(name, rest string) *Row {
	if !strings.HasPrefix(name, "npm:") {
		return nil
	}
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name, '/') {
		name = name[:i]
		if row := s.packages[name].find(rest); row != nil && rest != "default" {
			return row
		}
	}
	return nil
}

// ofName gives the same row for the same symbol each time.
func (s *Set) ofName(row *Row, symbol string) *Row {
	if r, ok := s.named.Load(symbol); ok {
		return r.(*Row)
	}
	r, _ := s.named.LoadOrStore(symbol, row.named(symbol))
	return r.(*Row)
}

func (p *pack) find(rest string) *Row {
	if p == nil {
		return nil
	}
	for {
		if r := p.exact[rest]; r != nil {
			return r
		}
		for i := range p.starred {
			if x := &p.starred[i]; x.matches(rest) {
				return x.row
			}
		}
		short, ok := strings.CutPrefix(rest, "default.")
		if !ok {
			return nil
		}
		rest = short
	}
}

// TokenPackage reports whether a package, written as in a symbol
// (go:github.com/golang-jwt/jwt/v5, npm:jose), has rows that verify, decode, issue
// or guard: without one, a file holds no operation on tokens by a library. A
// subpath such as npm:next-auth/jwt is of its package too.
func (s *Set) TokenPackage(pkg string) bool {
	return s.any(pkg, func(p *pack) bool { return p.tokens })
}

// Interesting reports whether a package has rows at all.
func (s *Set) Interesting(pkg string) bool {
	return s.any(pkg, func(*pack) bool { return true })
}

// any asks the rows of a package, of all its versions, and of what it is a subpath of.
func (s *Set) any(pkg string, ask func(*pack) bool) bool {
	var buf [128]byte
	for {
		if p := s.packages[pkg]; p != nil && ask(p) {
			return true
		}
		if p := s.packages[string(appendPlain(buf[:0], pkg))]; p != nil && ask(p) {
			return true
		}
		if !strings.HasPrefix(pkg, "npm:") {
			name, rest := cut(pkg)
			p := s.packages[name]
			return rest != "" && p != nil && ask(p) // a dot in the last element: see cut
		}
		i := strings.LastIndexByte(pkg, '/')
		if i < 0 {
			return false
		}
		pkg = pkg[:i]
	}
}

// cut parts a symbol into package and rest, without what stands between. The
// package of a Go symbol ends at the first dot of the last element of its path,
// but for one that a version follows (gopkg.in/yaml.v3); where the element itself
// has a dot (satori/go.uuid), that is wrong for rows and symbols alike. Of js: and
// java: it is the first name, and the class.
func cut(symbol string) (name, rest string) {
	i := -1
	switch {
	case strings.HasPrefix(symbol, "npm:"):
		i = strings.IndexByte(symbol, '#')
	case strings.HasPrefix(symbol, "clj:"):
		i = strings.IndexByte(symbol, '/')
	case strings.HasPrefix(symbol, "java:"):
		i = class(symbol)
	default:
		from := strings.LastIndexByte(symbol, '/') + 1
		if i = strings.IndexByte(symbol[from:], '.'); i >= 0 {
			i += from
			if n := version(symbol[i+1:]); n > 0 && i+1+n < len(symbol) && symbol[i+1+n] == '.' {
				i += 1 + n
			} else if n > 0 && i+1+n == len(symbol) {
				i = -1
			}
		}
	}
	if i < 0 {
		return symbol, ""
	}
	return symbol[:i], symbol[i+1:]
}

// class finds the dot after the first element that begins with a capital.
func class(symbol string) int {
	for i := len("java:"); i < len(symbol); {
		end := strings.IndexByte(symbol[i:], '.')
		if end < 0 {
			return -1
		}
		if c := symbol[i]; c >= 'A' && c <= 'Z' {
			return i + end
		}
		i += end + 1
	}
	return -1
}

// version is the length of v and digits at the start of s, or 0.
func version(s string) int {
	if len(s) < 2 || s[0] != 'v' {
		return 0
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

// appendPlain appends a package without its major version or node: prefix.
func appendPlain(b []byte, pkg string) []byte {
	if rest, ok := strings.CutPrefix(pkg, "npm:node:"); ok {
		return append(append(b, "npm:"...), rest...)
	}
	if !strings.HasPrefix(pkg, "go:") {
		return append(b, pkg...)
	}
	for from := 0; ; {
		i := strings.Index(pkg[from:], "/v")
		if i < 0 {
			return append(b, pkg...)
		}
		i += from
		end := i + 1 + version(pkg[i+1:])
		if end > i+1 && (end == len(pkg) || pkg[end] == '/') {
			return append(append(b, pkg[:i]...), pkg[end:]...)
		}
		from = i + 1
	}
}
