package clojure

import (
	"strings"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A kind says what a form is.
type kind uint8

const (
	list kind = iota
	vector
	table // {…}
	set   // #{…}
	lambda
	symbol // nil, true and false too
	keyword
	text
	number
	char
	regex
	quote       // 'x
	syntaxQuote // `x
	unquote     // ~x
	splice      // ~@x
	deref       // @x
	varQuote    // #'x
	meta        // ^x y
	tagged      // #x y
	discard     // #_x
	conditional // #?(…)
	spliced     // #?@(…)
	already     // stands for an expression that is lowered
	prefixed    // #:ns{…}, while it is read
)

const (
	maxDepth = 200     // forms within forms
	maxForms = 4 << 20 // of a file
)

// A form is one piece of source as the reader of Clojure sees it. Kids of a table
// are keys and values in turn; those of quotes are the one form that is quoted.
type form struct {
	kind       kind
	start, end int32
	text       string // of symbols and keywords (without colon), the value of strings, the source of others
	kids       []*form
	meta       []*form // what ^ said of it
	expr       ir.Expr // of kind already
}

// is says whether f is the symbol of that name.
func (f *form) is(name string) bool { return f != nil && f.kind == symbol && f.text == name }

// key says whether f is the keyword of that name.
func (f *form) key(name string) bool { return f != nil && f.kind == keyword && f.text == name }

// head is the symbol that a list begins with, or "".
func (f *form) head() string {
	if f != nil && f.kind == list && len(f.kids) > 0 && f.kids[0].kind == symbol {
		return f.kids[0].text
	}
	return ""
}

// hint is the type that metadata gives a form: ^String x, ^{:tag String} x.
func (f *form) hint() string {
	for _, m := range f.meta {
		switch m.kind {
		case symbol, text:
			return m.text
		case table:
			for i := 0; i+1 < len(m.kids); i += 2 {
				if m.kids[i].key("tag") && m.kids[i+1].kind == symbol {
					return m.kids[i+1].text
				}
			}
		}
	}
	return ""
}

// flagged says whether metadata sets a keyword: ^:private x, ^{:private true} x.
func (f *form) flagged(name string) bool {
	for _, m := range f.meta {
		if m.key(name) {
			return true
		}
		if m.kind == table {
			for i := 0; i+1 < len(m.kids); i += 2 {
				if m.kids[i].key(name) && !m.kids[i+1].is("false") && !m.kids[i+1].is("nil") {
					return true
				}
			}
		}
	}
	return false
}

// split parts a symbol at its slash: jwt/sign is jwt and sign. The name / itself
// has no namespace.
func split(name string) (space, rest string) {
	if i := strings.IndexByte(name, '/'); i > 0 && i+1 < len(name) {
		return name[:i], name[i+1:]
	}
	return "", name
}
