package rule

import (
	"math"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/guard/event"
)

// A draft is a correlation whose parts are not looked up yet.
type draft struct {
	rule     *Rule
	refs     []*yaml.Node
	groupBy  []*yaml.Node
	aliases  map[string]map[string]*yaml.Node // name of the alias, reference, field
	generate bool
}

// correlation reads the block "correlation:" into r. What it refers to is found
// by link, when every document is known.
func (m *mistakes) correlation(r *Rule, p pair) *draft {
	d := &draft{rule: r, aliases: map[string]map[string]*yaml.Node{}}
	c := &Correlation{}
	r.Correlation = c
	block := p
	var kind, cond *pair
	for _, p := range m.pairs(p.value, "correlation") {
		switch p.key {
		case "type":
			kind = &p
			switch t := m.text(p); t {
			case "event_count":
				c.Type = EventCount
			case "value_count":
				c.Type = ValueCount
			case "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median":
				m.at(p.value, "correlation type %s: not supported yet, only event_count and value_count", t)
			default:
				m.at(p.value, "correlation type %q: unknown", t)
			}
		case "rules":
			d.refs = items(p.value)
		case "group-by":
			d.groupBy = items(p.value)
		case "timespan":
			c.Window = m.span(p)
		case "condition":
			cond = &p
		case "generate":
			d.generate = m.boolean(p)
		case "aliases":
			for _, a := range m.pairs(p.value, "aliases") {
				d.aliases[a.key] = map[string]*yaml.Node{}
				for _, ref := range m.pairs(a.value, "alias") {
					d.aliases[a.key][ref.key] = ref.value
				}
			}
		default:
			m.at(p.at, "correlation.%s: unknown", p.key)
		}
	}
	switch {
	case kind == nil:
		m.at(block.at, "correlation: without a type")
	case len(d.refs) == 0:
		m.at(block.at, "correlation: without rules")
	case c.Window == 0:
		m.at(block.at, "correlation: without a timespan")
	}
	if cond == nil {
		m.at(block.at, "correlation: without a condition")
	} else {
		m.threshold(c, *cond)
	}
	return d
}

// threshold reads a condition on a count. One without a lower bound would be
// true of nearly every group at nearly every moment, and is refused.
func (m *mistakes) threshold(c *Correlation, p pair) {
	lower, upper := int64(-1), int64(0)
	for _, p := range m.pairs(p.value, "condition") {
		switch p.key {
		case "gt":
			lower = max(lower, m.count(p)+1)
		case "gte":
			lower = max(lower, m.count(p))
		case "lt":
			upper = m.count(p) - 1
		case "lte":
			upper = m.count(p)
		case "eq", "neq":
			m.at(p.at, "condition.%s: a count passes every value on its way; use gt or gte", p.key)
			return
		case "field":
			for _, n := range items(p.value) {
				if f := m.single("condition.field", n); f != nil {
					c.Fields = append(c.Fields, f)
				}
			}
		default:
			m.at(p.at, "condition.%s: unknown", p.key)
		}
	}
	switch {
	case lower < 1:
		m.at(p.at, "condition: needs gt or gte, with 1 or more")
	case lower > math.MaxInt32:
		m.at(p.at, "condition: above %d", math.MaxInt32)
	case upper != 0 && upper < lower:
		m.at(p.at, "condition: no count can be in this range")
	case c.Type == ValueCount && len(c.Fields) == 0:
		m.at(p.at, "condition: value_count needs a field")
	case c.Type == ValueCount && lower > MaxValues:
		m.at(p.at, "condition: value_count above %d is not supported yet", MaxValues)
	case c.Type == EventCount && len(c.Fields) > 0:
		m.at(p.at, "condition: event_count takes no field")
	}
	c.Min, c.Max = lower, upper
}

// MaxValues is the greatest threshold of a value_count: distinct values are
// counted exactly, which costs room for each.
const MaxValues = 64

// link finds the rules that a correlation counts and the fields of its groups.
func (m *mistakes) link(d *draft, byRef map[string]*Rule) {
	c := d.rule.Correlation
	for _, n := range d.refs {
		part, ok := byRef[n.Value]
		switch {
		case n.Kind != yaml.ScalarNode || !ok:
			m.at(n, "correlation: rule %q: not found", n.Value)
			continue
		case part.Correlation != nil:
			m.at(n, "correlation: rule %q is a correlation itself, which is not supported yet", n.Value)
			continue
		case slices.ContainsFunc(c.Of, func(p Part) bool { return p.Rule == part }):
			m.at(n, "correlation: rule %q stated twice", n.Value)
			continue
		}
		var group []*event.Field
		for _, g := range d.groupBy {
			at := g
			if alias, ok := d.aliases[g.Value]; ok {
				if at, ok = alias[n.Value]; !ok {
					m.at(g, "alias %q: says nothing for rule %q", g.Value, n.Value)
					continue
				}
			}
			if f := m.single("group-by", at); f != nil {
				group = append(group, f)
			}
		}
		c.Of = append(c.Of, Part{Rule: part, Group: group})
	}
	for _, g := range d.groupBy {
		if slices.Contains(c.Keys, g.Value) {
			m.at(g, "group-by: %q stated twice", g.Value)
		}
		c.Keys = append(c.Keys, g.Value)
	}
	for name := range d.aliases {
		if !slices.Contains(c.Keys, name) {
			m.at(d.refs[0], "alias %q: not used in group-by", name)
		}
	}
}
