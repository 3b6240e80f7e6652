package golang

import (
	"go/ast"
	"sort"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// directives says whether a text can hold one.
func directives(s string) bool {
	return strings.Contains(s, "jotsight:") || strings.Contains(s, "nolint")
}

// comments keeps those that hold directives.
func (s *source) comments() {
	for _, group := range s.ast.Comments {
		for _, c := range group.List {
			if directives(c.Text) {
				start := int32(int(c.Pos()) - s.base)
				s.file.Comments = append(s.file.Comments, ir.Comment{
					Span: ir.Span{File: s.file, Start: start, End: start + int32(len(c.Text))},
					Text: plain(c.Text),
				})
			}
		}
	}
}

// plain takes the delimiters off a comment.
func plain(text string) string {
	if rest, ok := strings.CutPrefix(text, "//"); ok {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/"))
}

// doc lists the directives of the comment right before a declaration.
func (s *source) doc(group *ast.CommentGroup) string {
	if group == nil {
		return ""
	}
	var lines []string
	for _, c := range group.List {
		if strings.Contains(c.Text, "jotsight:") {
			lines = append(lines, plain(c.Text))
		}
	}
	return strings.Join(lines, "\n")
}

// docBefore is doc for a function literal, whose comment the parser attaches to
// nothing.
func (s *source) docBefore(start int32) string {
	list := s.file.Comments
	i := sort.Search(len(list), func(i int) bool { return list[i].End > start })
	if i == 0 {
		return ""
	}
	c := list[i-1]
	between := s.file.Source[c.End:start]
	if !strings.Contains(c.Text, "jotsight:") || strings.Count(between, "\n") > 1 || strings.ContainsAny(between, ";{}") {
		return ""
	}
	return c.Text
}
