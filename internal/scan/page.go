package scan

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// maxElements bounds what is read of an HTML page, which may be hostile.
const maxElements = 20000

// A form is one form of an HTML page, as a browser without scripts sees it.
type form struct {
	method, action string
	inputs         []input
}

// An input is a field of a form, or a button that sends it.
type input struct {
	kind    string // text, password, hidden, checkbox, submit …
	name    string
	value   string
	checked bool
}

// forms reads the forms of a page. Whatever is no HTML has none.
func forms(page []byte) (list []form) {
	elements(page, func(name string, attr func(string) (string, bool)) {
		switch {
		case name == "form":
			f := form{method: "GET"}
			if m, ok := attr("method"); ok && strings.EqualFold(m, "post") {
				f.method = "POST"
			}
			f.action, _ = attr("action")
			list = append(list, f)
		case len(list) > 0 && (name == "input" || name == "button" || name == "select" || name == "textarea"):
			in := input{kind: map[string]string{"input": "text", "button": "submit"}[name]}
			if kind, ok := attr("type"); ok {
				in.kind = strings.ToLower(kind)
			}
			in.name, _ = attr("name")
			in.value, _ = attr("value")
			_, in.checked = attr("checked")
			f := &list[len(list)-1]
			f.inputs = append(f.inputs, in)
		}
	})
	return list
}

// pageValue finds the value of the input, or the content of the meta element, of
// that name: where pages keep a token against cross-site requests.
func pageValue(page []byte, want string) (value string) {
	elements(page, func(name string, attr func(string) (string, bool)) {
		if n, _ := attr("name"); value != "" || n != want {
			return
		}
		switch name {
		case "input":
			value, _ = attr("value")
		case "meta":
			value, _ = attr("content")
		}
	})
	return value
}

// elements calls visit for every start tag of a page.
func elements(page []byte, visit func(name string, attr func(string) (string, bool))) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for range maxElements {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			visit(t.Data, func(name string) (string, bool) {
				for _, a := range t.Attr {
					if a.Key == name {
						return a.Val, true
					}
				}
				return "", false
			})
		}
	}
}

// input gives the first field of one of the kinds; empty: there is none.
func (f form) input(kinds ...string) string {
	for _, in := range f.inputs {
		for _, k := range kinds {
			if in.kind == k && in.name != "" {
				return in.name
			}
		}
	}
	return ""
}

// values are what the form sends when nobody touches it, buttons apart.
func (f form) values() map[string]string {
	m := map[string]string{}
	for _, in := range f.inputs {
		switch in.kind {
		case "submit", "button", "image", "reset", "file":
		case "checkbox", "radio":
			if in.checked && in.name != "" {
				m[in.name] = in.value
				if in.value == "" {
					m[in.name] = "on"
				}
			}
		default:
			if in.name != "" {
				m[in.name] = in.value
			}
		}
	}
	return m
}
