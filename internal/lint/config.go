package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// ConfigName is the file that says how to lint a project; it stands in its root.
const ConfigName = ".jotsight.yaml"

// A Config is what the section lint of a .jotsight.yaml says. The zero Config is
// that of a project without one.
type Config struct {
	Strict bool // profile: strict
	// ThrottledUpstream says that something in front of the service limits requests, so
	// that the program need not.
	ThrottledUpstream bool
	Exclude           []string       // files and folders that are not read, from the root
	Suppress          []finding.Rule // what is known and does not fail a run
	Rows              []library.Entry
}

const maxConfig = 1 << 20

// LoadConfig reads the configuration of the project in root, if it has one.
func LoadConfig(root string) (Config, error) {
	name := path.Join(root, ConfigName)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, err
	}
	return ParseConfig(name, text)
}

// ParseConfig reads a .jotsight.yaml. Every mistake in it is reported, with the
// line and the field. Sections of other names than lint are for others.
func ParseConfig(name string, text []byte) (c Config, err error) {
	if len(text) > maxConfig {
		return c, fmt.Errorf("%s: longer than %d bytes", name, maxConfig)
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		if text := bytes.TrimSpace(text); len(text) == 0 || doc.Kind == 0 && err.Error() == "EOF" {
			return c, nil
		}
		return c, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	d := configReader{name: name}
	d.fields(doc.Content[0], "", map[string]func(*yaml.Node, string){
		"lint": func(n *yaml.Node, f string) { d.lint(n, f, &c) },
	}, true)
	return c, errors.Join(d.errs...)
}

// library is the built-in catalogue with the project's own rows, which win.
func (c Config) library() (*library.Set, error) {
	if len(c.Rows) == 0 {
		return library.Builtin()
	}
	ours, err := library.Entries()
	return library.New(ours, c.Rows), err
}

// A configReader collects mistakes.
type configReader struct {
	name string
	errs []error
}

func (d *configReader) wrong(n *yaml.Node, field, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s:%d: %s: %s", d.name, n.Line, field, fmt.Sprintf(format, args...)))
}

// fields reads a mapping by name. Others is for sections of somebody else's.
func (d *configReader) fields(n *yaml.Node, at string, known map[string]func(*yaml.Node, string), others bool) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, strings.Trim(at+" ", " ."), "not a mapping of names to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := strings.TrimPrefix(at+"."+key.Value, ".")
		read := known[key.Value]
		switch {
		case seen[key.Value]:
			d.wrong(key, field, "stands here twice")
		case read != nil:
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			read(value, field)
		case !others:
			names := make([]string, 0, len(known))
			for k := range known {
				names = append(names, k)
			}
			slices.Sort(names)
			d.wrong(key, field, "not a field; there are %s", strings.Join(names, ", "))
		}
		seen[key.Value] = true
	}
}

func (d *configReader) list(n *yaml.Node, field string, each func(*yaml.Node, string)) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, field, "not a list")
		return
	}
	for i, x := range n.Content {
		each(x, fmt.Sprintf("%s[%d]", field, i))
	}
}

func (d *configReader) text(n *yaml.Node, field string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		d.wrong(n, field, "not a text")
		return ""
	}
	return n.Value
}

func (d *configReader) lint(n *yaml.Node, at string, c *Config) {
	d.fields(n, at, map[string]func(*yaml.Node, string){
		"profile": func(n *yaml.Node, f string) {
			switch n.Value {
			case "strict":
				c.Strict = true
			case "default":
			default:
				d.wrong(n, f, "%.32q: neither default nor strict", n.Value)
			}
		},
		"throttled-upstream": func(n *yaml.Node, f string) {
			if n.Decode(&c.ThrottledUpstream) != nil {
				d.wrong(n, f, "neither true nor false")
			}
		},
		"exclude": func(n *yaml.Node, f string) {
			d.list(n, f, func(n *yaml.Node, f string) {
				name := d.text(n, f)
				if name == "" {
					return
				}
				if name = path.Clean(name); !fs.ValidPath(name) || name == "." {
					d.wrong(n, f, "%.64q: not a file or folder below the root, such as legacy/api", n.Value)
					return
				}
				c.Exclude = append(c.Exclude, name)
			})
		},
		"suppress": func(n *yaml.Node, f string) {
			d.list(n, f, func(n *yaml.Node, f string) {
				if r, ok := d.suppress(n, f); ok {
					c.Suppress = append(c.Suppress, r)
				}
			})
		},
		"rows": func(n *yaml.Node, f string) {
			rows, err := library.ParseNode(d.name, n)
			if err != nil {
				d.errs = append(d.errs, err)
			}
			c.Rows = rows
		},
	}, false)
}

func (d *configReader) suppress(n *yaml.Node, at string) (r finding.Rule, ok bool) {
	r.Where = fmt.Sprintf("%s:%d", d.name, n.Line)
	before := len(d.errs)
	d.fields(n, at, map[string]func(*yaml.Node, string){
		"id": func(n *yaml.Node, f string) {
			r.ID = catalog.ID(d.text(n, f))
			if _, known := CheckOf(r.ID); r.ID != "" && !known {
				d.wrong(n, f, "%.64q: lint has no such check", r.ID)
			}
		},
		"path":   func(n *yaml.Node, f string) { r.Path = path.Clean(d.text(n, f)) },
		"route":  func(n *yaml.Node, f string) { r.Route = d.text(n, f) },
		"reason": func(n *yaml.Node, f string) { r.Reason = d.text(n, f) },
		"until": func(n *yaml.Node, f string) {
			var err error
			if r.Until, err = time.Parse(finding.Day, n.Value); err != nil {
				d.wrong(n, f, "%.32q: not a day such as 2027-01-31", n.Value)
			}
		},
	}, false)
	if len(d.errs) == before && (r.ID == "" || r.Reason == "") {
		d.wrong(n, at, "needs id and reason")
	}
	return r, len(d.errs) == before
}
