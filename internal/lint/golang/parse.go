package golang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A source is one file while its package is read, or one declaration of a file that
// does not parse as a whole.
type source struct {
	header *header
	file   *ir.File
	ast    *ast.File
	base   int // of the positions in ast
	names  map[string]*object
	dots   []*imported
	unsure []*imported     // those whose name we do not know
	used   map[string]bool // names before a dot; see qualifier
	jumps  bool            // there may be a goto
}

// parse reads one file. Of a broken one it reads each declaration by itself, since
// go/parser loses what comes after a missing brace.
func parse(h *header) []*source {
	f := h.file
	mode := parser.SkipObjectResolution | parser.AllErrors
	if directives(f.Source) {
		mode |= parser.ParseComments
	}
	whole := &source{header: h, file: f, base: 1, jumps: strings.Contains(f.Source, "goto ")}
	var err error
	whole.ast, err = parser.ParseFile(token.NewFileSet(), "", f.Source, mode)
	whole.comments()
	if err == nil {
		return []*source{whole}
	}
	f.Broken = broken(err)
	const clause = "package x;"
	var parts []*source
	starts := declarations(f.Source)
	for i, start := range starts {
		end := len(f.Source)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		part := &source{header: h, file: f, base: 1 + len(clause) - start, jumps: true}
		part.ast, _ = parser.ParseFile(token.NewFileSet(), "", clause+f.Source[start:end], mode)
		parts = append(parts, part)
	}
	return parts
}

// declarations says where lines begin that look like the begin of a declaration.
func declarations(src string) (starts []int) {
	for start := 0; start < len(src); {
		for _, word := range [...]string{"func ", "type ", "var ", "const "} {
			if strings.HasPrefix(src[start:], word) {
				starts = append(starts, start)
				break
			}
		}
		n := strings.IndexByte(src[start:], '\n')
		if n < 0 {
			break
		}
		start += n + 1
	}
	return starts
}

// broken says in one line what is wrong.
func broken(err error) string {
	text := err.Error()
	if i := strings.Index(text, " (and "); i > 0 {
		text = text[:i]
	}
	position, message, ok := strings.Cut(text, ": ")
	line, column, both := strings.Cut(position, ":")
	if !ok || !both || strings.Trim(line+column, "0123456789") != "" {
		return text
	}
	return "line " + line + ": " + message
}
