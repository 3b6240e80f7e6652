package rule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// An Error is one mistake in a rule file.
type Error struct {
	File         string
	Line, Column int
	Problem      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// mistakes collects what is wrong, so that one run shows all of it.
type mistakes struct {
	file string
	list []*Error
}

func (m *mistakes) at(n *yaml.Node, format string, args ...any) {
	m.add(n.Line, n.Column, format, args...)
}

func (m *mistakes) add(line, column int, format string, args ...any) {
	m.list = append(m.list, &Error{m.file, line, column, fmt.Sprintf(format, args...)})
}

func (m *mistakes) err() error {
	slices.SortStableFunc(m.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(m.list))
	for i, e := range m.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// A pair is one entry of a mapping.
type pair struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

// pairs lists the entries of a mapping in their order. A key that stands twice
// is a mistake: YAML leaves open which of them would win.
func (m *mistakes) pairs(n *yaml.Node, what string) []pair {
	if n.Kind != yaml.MappingNode {
		m.at(n, "%s: not a mapping", what)
		return nil
	}
	var list []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			m.at(k, "%s: a key that is not text", what)
		case slices.ContainsFunc(list, func(p pair) bool { return p.key == k.Value }):
			m.at(k, "%s: %q stated twice", what, k.Value)
		default:
			list = append(list, pair{k.Value, k, v})
		}
	}
	return list
}

func (m *mistakes) text(p pair) string {
	if p.value.Kind != yaml.ScalarNode || isNull(p.value) {
		m.at(p.value, "%s: not a text", p.key)
		return ""
	}
	return strings.TrimSpace(p.value.Value)
}

// texts reads a list of texts, or one text as a list of one.
func (m *mistakes) texts(p pair) []string {
	var list []string
	for _, n := range items(p.value) {
		if n.Kind != yaml.ScalarNode || isNull(n) {
			m.at(n, "%s: not a text", p.key)
			continue
		}
		list = append(list, strings.TrimSpace(n.Value))
	}
	return list
}

func (m *mistakes) boolean(p pair) bool {
	b, err := strconv.ParseBool(p.value.Value)
	if p.value.Kind != yaml.ScalarNode || p.value.Tag != "!!bool" || err != nil {
		m.at(p.value, "%s: neither true nor false", p.key)
	}
	return b
}

func (m *mistakes) count(p pair) int64 {
	n, err := strconv.ParseInt(p.value.Value, 10, 64)
	if p.value.Kind != yaml.ScalarNode || err != nil || n < 0 {
		m.at(p.value, "%s: not a whole number from 0", p.key)
	}
	return n
}

// MaxSpan bounds every time in a rule: state is held for that long.
const MaxSpan = 90 * 24 * time.Hour

// span reads a time in Sigma's form: a number and one of s, m, h, d.
func (m *mistakes) span(p pair) time.Duration {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	v := p.value.Value
	if p.value.Kind == yaml.ScalarNode && len(v) > 1 {
		n, err := strconv.ParseInt(v[:len(v)-1], 10, 32)
		if unit := units[v[len(v)-1]]; err == nil && unit > 0 && n > 0 && n <= int64(MaxSpan/unit) {
			return time.Duration(n) * unit
		}
	}
	m.at(p.value, "%s: %q is no time such as 30s, 10m, 1h or 7d, at most 90d", p.key, v)
	return 0
}

// items gives the members of a sequence, or n itself as the only one.
func items(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// aliases finds a reference to an anchor. They are refused: a few lines of them
// can stand for gigabytes.
func aliases(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, c := range n.Content {
		if a := aliases(c); a != nil {
			return a
		}
	}
	return nil
}
