package library

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// largest is how many bytes a file of rows may have.
const largest = 1 << 20

// Parse reads a file of rows, as described at the top of this package. It reports
// every mistake that it finds, each with file, line and field.
func Parse(file string, data []byte) ([]Entry, error) {
	if len(data) > largest {
		return nil, fmt.Errorf("%s: more than %d bytes", file, largest)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if doc.Kind == 0 {
		return nil, nil // nothing but comments
	}
	return ParseNode(file, doc.Content[0])
}

// ParseNode reads rows from a node of a larger file, such as lint.rows of a user's
// .jotsight.yaml.
func ParseNode(file string, n *yaml.Node) ([]Entry, error) {
	r := reader{file: file}
	r.list(n, nil)
	if err := duplicates(r.entries); err != nil {
		r.errs = append(r.errs, err)
	}
	return r.entries, errors.Join(r.errs...)
}

// duplicates reports symbols that two rows are about.
func duplicates(entries []Entry) error {
	seen := make(map[string]*Row, len(entries))
	var errs []error
	for _, e := range entries {
		if len(errs) == patience {
			break
		}
		if first := seen[e.Pattern]; first != nil {
			errs = append(errs, fmt.Errorf("%s: match: %s has a row at %s already", e.Row.Where, e.Pattern, first.Where))
			continue
		}
		seen[e.Pattern] = e.Row
	}
	return errors.Join(errs...)
}

// Bounds of one file: how many mistakes are told of it, and how many symbols its
// rows may be about.
const (
	patience = 20
	crowd    = 1 << 16
)

type reader struct {
	file    string
	entries []Entry
	errs    []error
}

func (r *reader) where(n *yaml.Node) string { return r.file + ":" + strconv.Itoa(n.Line) }

func (r *reader) wrong(n *yaml.Node, format string, args ...any) {
	if len(r.errs) < patience {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", r.where(n), fmt.Errorf(format, args...)))
	}
}

// list reads rows and, where in is nil, groups.
func (r *reader) list(n *yaml.Node, in []string) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, "a list of rows must stand here")
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			r.wrong(item, "a row (match, does, …) or a group (in, rows) must stand here")
			continue
		}
		if in == nil && child(item, "rows") != nil {
			r.group(item)
		} else {
			r.row(item, in)
		}
	}
}

func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (r *reader) group(n *yaml.Node) {
	var in []string
	var rows *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key, value := n.Content[i], n.Content[i+1]; key.Value {
		case "in":
			in = r.patterns(value, "in", func(s string) error {
				if lang, rest, ok := strings.Cut(s, ":"); !ok || !languages[lang] || rest == "" && lang != "js" {
					return fmt.Errorf("%q is no package: a language (go: npm: js: clj: java:) and a name", s)
				}
				return nil
			})
			if in == nil {
				return
			}
		case "rows":
			rows = value
		default:
			r.wrong(key, "%s: no such field in a group: it has in and rows", key.Value)
		}
	}
	if in == nil {
		r.wrong(n, "in: missing: which package the rows are about")
		return
	}
	r.list(rows, in)
}

// patterns reads one or several, expands them, and gives nil where one is wrong.
func (r *reader) patterns(n *yaml.Node, field string, check func(string) error) []string {
	list, err := texts(n)
	if err != nil {
		r.wrong(n, "%s: %w", field, err)
		return nil
	}
	var out []string
	for _, p := range list {
		all, err := expand(p)
		for _, s := range all {
			if err == nil {
				err = check(s)
			}
		}
		if err != nil {
			r.wrong(n, "%s: %q: %w", field, p, err)
			return nil
		}
		out = append(out, all...)
	}
	if len(out) == 0 {
		r.wrong(n, "%s: empty", field)
		return nil
	}
	return out
}

// row reads one row, and makes its entries: one row for each package of the group,
// shared by all patterns that ask for nothing by name.
func (r *reader) row(n *yaml.Node, in []string) {
	row := Row{Where: r.where(n)}
	var match *yaml.Node
	before := len(r.errs)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if slices.ContainsFunc(n.Content[:i], func(k *yaml.Node) bool { return k.Kind == yaml.ScalarNode && k.Value == key.Value && isKey(n, k) }) {
			r.wrong(key, "%s: said twice", key.Value)
			continue
		}
		if key.Value == "match" {
			match = value
			continue
		}
		set, ok := fields[key.Value]
		if !ok {
			r.wrong(key, "%s: no such field in a row", key.Value)
			continue
		}
		if err := set(&row, value); err != nil {
			r.wrong(value, "%s: %w", key.Value, err)
		}
	}
	if match == nil {
		r.wrong(n, "match: missing: which symbol the row is about")
		return
	}
	if err := row.sound(); err != nil {
		r.wrong(n, "%w", err)
	}
	if len(r.errs) > before {
		return
	}
	if in == nil {
		in = []string{""}
	}
	if len(r.entries) > crowd {
		r.wrong(n, "match: the file is about more than %d symbols", crowd)
		return
	}
	for _, group := range in {
		patterns := r.patterns(match, "match", func(s string) error { return check(join(group, s)) })
		if patterns == nil {
			return
		}
		one := row
		one.Match = join(group, match.Value)
		if match.Kind == yaml.SequenceNode {
			one.Match = join(group, match.Content[0].Value)
		}
		one.Returns = withError(within(group, row.Returns), patterns[0], group, row.Fails)
		one.Params = within(group, row.Params)
		one.ErrorParams = within(group, row.ErrorParams)
		byName := make(map[string]*Row)
		for _, p := range patterns {
			p = join(group, p)
			use := &one
			if one.depends() && !strings.Contains(p, "*") {
				name := lastName(p)
				if use = byName[name]; use == nil {
					use = one.named(p)
					byName[name] = use
				}
			}
			r.entries = append(r.entries, Entry{p, use})
		}
	}
}

func isKey(n, k *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i] == k {
			return true
		}
	}
	return false
}

// join puts a name behind its package.
func join(group, name string) string {
	switch {
	case group == "":
		return name
	case strings.HasPrefix(group, "js:") && len(group) == len("js:"):
		return group + name
	case strings.HasPrefix(group, "npm:") && !strings.Contains(group, "#"):
		return group + "#" + name
	case strings.HasPrefix(group, "clj:") && !strings.Contains(group, "/"):
		return group + "/" + name
	}
	return group + "." + name
}

// within completes types that are said without their package.
func within(group string, types []string) []string {
	if group == "" || len(types) == 0 {
		return types
	}
	out := make([]string, len(types))
	for i, t := range types {
		switch {
		case t == "" || isWord(t):
			out[i] = t
		default:
			if lang, _, ok := strings.Cut(t, ":"); ok && languages[lang] {
				out[i] = t
			} else {
				out[i] = join(group, t)
			}
		}
	}
	return out
}

// texts reads a string, or a list of them.
func texts(n *yaml.Node) ([]string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}, nil
	case yaml.SequenceNode:
		var out []string
		for _, x := range n.Content {
			if x.Kind != yaml.ScalarNode {
				return nil, errors.New("a string, or a list of strings, must stand here")
			}
			out = append(out, x.Value)
		}
		return out, nil
	}
	return nil, errors.New("a string, or a list of strings, must stand here")
}

// isWord reports whether an entry of returns is no type, but says where one is found.
func isWord(t string) bool {
	return t == "same" || t == "element" || strings.HasPrefix(t, "arg ") || strings.HasPrefix(t, "call ") || strings.HasPrefix(t, "new ")
}

// withError completes what a function of Go returns by the error that says that it
// failed.
func withError(types []string, pattern, group string, f Failure) []string {
	n := f.Result.N
	if f.Result.Kind != Argument || len(types) > n || !strings.HasPrefix(join(group, pattern), "go:") {
		return types
	}
	out := make([]string, n+1)
	copy(out, types)
	out[n] = "go:builtin.error"
	return out
}
