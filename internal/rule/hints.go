package rule

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// hints reads the block "jotsight:" into r.
func (m *mistakes) hints(r *Rule, p pair) {
	h := &r.Hints
	for _, p := range m.pairs(p.value, "jotsight") {
		plain := false // whether a plain rule may say it, a correlation, or both
		counted := false
		switch p.key {
		case "detection":
			r.Detection = m.name(p)
		case "benign":
			r.Benign = m.texts(p)
		case "playbook":
			r.Playbook = m.text(p)
		case "group_by":
			plain = true
			h.Group = m.group(p)
		case "cooldown":
			h.Cooldown = m.span(p)
		case "resolve_after":
			counted = true
			h.ResolveAfter = m.span(p)
		case "lateness":
			counted = true
			h.Lateness = m.span(p)
		case "min_samples":
			counted = true
			h.MinSamples = m.count(p)
		case "exact":
			counted = true
			h.Exact = m.boolean(p)
		case "inhibits":
			h.Inhibits = m.texts(p)
		case "escalate":
			for _, n := range items(p.value) {
				h.Escalate = append(h.Escalate, m.escalation(n))
			}
		case "severity_by_env":
			h.SeverityByEnv = map[string]catalog.Severity{}
			for _, p := range m.pairs(p.value, p.key) {
				h.SeverityByEnv[p.key] = m.level(p)
			}
		default:
			m.at(p.at, "jotsight.%s: unknown", p.key)
		}
		switch {
		case plain && r.Correlation != nil:
			m.at(p.at, "jotsight.%s: only for a plain rule; a correlation has group-by", p.key)
		case counted && r.Correlation == nil:
			m.at(p.at, "jotsight.%s: only for a correlation", p.key)
		}
	}
	if c := r.Correlation; c != nil {
		c.Min = max(c.Min, h.MinSamples)
	}
}

func (m *mistakes) escalation(n *yaml.Node) (e Escalation) {
	for _, p := range m.pairs(n, "escalate") {
		switch p.key {
		case "on":
			switch on := m.text(p); on {
			case "count":
			case "second_rule", "success_after", "privileged_scope":
				m.at(p.value, "escalate: on %s is not supported yet", on)
			default:
				m.at(p.value, "escalate: on %q: unknown, only count", on)
			}
		case "at":
			e.At = m.count(p)
		case "to":
			e.To = m.level(p)
		default:
			m.at(p.at, "escalate.%s: unknown", p.key)
		}
	}
	if e.To == catalog.None && n.Kind == yaml.MappingNode {
		m.at(n, "escalate: to what level?")
	}
	return e
}

var levels = map[string]catalog.Severity{
	"informational": catalog.None, "low": catalog.Low, "medium": catalog.Medium,
	"high": catalog.High, "critical": catalog.Critical,
}

func (m *mistakes) level(p pair) catalog.Severity {
	l, ok := levels[p.value.Value]
	if !ok {
		m.at(p.value, "%s: %q: not one of informational, low, medium, high, critical", p.key, p.value.Value)
	}
	return l
}

// name reads the name of a rule: it stands in alerts, file names and addresses.
func (m *mistakes) name(p pair) string {
	s := m.text(p)
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
	}
	if s == "" || len(s) > 100 || strings.ContainsFunc(s, bad) {
		m.at(p.value, "%s: not a name of at most 100 letters, digits, dashes, dots and underscores", p.key)
		return ""
	}
	return s
}

// group reads the fields of a group-by.
func (m *mistakes) group(p pair) []*event.Field {
	var list []*event.Field
	for _, n := range items(p.value) {
		if f := m.single(p.key, n); f != nil {
			if slices.Contains(list, f) {
				m.at(n, "%s: field %q stated twice", p.key, f.Key)
			}
			list = append(list, f)
		}
	}
	return list
}

// single finds a field that has one value.
func (m *mistakes) single(what string, n *yaml.Node) *event.Field {
	f, ok := event.FieldOf(n.Value)
	switch {
	case n.Kind != yaml.ScalarNode || !ok:
		m.at(n, "%s: field %q: unknown", what, n.Value)
		return nil
	case f.Type == event.List || f.Type == event.Timestamp:
		m.at(n, "%s: field %q: a list or a time cannot be counted by", what, f.Key)
		return nil
	}
	return f
}
