package reference

import (
	"fmt"
	"strings"
)

// Command makes docs/reference anew, from the root of the repository.
const Command = "go run ./internal/catalog/gen"

// Files gives the Markdown of docs/reference by file name: one for each sort, and
// the list of all.
func Files() map[string]string {
	files := map[string]*strings.Builder{}
	index := open(files, "README.md", "Reference", "Everything that jotsight names. `jotsight explain NAME` shows the same pages at a terminal.")
	sort, group := Sort(""), ""
	for _, p := range Pages() {
		name := file(p.Sort)
		if p.Sort != sort {
			sort, group = p.Sort, ""
			open(files, name, string(p.Sort), intro[p.Sort])
			fmt.Fprintf(index, "\n## [%s](%s)\n\n", p.Sort, name)
		}
		if p.Group != "" && p.Group != group {
			group = p.Group
			fmt.Fprintf(files[name], "\n## %s\n", strings.ToUpper(group[:1])+group[1:])
		}
		p.markdown(files[name])
		fmt.Fprintf(index, "- %s: %s\n", link(p.Name, p.Sort), p.Title)
	}
	out := map[string]string{}
	for name, b := range files {
		out[name] = b.String()
	}
	return out
}

var intro = map[Sort]string{
	Weakness:  "Ways in which a service can be wrong about its tokens. The linter finds the line, the scanner proves it from outside and from the log side, and detections fire when it is exploited.",
	Detection: "The rules that jotsight ships: when they fire, what else may be the cause, and what to do. How each counts stands in `rules/`.",
	Kind:      "What can happen to a token: the values of the key `event`.",
	Reason:    "Why a token was refused: the values of the key `error.type`, class by class. The reason goes to the event only, never to the client.",
	Key:       "The keys of an event, in the order in which they are written. An event is one flat JSON object on one line; names are those of OpenTelemetry, and `jwt.*` and `jotsight.*` are ours.",
}

func file(s Sort) string { return strings.ToLower(string(s)) + ".md" }

func open(files map[string]*strings.Builder, name, title, intro string) *strings.Builder {
	b := new(strings.Builder)
	files[name] = b
	fmt.Fprintf(b, "<!-- Made from the catalogue by `%s`; do not edit. -->\n\n# %s\n\n%s\n", Command, title, intro)
	return b
}

func (p Page) markdown(b *strings.Builder) {
	level := "##"
	if p.Group != "" {
		level = "###"
	}
	fmt.Fprintf(b, "\n%s %s\n\n%s.\n\n", level, p.Name, p.Title)
	for i, f := range p.Facts {
		if i > 0 {
			b.WriteString(" · ")
		}
		fmt.Fprintf(b, "**%s** %s", f.Label, f.Value)
	}
	b.WriteString("\n")
	for _, s := range p.Sections {
		fmt.Fprintf(b, "\n*%s.*", s.Heading)
		if s.Text != "" {
			fmt.Fprintf(b, " %s", s.Text)
		}
		b.WriteString("\n")
		if len(s.List) > 0 {
			b.WriteString("\n")
		}
		for _, item := range s.List {
			if item.Name == "" {
				fmt.Fprintf(b, "- %s\n", item.Text)
				continue
			}
			fmt.Fprintf(b, "- %s: %s\n", link(item.Name, item.Sort), item.Text)
		}
	}
}

// link leads to the heading of a page. Anchors drop dots, as the usual renderers do.
func link(name string, s Sort) string {
	return fmt.Sprintf("[%s](%s#%s)", name, file(s), strings.ReplaceAll(name, ".", ""))
}
