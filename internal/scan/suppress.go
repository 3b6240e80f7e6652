package scan

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// suppress reads one item of suppress. A reason is asked for: whoever meets the
// suppression in a year must be able to judge it.
func (d *decoder) suppress(n *yaml.Node, f string) finding.Rule {
	rule := finding.Rule{Where: fmt.Sprintf("%s:%d", d.name, n.Line)}
	seen := d.object(n, f, fields{
		"id": func(n *yaml.Node, f string) {
			rule.ID = catalog.ID(d.text(n, f))
			if _, ok := catalog.WeaknessOf(rule.ID); !ok {
				d.fail(n, f, "%.64q is no weakness; jotsight explain lists all", string(rule.ID))
			}
		},
		"route": func(n *yaml.Node, f string) { rule.Route = d.text(n, f) },
		"reason": func(n *yaml.Node, f string) {
			if rule.Reason = strings.TrimSpace(d.text(n, f)); rule.Reason == "" {
				d.fail(n, f, "empty; it says why the finding is accepted")
			}
		},
		"until": func(n *yaml.Node, f string) {
			var err error
			if rule.Until, err = time.Parse(finding.Day, d.text(n, f)); err != nil {
				d.fail(n, f, "not a day such as 2027-01-31")
			}
		},
	})
	for _, name := range []string{"id", "reason"} {
		if n.Kind == yaml.MappingNode && !seen[name] {
			d.fail(n, join(f, name), "missing")
		}
	}
	return rule
}
