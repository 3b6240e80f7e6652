package golang

import (
	"go/build/constraint"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A header is what stands before the first declaration of a file.
type header struct {
	file    *ir.File
	name    string // of the package
	imports []spec
	fits    bool // it is built for linux/amd64
}

// A spec is one import.
type spec struct {
	name string // alias, . or _; empty for none
	path string
}

var generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

// scan reads the header of f. It is nil if f says no package.
func scan(f *ir.File) *header {
	top := head(f.Source)
	h, complete := scanText(f, top)
	if !complete && len(top) < len(f.Source) { // a comment looked like a declaration
		h, _ = scanText(f, f.Source)
	}
	return h
}

// scanText also says whether the first declaration was seen.
func scanText(f *ir.File, top string) (h *header, complete bool) {
	h = &header{file: f, fits: fitsName(f.Path)}
	set := token.NewFileSet()
	src := []byte(top)
	var s scanner.Scanner
	s.Init(set.AddFile("", -1, len(src)), src, func(token.Position, string) {}, scanner.ScanComments)
	var old constraint.Expr // of lines // +build
	build := false
	for {
		_, tok, text := s.Scan()
		switch tok {
		case token.COMMENT:
			if generated.MatchString(text) {
				f.Generated = true
			}
			if h.name != "" {
				continue
			}
			x, err := constraint.Parse(text)
			switch {
			case err != nil:
			case constraint.IsGoBuild(text):
				build = true
				h.fits = h.fits && x.Eval(fitsTag)
			case old == nil:
				old = x
			default:
				old = &constraint.AndExpr{X: old, Y: x}
			}
		case token.SEMICOLON:
		case token.PACKAGE:
			if _, tok, text = s.Scan(); tok != token.IDENT {
				return nil, true
			}
			h.name = text
			if old != nil && !build {
				h.fits = h.fits && old.Eval(fitsTag)
			}
		case token.IMPORT:
			h.importDecl(&s)
		default:
			if h.name == "" {
				h = nil
			}
			return h, tok != token.EOF
		}
	}
}

// head cuts off what cannot belong to the header, so that long files cost nothing:
// only comments, the package and imports come before the first of these words.
func head(src string) string {
	end := len(src)
	for _, word := range [...]string{"\nfunc ", "\ntype ", "\nvar ", "\nconst "} {
		if i := strings.Index(src[:end], word); i >= 0 {
			end = i + len(word)
		}
	}
	return src[:end]
}

func (h *header) importDecl(s *scanner.Scanner) {
	var name string
	open := false
	for {
		_, tok, text := s.Scan()
		switch tok {
		case token.LPAREN:
			open = true
		case token.IDENT:
			name = text
		case token.PERIOD:
			name = "."
		case token.STRING:
			if p, err := strconv.Unquote(text); err == nil && p != "" {
				h.imports = append(h.imports, spec{name, p})
			}
			name = ""
			if !open {
				return
			}
		case token.COMMENT, token.SEMICOLON:
		default: // a closing parenthesis, the end, or nonsense
			return
		}
	}
}

var systems = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
var machines = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// fitsName judges the endings _GOOS, _GOARCH and _GOOS_GOARCH.
func fitsName(file string) bool {
	parts := strings.Split(strings.TrimSuffix(path.Base(file), ".go"), "_")[1:]
	if n := len(parts); n > 0 && machines[parts[n-1]] {
		if parts[n-1] != "amd64" {
			return false
		}
		parts = parts[:n-1]
	}
	n := len(parts)
	return n == 0 || !systems[parts[n-1]] || parts[n-1] == "linux"
}

func fitsTag(tag string) bool {
	switch tag {
	case "linux", "unix", "amd64", "gc", "cgo":
		return true
	}
	return strings.HasPrefix(tag, "go1.")
}
