package javascript

import (
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// comments keeps those that may hold directives.
func (l *lowerer) comments() {
	f := l.m.file
	f.Comments = nil
	for _, c := range l.m.tree.Comments {
		text := f.Source[c.Start:c.End]
		if strings.Contains(text, "jotsight:") || strings.Contains(text, "nolint") {
			f.Comments = append(f.Comments, ir.Comment{Span: ir.Span{File: f, Start: c.Start, End: c.End}, Text: plainComment(text)})
		}
	}
	slices.SortFunc(f.Comments, func(a, b ir.Comment) int { return int(a.Start) - int(b.Start) })
}

func plainComment(s string) string {
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		return strings.TrimSpace(rest)
	}
	return strings.Trim(strings.TrimSuffix(strings.TrimPrefix(s, "/*"), "*/"), "* \t\r\n")
}

// doc is the directive in the comment right before a function, or before the
// statement that it begins.
func (l *lowerer) doc(n ecma.Node) string {
	list := l.m.file.Comments
	if len(list) == 0 {
		return ""
	}
	i, _ := slices.BinarySearchFunc(list, int32(n.Start()), func(c ir.Comment, at int32) int { return int(c.End) - int(at) })
	if i < len(list) && list[i].End <= int32(n.Start()) {
		i++
	}
	if i == 0 {
		return ""
	}
	c := list[i-1]
	between := l.m.file.Source[c.End:n.Start()]
	if !strings.Contains(c.Text, "jotsight:") || strings.Count(between, "\n") > 1 || strings.ContainsAny(between, ";{}") {
		return ""
	}
	return c.Text
}
