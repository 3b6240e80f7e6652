package scan

import (
	"maps"
	"net"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/internal/catalog"
)

// alertKinds are the fields that say where alerts arrive, and the further fields
// that make sense beside each.
var alertKinds = map[string][]string{
	"webhook":      {"secret"},
	"alertmanager": {"headers", "user", "password"},
	"monitor":      {"user", "password"},
	"file":         nil,
}

// alerts reads where alerts arrive.
func (d *decoder) alerts(n *yaml.Node, f string) *Alerts {
	a := &Alerts{Within: defaultWithin}
	address := func(n *yaml.Node, f string) {
		u, err := parseTarget(d.text(n, f))
		if err != nil {
			d.fail(n, f, "%v", err)
			return
		}
		u.RawQuery, u.Fragment = "", ""
		a.Base = u
	}
	seen := d.object(n, f, fields{
		"webhook": func(n *yaml.Node, f string) {
			a.Webhook = d.text(n, f)
			if _, _, err := net.SplitHostPort(a.Webhook); err != nil {
				d.fail(n, f, "not host:port to listen on")
			}
		},
		"secret": func(n *yaml.Node, f string) {
			a.Secret = d.secret(n, f)
			if _, err := webhookVerifier(a.Secret); err != nil {
				d.fail(n, f, "not a secret of Standard Webhooks, whsec_ and base64")
			}
		},
		"alertmanager": address,
		"monitor":      address,
		"file":         func(n *yaml.Node, f string) { a.File = d.text(n, f) },
		"headers":      func(n *yaml.Node, f string) { a.Headers = d.credentials(n, f) },
		"user":         func(n *yaml.Node, f string) { a.User = d.text(n, f) },
		"password":     func(n *yaml.Node, f string) { a.Password = d.secret(n, f) },
		"rules":        func(n *yaml.Node, f string) { a.Rules = d.rules(n, f) },
		"within":       func(n *yaml.Node, f string) { a.Within = d.duration(n, f) },
	})
	if n.Kind != yaml.MappingNode {
		return a
	}
	a.Kind = d.one(n, f, "webhook", "an alert source", alertKinds, seen)
	if a.Kind == "alertmanager" && !seen["within"] {
		a.Within = storeWithin
	}
	if seen["user"] != seen["password"] || a.Kind == "monitor" && !seen["user"] {
		d.fail(n, join(f, "user"), "user and password belong together, and a monitor needs both")
	}
	return a
}

// rules reads which names somebody's own rules have for our detections.
func (d *decoder) rules(n *yaml.Node, f string) map[string][]string {
	m := map[string][]string{}
	if n.Kind != yaml.MappingNode {
		d.fail(n, f, "not a mapping of detections to names of rules")
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(f, key.Value)
		if _, ok := catalog.DetectionOf(catalog.ID(key.Value)); !ok {
			d.fail(key, at, "no detection of the catalogue; jotsight explain lists them")
		}
		if value.Kind == yaml.ScalarNode {
			m[key.Value] = append(m[key.Value], d.text(value, at))
			continue
		}
		d.list(value, at, func(n *yaml.Node, f string) { m[key.Value] = append(m[key.Value], d.text(n, f)) })
	}
	return m
}

// one holds an object to one of several kinds, and to the fields that fit it.
// usual is the kind whose absence is told of.
func (d *decoder) one(n *yaml.Node, f, usual, what string, kinds map[string][]string, seen map[string]bool) string {
	all := slices.Sorted(maps.Keys(kinds))
	stated := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return !seen[k] })
	if len(stated) == 0 {
		d.fail(n, join(f, usual), "missing, and there is none of %s either", commas(all))
		return ""
	}
	for _, k := range stated[1:] {
		d.fail(n, join(f, k), "stands beside %s; %s is one of them", stated[0], what)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		owners := slices.DeleteFunc(slices.Clone(all), func(k string) bool { return !slices.Contains(kinds[k], name) })
		if len(owners) > 0 && !slices.Contains(owners, stated[0]) {
			d.fail(n, join(f, name), "belongs to %s, not to %s", commas(owners), stated[0])
		}
	}
	return stated[0]
}
