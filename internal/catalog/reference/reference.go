// Package reference makes pages of the catalogue: one for each weakness,
// detection, kind of event, reason and key. `jotsight explain` shows them at a
// terminal, docs/reference holds them as Markdown, and both say the same because
// both are made from a Page.
package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// A Sort is one of the five kinds of entries. Its text is the heading of a list.
type Sort string

const (
	Weakness  Sort = "Weaknesses"
	Detection Sort = "Detections"
	Kind      Sort = "Events"
	Reason    Sort = "Reasons"
	Key       Sort = "Keys"
)

// One names a single entry of the sort.
func (s Sort) One() string {
	return map[Sort]string{Weakness: "weakness", Detection: "detection", Kind: "kind of event", Reason: "reason", Key: "key of an event"}[s]
}

// A Page explains one entry.
type Page struct {
	Name     string
	Sort     Sort
	Group    string // heading within the sort, where there are several
	Title    string
	Facts    []Fact
	Sections []Section
}

// A Fact is a short property.
type Fact struct{ Label, Value string }

// A Section is a paragraph or a list, or both, under a heading.
type Section struct {
	Heading string
	Text    string
	List    []Item
}

// An Item is a line of a list. One with a Name refers to the page of that Name.
type Item struct {
	Name string
	Sort Sort
	Text string
}

// Pages lists every page, sort by sort: weaknesses by group, and each group by
// name; events, reasons and keys in the order of the vocabulary.
func Pages() []Page {
	var pages []Page
	all := catalog.Weaknesses()
	groups := []string{"Visibility", "What the log gives away", "Abuse and lifecycle", "Acceptance", "Oracles and failure modes"}
	slices.SortStableFunc(all, func(a, b catalog.Weakness) int {
		return cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group))
	})
	for _, w := range all {
		pages = append(pages, weakness(w))
	}
	for _, d := range catalog.Detections() {
		pages = append(pages, detection(d))
	}
	for _, w := range catalog.Kinds() {
		pages = append(pages, word(w, Kind))
	}
	for _, w := range catalog.Reasons() {
		pages = append(pages, word(w, Reason))
	}
	for _, f := range event.Keys() {
		pages = append(pages, key(f))
	}
	return pages
}

// Lookup gives the pages of a name: more than one where a detection has the name
// of a weakness, or a reason that of an event. A kind is found without its prefix
// too.
func Lookup(name string) []Page {
	var found []Page
	for _, p := range Pages() {
		_, short, dotted := strings.Cut(p.Name, ".")
		if p.Name == name || p.Sort == Kind && dotted && short == name {
			found = append(found, p)
		}
	}
	return found
}

func weakness(w catalog.Weakness) Page {
	var cwe []string
	for _, n := range w.CWE {
		cwe = append(cwe, fmt.Sprintf("CWE-%d", n))
	}
	return Page{
		Name: string(w.ID), Sort: Weakness, Group: w.Group, Title: w.Title,
		Facts: []Fact{{"severity", w.Severity.String()}, {"group", w.Group}, {"seen by", sides(w.Sides)}, {"CWE", strings.Join(cwe, ", ")}},
		Sections: filled(
			Section{Heading: "Why it matters", Text: w.Why},
			Section{Heading: "What to do", Text: w.Fix},
			Section{Heading: "Detections", List: named(w.Detections)},
			Section{Heading: "References", List: references(w.Refs)},
		),
	}
}

func sides(s catalog.Side) string {
	var list []string
	for _, side := range []struct {
		bit  catalog.Side
		name string
	}{{catalog.Lint, "lint"}, {catalog.Scan, "scan"}, {catalog.Detect, "detect"}} {
		if s&side.bit != 0 {
			list = append(list, side.name)
		}
	}
	return strings.Join(list, ", ")
}

func detection(d catalog.Detection) Page {
	var benign, about []Item
	for _, b := range d.Benign {
		benign = append(benign, Item{Text: b})
	}
	for _, w := range catalog.Weaknesses() {
		if slices.Contains(w.Detections, d.ID) {
			about = append(about, Item{Name: string(w.ID), Sort: Weakness, Text: w.Title})
		}
	}
	return Page{
		Name: string(d.ID), Sort: Detection, Title: d.Title,
		Facts: []Fact{{"severity", d.Severity.String()}},
		Sections: filled(
			Section{Heading: "Fires on", Text: d.When},
			Section{Heading: "Harmless causes", List: benign},
			Section{Heading: "What to do", Text: d.Playbook},
			Section{Heading: "Weaknesses that it watches", List: about},
			Section{Heading: "References", List: references(d.Refs)},
		),
	}
}

func word(w catalog.Word, sort Sort) Page {
	p := Page{Name: w.Name, Sort: sort, Title: w.Title, Sections: []Section{{Heading: "Meaning", Text: w.Meaning}}}
	if w.Class != "" {
		p.Group = w.Class
		p.Facts = append(p.Facts, Fact{"class", w.Class})
		p.Sections = append(p.Sections, Section{Heading: "Class " + w.Class, Text: catalog.ClassOf(w.Class)})
	}
	severity := "that of its reason"
	if w.Severity != 0 {
		severity = fmt.Sprintf("%s (%d)", severityNames[w.Severity], w.Severity)
	}
	p.Facts = append(p.Facts, Fact{"severity", severity})
	if w.OWASP != "" {
		p.Facts = append(p.Facts, Fact{"OWASP", w.OWASP})
	}
	return p
}

// severityNames are the short names that OpenTelemetry gives to the first number
// of each range.
var severityNames = map[int]string{5: "debug", 9: "info", 13: "warn", 17: "error", 21: "fatal"}

func key(f *event.Field) Page {
	p := Page{Name: f.Key, Sort: Key, Title: strings.ToUpper(f.Note[:1]) + f.Note[1:], Facts: []Fact{{"type", typeNames[f.Type]}}}
	if f.Derived {
		p.Facts = append(p.Facts, Fact{"derived", "written for readers; ignored when read"})
	}
	return p
}

var typeNames = map[event.Type]string{
	event.Text: "text", event.Enum: "text of a closed set", event.Number: "number", event.Bool: "true or false",
	event.List: "list of texts", event.Timestamp: "time, RFC 3339 with nanoseconds",
}

func named(ids []catalog.ID) (list []Item) {
	for _, id := range ids {
		d, _ := catalog.DetectionOf(id)
		list = append(list, Item{Name: string(id), Sort: Detection, Text: d.Title})
	}
	return list
}

func references(r catalog.Refs) (list []Item) {
	for _, c := range []struct {
		name string
		ids  []string
	}{
		{"OWASP API Security Top 10 2023", r.API}, {"OWASP Top 10 2025", r.Top10}, {"OWASP ASVS 5.0.0", r.ASVS},
		{"RFC", r.RFC}, {"MITRE ATT&CK", r.ATTCK},
		{"NIST SP 800-53 r5", r.NIST53}, {"SOC 2", r.SOC2}, {"ISO/IEC 27001:2022", r.ISO}, {"PCI DSS 4.0.1", r.PCI},
	} {
		var ids []string
		for _, id := range c.ids {
			if inner, ok := strings.CutPrefix(id, "("); ok {
				id = strings.TrimSuffix(inner, ")") + " (by meaning)"
			}
			ids = append(ids, id)
		}
		switch {
		case len(ids) == 0:
		case c.name == "RFC":
			list = append(list, Item{Text: strings.Join(ids, ", ")})
		default:
			list = append(list, Item{Text: c.name + ": " + strings.Join(ids, ", ")})
		}
	}
	return list
}

func filled(sections ...Section) []Section {
	return slices.DeleteFunc(sections, func(s Section) bool { return s.Text == "" && len(s.List) == 0 })
}
