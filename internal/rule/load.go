package rule

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jotsight/jotsight/internal/catalog"
)

// MaxFile bounds a rule file, in bytes.
const MaxFile = 1 << 20

// Load reads every file of fsys that ends in .yml or .yaml, in the order of
// their names, and compiles their documents, which may refer to each other
// across files. The error joins every mistake that was found, each an *Error;
// with one, no rule is given.
func Load(fsys fs.FS) ([]*Rule, error) {
	l := loader{byRef: map[string]*Rule{}, sums: map[*Rule][]byte{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(name); d.IsDir() || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.file = name
		l.read(text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.link()
	if len(l.list) > 0 {
		return nil, l.err()
	}
	if len(l.rules) == 0 {
		return nil, errors.New("no rules: no file ends in .yml or .yaml, or all are empty")
	}
	return l.rules, nil
}

// Parse is Load for one file that is at hand; name stands in the errors.
func Parse(name string, text []byte) ([]*Rule, error) {
	l := loader{byRef: map[string]*Rule{}, sums: map[*Rule][]byte{}}
	l.file = name
	l.read(text)
	l.link()
	if len(l.list) > 0 {
		return nil, l.err()
	}
	return l.rules, nil
}

type loader struct {
	mistakes
	rules  []*Rule
	drafts []*draft
	byRef  map[string]*Rule // by name and by id
	sums   map[*Rule][]byte // of what each document means
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func (l *loader) read(text []byte) {
	if len(text) > MaxFile {
		l.add(1, 1, "longer than %d bytes", MaxFile)
		return
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			at := yamlLine.FindStringSubmatch(err.Error())
			line := 1
			if at != nil && at[1] != "" {
				line, _ = strconv.Atoi(at[1])
			}
			l.add(line, 1, "%s", yamlLine.ReplaceAllString(err.Error(), ""))
			return
		}
		if len(doc.Content) == 0 || isNull(doc.Content[0]) {
			continue
		}
		if a := aliases(&doc); a != nil {
			l.at(a, "a reference to an anchor: write it out")
			continue
		}
		l.document(doc.Content[0])
	}
}

// keys are the top-level keys of the specification. Others are allowed by it and
// left alone, except for what is nearly one of these.
var keys = []string{
	"title", "id", "name", "related", "taxonomy", "status", "description", "license", "author", "references",
	"date", "modified", "logsource", "detection", "correlation", "fields", "falsepositives", "level", "tags",
	"scope", "filter", "jotsight",
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (l *loader) document(n *yaml.Node) {
	r := &Rule{Level: catalog.Medium, File: l.file, Line: n.Line}
	before := len(l.list)
	sum := sha256.New()
	var hints, detection, corr *pair
	var d *draft
	for _, p := range l.pairs(n, "document") {
		switch p.key {
		case "name":
			r.Name = l.name(p)
		case "id":
			if r.ID = l.text(p); !uuid.MatchString(r.ID) {
				l.at(p.value, "id: not a UUID; leave it out, and it follows from the name")
			}
		case "title":
			r.Title = l.text(p)
		case "description":
			r.Description = l.text(p)
		case "level":
			r.Level = l.level(p)
		case "tags":
			r.Tags = l.texts(p)
		case "falsepositives":
			if r.Benign == nil {
				r.Benign = l.texts(p)
			}
		case "detection":
			detection = &p
		case "correlation":
			corr = &p
		case "filter":
			l.at(p.at, "filter: not supported yet")
		case "jotsight":
			hints = &p
		default:
			if near := nearest(p.key); near != "" {
				l.at(p.at, "%q: unknown; is %q meant?", p.key, near)
			}
		}
	}
	switch {
	case detection == nil && corr == nil:
		l.at(n, "document: neither detection nor correlation")
	case detection != nil && corr != nil:
		l.at(corr.at, "document: both detection and correlation; put them into two")
	case detection != nil:
		digest(sum, detection.value)
		l.detection(r, *detection)
	default:
		digest(sum, corr.value)
		d = l.correlation(r, *corr)
	}
	if r.Title == "" {
		l.at(n, "document: without a title")
	}
	if r.Name == "" {
		r.Name = r.ID
	}
	if r.Name == "" && len(l.list) == before {
		l.at(n, "document: neither name nor id")
	}
	if r.ID == "" {
		r.ID = UUID(r.Name)
	}
	r.Hints.Cooldown = DefaultCooldown
	if hints != nil {
		digestHints(sum, hints.value)
		l.hints(r, *hints)
	}
	if r.Detection == "" {
		r.Detection = r.Name
	}
	for _, tag := range r.Tags {
		if id, ok := strings.CutPrefix(tag, "attack.t"); ok && strings.Trim(id, "0123456789.") == "" {
			r.Attack = append(r.Attack, "T"+id)
		}
	}
	for _, ref := range []string{r.Name, r.ID} {
		if other, taken := l.byRef[ref]; taken && other != r {
			l.at(n, "%q: taken by the document at %s:%d", ref, other.File, other.Line)
		}
		l.byRef[ref] = r
	}
	l.sums[r] = sum.Sum([]byte(r.Name))
	l.rules = append(l.rules, r)
	if d != nil {
		l.drafts = append(l.drafts, d)
	}
}

// nearest finds a key of the specification of which s is probably a misspelling.
func nearest(s string) string {
	for _, k := range keys {
		if s != k && (strings.EqualFold(s, k) || len(k) > 4 && oneEdit(s, k)) {
			return k
		}
	}
	return ""
}

// oneEdit reports whether one letter more, less or changed, or two swapped,
// makes a into b.
func oneEdit(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a)+len(b) > 0 && len(a) <= 1 && len(b) <= 1 ||
		len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

func (l *loader) detection(r *Rule, p pair) {
	var searches []search
	var cond *pair
	for _, p := range l.pairs(p.value, "detection") {
		switch p.key {
		case "condition":
			cond = &p
		case "timeframe":
			l.at(p.at, "detection.timeframe: gone from Sigma; use a correlation instead")
		default:
			searches = append(searches, search{name: p.key, test: l.search(p)})
		}
	}
	if cond == nil {
		l.at(p.at, "detection: without a condition")
		return
	}
	var list []test
	before := len(l.list)
	for _, n := range items(cond.value) {
		if n.Kind != yaml.ScalarNode {
			l.at(n, "condition: not a text")
			continue
		}
		t, column, err := condition(n.Value, searches)
		if err != nil {
			switch n.Style {
			case yaml.LiteralStyle, yaml.FoldedStyle:
				column = 1
			case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
				column++
			}
			l.add(n.Line, n.Column+column-1, "condition: %v", err)
		}
		list = append(list, t)
	}
	for _, s := range searches {
		if len(l.list) == before && !s.used && !strings.HasPrefix(s.name, "_") {
			l.at(cond.value, "condition: search %q is defined and not used", s.name)
		}
	}
	t := some(list)
	r.Match, r.Kinds = t.match, t.kinds
}

// link joins the documents once all of them are known.
func (l *loader) link() {
	spoken := map[*Rule]bool{}
	for _, d := range l.drafts {
		l.file = d.rule.File
		l.mistakes.link(d, l.byRef)
		for _, p := range d.rule.Correlation.Of {
			p.Rule.Silent = true
			spoken[p.Rule] = spoken[p.Rule] || d.generate
		}
	}
	for r, yes := range spoken {
		r.Silent = r.Silent && !yes
	}
	sums := map[string]hash.Hash{}
	for _, r := range l.rules {
		if r.Silent {
			continue
		}
		if sums[r.Detection] == nil {
			sums[r.Detection] = sha256.New()
		}
		sums[r.Detection].Write(l.sums[r])
		if r.Correlation != nil {
			for _, p := range r.Correlation.Of {
				sums[r.Detection].Write(l.sums[p.Rule])
			}
		}
	}
	for _, r := range l.rules {
		if h := sums[r.Detection]; h != nil && !r.Silent {
			r.Version = hex.EncodeToString(h.Sum(nil)[:4])
		}
	}
}

// digest adds what a node means to h, so that comments, order of keys in the
// document and quoting change no version.
func digest(h io.Writer, n *yaml.Node) {
	fmt.Fprintf(h, "%d %q %d\n", n.Kind, n.Value, len(n.Content))
	for _, c := range n.Content {
		digest(h, c)
	}
}

// digestHints adds the hints that decide when an alert is another one.
func digestHints(h io.Writer, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if slices.Contains([]string{"group_by", "cooldown", "min_samples", "detection"}, n.Content[i].Value) {
			digest(h, n.Content[i+1])
		}
	}
}
