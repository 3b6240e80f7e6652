package scan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// An Extract says where in an answer a value stands:
//
//	$.a.b[0]           in a JSON body
//	cookie:NAME        in a cookie that the answer sets
//	header:NAME[:RE]   in a header, or in the group of RE within it
//	location:NAME      in a parameter of the address that a redirect points to
//	input:NAME         in an input or meta element of an HTML page
//	body:RE            in the body; without a group, the match itself
//	log:RE             in the service's log
//
// The zero Extract means none.
type Extract struct {
	kind string
	name string // of the cookie or header
	path []step
	re   *regexp.Regexp
}

// step is one step of a JSON path: a member or an index.
type step struct {
	name  string
	index int // used when name is empty
}

// IsZero reports whether nothing is asked for.
func (e Extract) IsZero() bool { return e.kind == "" }

const places = "$.path, cookie:NAME, header:NAME, location:NAME, input:NAME, body:REGEX or log:REGEX"

func parseExtract(s string) (Extract, error) {
	if strings.HasPrefix(s, "$") {
		path, err := parsePath(s)
		return Extract{kind: "json", path: path}, err
	}
	kind, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" {
		return Extract{}, errors.New("not a place: " + places)
	}
	e := Extract{kind: kind}
	var pattern string
	switch kind {
	case "cookie", "location", "input":
		e.name = rest
		return e, nil
	case "header":
		e.name, pattern, ok = strings.Cut(rest, ":")
		if !ok {
			return e, nil
		}
	case "body", "log":
		pattern = rest
	default:
		return Extract{}, fmt.Errorf("%q is not a place: %s", kind, places)
	}
	re, err := regexp.Compile(pattern)
	if err != nil || re.NumSubexp() > 1 {
		return Extract{}, errors.New("not a regular expression with at most one group")
	}
	e.re = re
	return e, nil
}

var pathStep = regexp.MustCompile(`^(?:\.([A-Za-z_][\w-]*)|\[(\d{1,6})\]|\["([^"]+)"\])`)

// parsePath reads $.a["b c"][0].
func parsePath(s string) (path []step, err error) {
	rest := strings.TrimPrefix(s, "$")
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("not a path such as $.data.token: stuck at %q", rest)
		}
		rest = rest[len(m[0]):]
		if m[2] != "" {
			i, _ := strconv.Atoi(m[2]) // the expression admits digits alone
			path = append(path, step{index: i})
			continue
		}
		path = append(path, step{name: m[1] + m[3]})
	}
	return path, nil
}

// from finds the value in an answer. Empty means that it is not there.
func (e Extract) from(header http.Header, body []byte) string {
	switch e.kind {
	case "json":
		return jsonValue(body, e.path)
	case "cookie":
		for _, c := range (&http.Response{Header: header}).Cookies() {
			if c.Name == e.name {
				return c.Value
			}
		}
	case "header":
		v := header.Get(e.name)
		if e.re == nil {
			return v
		}
		return match(e.re, v)
	case "location":
		return locationValue(header.Get("Location"), e.name)
	case "input":
		return pageValue(body, e.name)
	case "body":
		return match(e.re, string(body))
	}
	return ""
}

// locationValue reads a parameter of an address: of its query, or of its
// fragment, where OAuth's implicit grant and single-page applications keep them.
func locationValue(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if v := u.Query().Get(name); v != "" {
		return v
	}
	q, err := url.ParseQuery(u.Fragment)
	if err != nil {
		return ""
	}
	return q.Get(name)
}

func match(re *regexp.Regexp, s string) string {
	m := re.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	return m[len(m)-1]
}

// jsonValue finds a scalar. A body may hold several JSON values one after the
// other: a handler that goes on after its refusal writes two.
func jsonValue(body []byte, path []step) string {
	values := jsonValues(body)
	if values == nil {
		values = embedded(body)
	}
	for _, v := range values {
		if s := at(v, path); s != "" {
			return s
		}
	}
	return ""
}

// jsonValues gives the JSON values at the start of body, at most four.
func jsonValues(body []byte) (values []any) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for len(values) < 4 {
		var v any
		if err := d.Decode(&v); err != nil {
			if err != io.EOF && len(values) == 0 {
				return nil
			}
			return values
		}
		values = append(values, v)
	}
	return values
}

// embedded gives the JSON values that follow a text: a plain refusal, and then the
// data. At most four places are tried.
func embedded(body []byte) []any {
	for range 4 {
		i := bytes.IndexAny(body, "{[")
		if i < 0 {
			return nil
		}
		if values := jsonValues(body[i:]); values != nil {
			return values
		}
		body = body[i+1:]
	}
	return nil
}

func at(v any, path []step) string {
	for _, s := range path {
		switch c := v.(type) {
		case map[string]any:
			v = c[s.name]
		case []any:
			if s.name != "" || s.index >= len(c) {
				return ""
			}
			v = c[s.index]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
