package scan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// logKinds are the fields that say where a log is, and the further fields that
// make sense beside each.
var logKinds = map[string][]string{
	"file": nil,
	"cmd":  {"cursor"},
}

// log reads one entry of logs.
func (d *decoder) log(n *yaml.Node, f string, number int) LogSource {
	s := LogSource{ID: fmt.Sprintf("log%d", number), Format: "auto", Flush: defaultFlush}
	at := func(n *yaml.Node, f string) { s.where = fmt.Sprintf("%s:%d: %s", d.name, n.Line, f) }
	seen := d.object(n, f, fields{
		"id": func(n *yaml.Node, f string) { s.ID = d.text(n, f) },
		"file": func(n *yaml.Node, f string) {
			s.File = d.text(n, f)
			at(n, f)
		},
		"cmd": func(n *yaml.Node, f string) {
			s.Cmd = d.text(n, f)
			at(n, f)
		},
		"format": func(n *yaml.Node, f string) {
			if s.Format = d.text(n, f); !slices.Contains([]string{"auto", "json", "logfmt", "clf", "text"}, s.Format) {
				d.fail(n, f, "not one of auto, json, logfmt, clf, text")
			}
		},
		"join":   func(n *yaml.Node, f string) { s.Join = d.pattern(n, f) },
		"flush":  func(n *yaml.Node, f string) { s.Flush = d.duration(n, f) },
		"level":  func(n *yaml.Node, f string) { s.Level = d.levels(n, f) },
		"cursor": func(n *yaml.Node, f string) { s.Cursor = d.path(n, f) },
	})
	if n.Kind == yaml.MappingNode {
		d.oneKind(n, f, seen)
	}
	return s
}

// oneKind holds an entry to one place, and to the fields that fit it.
func (d *decoder) oneKind(n *yaml.Node, f string, seen map[string]bool) {
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(logKinds)) {
		if seen[k] {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) == 0 {
		d.fail(n, join(f, "file"), "missing, and there is none of %s either", commas(slices.Sorted(maps.Keys(logKinds))))
		return
	}
	for _, k := range kinds[1:] {
		d.fail(n, join(f, k), "stands beside %s; a log has one of them", kinds[0])
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		owners := []string{}
		for _, k := range slices.Sorted(maps.Keys(logKinds)) {
			if slices.Contains(logKinds[k], name) {
				owners = append(owners, k)
			}
		}
		if len(owners) > 0 && !slices.Contains(owners, kinds[0]) {
			d.fail(n, join(f, name), "belongs to %s, not to %s", commas(owners), kinds[0])
		}
	}
}

// path reads a place in JSON, such as $.id.
func (d *decoder) path(n *yaml.Node, f string) []step {
	text := d.text(n, f)
	p, err := parsePath(text)
	if err != nil || len(text) == 0 || text[0] != '$' {
		d.fail(n, f, "not a place such as $.id")
		return nil
	}
	return p
}

// levels reads the service's own levels, each with the usual word for it.
func (d *decoder) levels(n *yaml.Node, f string) map[string]string {
	m := d.texts(n, f)
	for k, v := range m {
		if !slices.Contains(levels, v) {
			d.fail(n, join(f, k), "not one of %s", commas(levels))
		}
	}
	return m
}

func commas(list []string) string { return strings.Join(list, ", ") }
