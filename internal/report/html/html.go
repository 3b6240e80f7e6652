// Package html writes a report as one page that needs nothing beside itself: no
// script, no picture, no font, nothing from the network, which its content
// security policy makes sure of. It reads on a telephone and on paper, by day and
// by night, and without a mouse; the filters work by CSS alone.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var (
	//go:embed page.tmpl
	pageText string
	//go:embed page.css
	style string

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"esc":   escape,
		"words": words,
		"lower": strings.ToLower,
		"add":   func(a, b int) int { return a + b },
	}).Parse(pageText))
)

// policy allows the page's own style, by its hash, the empty icon, and nothing
// else at all. A
// frame-ancestors would be ignored in a meta element.
func policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'"
}

// A view is what the template shows.
type view struct {
	*finding.Report
	Policy       string
	Style        template.CSS
	Summary      string
	Tally        string
	Cards        []card
	Matrix       finding.Matrix
	List         []item
	Filters      []filter
	Inconclusive []finding.Reason
	Skipped      []finding.Reason
	Next         []string
}

// A card is one grade.
type card struct {
	Name, Question string
	finding.Grade
}

// An item is one finding with what the catalogue says about it.
type item struct {
	finding.Finding
	Title, Why string
	Fix, Ours  string
	Name       string // of what Ours is about
	Aside      bool
}

// A filter is one severity that can be hidden.
type filter struct {
	Name  string
	Count int
}

// Write writes r.
func Write(w io.Writer, r *finding.Report) error {
	v := view{
		Report: r, Policy: policy(), Style: template.CSS(style),
		Summary: finding.Summary(r), Tally: finding.Tally(r), Matrix: finding.MatrixOf(r.Runs), Next: finding.Next(r),
		Cards: []card{
			{"Protection", "Were attacks refused?", r.Grades.Protection},
			{"Visibility", "Were they seen?", r.Grades.Visibility},
		},
		Inconclusive: finding.ByReason(r.Runs, finding.Inconclusive),
		Skipped:      finding.ByReason(r.Runs, finding.Skipped),
	}
	for s := catalog.Critical; s >= catalog.None; s-- {
		n := 0
		for _, f := range r.Findings {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			v.Filters = append(v.Filters, filter{s.String(), n})
		}
	}
	for _, f := range finding.Sorted(r.Findings) {
		x := item{Finding: f, Aside: f.Suppressed != nil || f.Implied != ""}
		if w, ok := catalog.WeaknessOf(f.ID); ok {
			if x.Why = w.Why; !strings.EqualFold(w.Title, f.Message) {
				x.Title = w.Title
			}
			if f.Implied == "" {
				x.Fix, x.Ours = w.Fixes()
				x.Name = finding.Ours(x.Ours)
			}
		}
		v.List = append(v.List, x)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return fmt.Errorf("report of %s: %w", r.Command, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// escape makes foreign text printable; what HTML could take for markup the
// template escapes.
func escape(s any) string { return finding.Escape(fmt.Sprint(s)) }

// words marks what stands in backquotes as code. It is for texts of the
// catalogue, which are ours.
func words(s string) template.HTML {
	var b strings.Builder
	for i, part := range slices.Collect(strings.SplitSeq(s, "`")) {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String())
}
