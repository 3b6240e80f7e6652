package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/catalog/reference"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint"
)

var _ = add(func() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [NAME]",
		Short: "Explain a weakness, detection, event, reason or key",
		Long: "Explain shows what a name of the catalogue means, why it matters and what to do.\n" +
			"Without a name it lists all of them.",
		Example: "  jotsight explain silent-verify-failure\n  jotsight explain refresh_reuse",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, p := range reference.Pages() {
					names = append(names, p.Name+"\t"+p.Title)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			o := finding.Terminal(c.OutOrStdout(), os.Getenv)
			text, err := explainAll(o), error(nil)
			if len(args) == 1 {
				text, err = explain(args[0], o)
				text += examples(args[0], o)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.OutOrStdout(), text)
			return err
		},
	}
})

// explainAll lists every name with its title.
func explainAll(o finding.TextOptions) string {
	var b strings.Builder
	last := ""
	for _, p := range reference.Pages() {
		heading := string(p.Sort)
		if p.Group != "" {
			heading += ": " + p.Group
		}
		if heading != last {
			if last != "" {
				b.WriteString("\n")
			}
			b.WriteString(o.Bold(heading) + "\n")
			last = heading
		}
		fmt.Fprintf(&b, "  %-28s %s\n", p.Name, p.Title)
	}
	return b.String()
}

// explain shows the pages of one name.
func explain(name string, o finding.TextOptions) (string, error) {
	pages := reference.Lookup(name)
	if len(pages) == 0 {
		hint := "jotsight explain lists all names"
		if near := reference.Nearest(name, 3); len(near) > 0 {
			hint = "did you mean " + strings.Join(near, " or ") + "? " + hint
		}
		return "", usage(fmt.Errorf("name %.64q: not in the catalogue", name), hint)
	}
	var b strings.Builder
	for i, p := range pages {
		if i > 0 {
			b.WriteString("\n")
		}
		explainPage(&b, p, o)
	}
	return b.String(), nil
}

func explainPage(b *strings.Builder, p reference.Page, o finding.TextOptions) {
	para := func(indent, text string) {
		for _, l := range finding.Wrap(text, o.Columns()-len(indent)) {
			b.WriteString(indent + l + "\n")
			indent = strings.Repeat(" ", len(indent))
		}
	}
	fmt.Fprintf(b, "%s  (%s)\n", o.Bold(p.Name), p.Sort.One())
	para("", p.Title+".")
	b.WriteString("\n")
	for _, f := range p.Facts {
		fmt.Fprintf(b, "  %-10s %s\n", f.Label, f.Value)
	}
	for _, s := range p.Sections {
		b.WriteString("\n" + o.Bold(s.Heading) + "\n")
		if s.Text != "" {
			para("  ", s.Text)
		}
		for _, item := range s.List {
			text := item.Text
			if item.Name != "" {
				text = item.Name + ": " + text
			}
			para("  - ", text)
		}
	}
}

// examples shows what lint counts for a weakness, and code: the shortest that it
// finds, and the same as it should be. Nothing for a name that lint knows not.
func examples(name string, o finding.TextOptions) string {
	check, ok := lint.CheckOf(catalog.ID(name))
	if !ok {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n" + o.Bold("What lint counts") + "\n")
	for _, l := range finding.Wrap(check.Counts, o.Columns()-2) {
		b.WriteString("  " + l + "\n")
	}
	if check.Strict {
		b.WriteString("  Only --profile strict looks for it.\n")
	}
	bad, good := check.Pair()
	for _, e := range []struct {
		title string
		lint.Example
	}{{"Found", bad}, {"Right", good}} {
		b.WriteString("\n" + o.Bold(e.title) + "\n")
		for l := range strings.Lines(e.Source) {
			if l = strings.TrimRight(l, "\n"); l != "" {
				l = "  " + strings.ReplaceAll(l, "\t", "    ")
			}
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}
