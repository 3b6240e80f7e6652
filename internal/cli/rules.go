package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/rule"
)

var _ = add(func() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "List and check detection rules",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var dir string
	list := &cobra.Command{
		Use:   "list",
		Short: "List the rules: level, name, what they count, title",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			rules, err := loadRules(dir)
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range rules {
				if !r.Silent {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Level, r.Name, counts(r), r.Title)
				}
			}
			return t.Flush()
		},
	}
	list.Flags().StringVar(&dir, "rules", "", "list the rules in `DIR`, or of one file, instead of the shipped ones")
	check := &cobra.Command{
		Use:   "check [DIR|FILE...]",
		Short: "Check rule files, and name every mistake",
		Long: `Check reads Sigma rules as serve and replay do and names every mistake with its
file, line and column. Without an argument it checks the shipped rules.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{""}
			}
			total, wrong := 0, false
			for _, path := range args {
				rules, err := loadRules(path)
				total += len(rules)
				if err == nil {
					continue
				}
				wrong = true
				if e := errors.Unwrap(err); e != nil {
					err = e
				}
				for line := range strings.Lines(err.Error()) {
					fmt.Fprintln(c.ErrOrStderr(), "jotsight:", strings.TrimSpace(line))
				}
			}
			if wrong {
				return exit(ExitUsage)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s, no mistake\n", many(total, "rule"))
			return err
		},
	}
	c.AddCommand(list, check)
	return c
})

// counts says in a few words what makes a rule fire.
func counts(r *rule.Rule) string {
	c := r.Correlation
	if c == nil {
		return "first one"
	}
	what := "events"
	if c.Type == rule.ValueCount {
		what = ""
		for i, f := range c.Fields {
			what += ", "[:2*min(i, 1)] + f.Key
		}
	}
	text := fmt.Sprintf("%d %s in %s", c.Min, what, span(c.Window))
	if len(c.Keys) > 0 {
		text += " by " + strings.Join(c.Keys, ", ")
	}
	return text
}

// span writes a time as a rule file does.
func span(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
