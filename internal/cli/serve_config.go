package cli

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/internal/monitor"
)

// serveFile is the form of serve's --config. ${NAME} in a value is the
// environment's.
type serveFile struct {
	Listen  string `yaml:"listen"`
	Data    string `yaml:"data"`
	BaseURL string `yaml:"base_url"`
	Plain   bool   `yaml:"plain"`
	TLS     struct {
		Certificate string `yaml:"certificate"`
		Key         string `yaml:"key"`
	} `yaml:"tls"`
	Keep struct {
		Log     keepTime  `yaml:"log"`
		Bytes   keepBytes `yaml:"log_bytes"`
		History keepTime  `yaml:"history"`
	} `yaml:"keep"`
	Webhooks []struct {
		Name   string `yaml:"name"`
		URL    string `yaml:"url"`
		Secret string `yaml:"secret"`
	} `yaml:"webhooks"`
}

// keepTime is a duration such as 30d or 12h.
type keepTime time.Duration

func (d *keepTime) UnmarshalYAML(n *yaml.Node) error {
	if whole, ok := strings.CutSuffix(n.Value, "d"); ok {
		if v, err := strconv.Atoi(whole); err == nil && v > 0 && v < 36500 {
			*d = keepTime(time.Duration(v) * 24 * time.Hour)
			return nil
		}
	} else if v, err := time.ParseDuration(n.Value); err == nil && v > 0 {
		*d = keepTime(v)
		return nil
	}
	return fmt.Errorf("line %d: not a time such as 30d or 12h", n.Line)
}

// keepBytes is a size such as 4GiB or 500MiB.
type keepBytes int64

func (b *keepBytes) UnmarshalYAML(n *yaml.Node) error {
	for unit, size := range map[string]int64{"MiB": 1 << 20, "GiB": 1 << 30} {
		if whole, ok := strings.CutSuffix(n.Value, unit); ok {
			if v, err := strconv.ParseInt(strings.TrimSpace(whole), 10, 32); err == nil && v > 0 {
				*b = keepBytes(v * size)
				return nil
			}
		}
	}
	return fmt.Errorf("line %d: not a size such as 4GiB or 500MiB", n.Line)
}

var (
	variable  = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	yamlField = regexp.MustCompile(`^line (\d+): field (\S+) not found in type`)
	yamlLine  = regexp.MustCompile(`line (\d+): (.*)`)
)

// readServeConfig reads the file at path into conf. The error names file, line
// and field, one mistake a line, and no value: a value can be a secret.
func readServeConfig(path string, env func(string) (string, bool), conf *monitor.Config) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config %w", err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return atLine(path, err)
	}
	if err := expand(path, &root, env); err != nil {
		return err
	}
	var f serveFile
	if err := decodeStrictly(text, &root, &f); err != nil {
		return atLine(path, err)
	}
	conf.Listen, conf.Data, conf.BaseURL, conf.Plain = f.Listen, f.Data, f.BaseURL, f.Plain
	conf.LogAge, conf.LogBytes, conf.KeepFor = time.Duration(f.Keep.Log), int64(f.Keep.Bytes), time.Duration(f.Keep.History)
	for i, w := range f.Webhooks {
		if w.Secret == "" {
			return fmt.Errorf("%s:%d: webhook %s: secret: missing", path, lineOf(&root, "webhooks", i), w.Name)
		}
		conf.Webhooks = append(conf.Webhooks, monitor.Webhook{Name: w.Name, URL: w.URL, Secret: w.Secret})
	}
	if f.TLS.Certificate != "" || f.TLS.Key != "" {
		if conf.TLS, err = tlsConfig(f.TLS.Certificate, f.TLS.Key); err != nil {
			return fmt.Errorf("%s:%d: tls: %w", path, lineOf(&root, "tls", -1), err)
		}
	}
	return nil
}

// tlsConfig reads a certificate with its key.
func tlsConfig(certificate, key string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// decodeStrictly refuses unknown fields in the text as it stands, then takes the
// values with their variables filled in.
func decodeStrictly(text []byte, root *yaml.Node, f *serveFile) error {
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	if err := d.Decode(new(serveFile)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if root.Kind == 0 { // an empty file
		return nil
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: a second document; there is one configuration", max(more.Line, 1))
	}
	return root.Decode(f)
}

// lineOf gives the line of a field, or of its item number i if that is not
// below zero.
func lineOf(root *yaml.Node, field string, i int) int {
	if len(root.Content) == 0 {
		return 1
	}
	top := root.Content[0].Content
	for k := 0; k+1 < len(top); k += 2 {
		if top[k].Value != field {
			continue
		}
		if i >= 0 && i < len(top[k+1].Content) {
			return top[k+1].Content[i].Line
		}
		return top[k].Line
	}
	return 1
}

// expand puts the environment's values for ${NAME}.
func expand(path string, n *yaml.Node, env func(string) (string, bool)) error {
	for _, c := range n.Content {
		if err := expand(path, c, env); err != nil {
			return err
		}
	}
	if n.Kind != yaml.ScalarNode {
		return nil
	}
	var missing error
	n.Value = variable.ReplaceAllStringFunc(n.Value, func(ref string) string {
		name := ref[2 : len(ref)-1]
		v, ok := env(name)
		if !ok && missing == nil {
			missing = fmt.Errorf("%s:%d: variable %s is not set", path, n.Line, name)
		}
		return v
	})
	return missing
}

// atLine puts an error of yaml into the form file:line: field: problem.
func atLine(path string, err error) error {
	text := err.Error()
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		text = several.Errors[0]
	}
	if m := yamlField.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s:%s: field %q: unknown", path, m[1], m[2])
	}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if strings.HasPrefix(m[2], "cannot unmarshal") {
			m[2] = "a value of the wrong kind"
		}
		return fmt.Errorf("%s:%s: %s", path, m[1], m[2])
	}
	return fmt.Errorf("%s: not YAML", path)
}
