package clojure

import (
	"strings"
	"unicode/utf8"
)

// A reader turns source into forms. It never fails: a bracket that closes nothing
// is passed over, one that is never closed ends where the file does, and both are
// counted. It does not recurse, so depth costs memory alone; what is nested deeper
// than maxDepth is read and dropped, so that whoever walks forms may recurse.
type reader struct {
	src    string
	pos    int
	frames []frame
	top    []*form
	slab   []form
	forms  int
	bad    int     // brackets without a partner
	cut    int     // forms that lie too deep
	resync bool    // a ( at the start of a line begins a new top-level form
	full   bool    // more than maxForms
	notes  []int32 // where comments begin that may hold a directive
}

// A frame is a form that is not complete yet.
type frame struct {
	form  *form
	close byte // the bracket that ends it; 0 for a prefix, which ends after want forms
	want  int
}

// read reads all of src.
//
// A missing bracket would make all that follows part of one form. So where one is
// missing, src is read once more on the assumption that a ( in the first column
// begins a new form, as it does in all code but within (comment …).
func read(src string) *reader {
	r := &reader{src: src}
	r.run()
	if r.bad > 0 {
		again := &reader{src: src, resync: true}
		again.run()
		again.bad = r.bad
		return again
	}
	return r
}

func (r *reader) run() {
	if strings.HasPrefix(r.src, "\ufeff") {
		r.pos = len("\ufeff")
	}
	if strings.HasPrefix(r.src[r.pos:], "#!") {
		r.line()
	}
	for r.pos < len(r.src) && !r.full {
		r.step()
	}
	for len(r.frames) > 0 {
		if r.frames[len(r.frames)-1].close != 0 {
			r.bad++
		}
		r.pop()
	}
}

// step reads one token. It always moves on.
func (r *reader) step() {
	c := r.src[r.pos]
	switch {
	case c <= ' ' || c == ',':
		r.pos++
	case c == ';':
		r.line()
	case c == '(':
		if r.resync && (r.pos == 0 || r.src[r.pos-1] == '\n') {
			for len(r.frames) > 0 {
				r.pop()
			}
		}
		r.open(list, ')', 1)
	case c == '[':
		r.open(vector, ']', 1)
	case c == '{':
		r.open(table, '}', 1)
	case c == ')' || c == ']' || c == '}':
		r.shut(c)
	case c == '"':
		r.string(text, r.pos)
	case c == '\\':
		r.char()
	case c == '\'':
		r.prefix(quote, 1, 1)
	case c == '`':
		r.prefix(syntaxQuote, 1, 1)
	case c == '@':
		r.prefix(deref, 1, 1)
	case c == '^':
		r.prefix(meta, 1, 2)
	case c == '~':
		if strings.HasPrefix(r.src[r.pos:], "~@") {
			r.prefix(splice, 2, 1)
		} else {
			r.prefix(unquote, 1, 1)
		}
	case c == '#':
		r.hash()
	default:
		r.atom()
	}
}

// line passes over a comment.
func (r *reader) line() {
	start := r.pos
	defer func() {
		if said := r.src[start:r.pos]; strings.Contains(said, "jotsight:") || strings.Contains(said, "nolint") {
			r.notes = append(r.notes, int32(start))
		}
	}()
	if i := strings.IndexByte(r.src[r.pos:], '\n'); i >= 0 {
		r.pos += i + 1
	} else {
		r.pos = len(r.src)
	}
}

// hash reads what begins with #.
func (r *reader) hash() {
	rest := r.src[r.pos:]
	if len(rest) < 2 {
		r.pos++
		return
	}
	switch rest[1] {
	case '(':
		r.open(lambda, ')', 2)
	case '{':
		r.open(set, '}', 2)
	case '"':
		r.pos++
		r.string(regex, r.pos-1)
	case '\'':
		r.prefix(varQuote, 2, 1)
	case '^':
		r.prefix(meta, 2, 2)
	case '_':
		r.prefix(discard, 2, 1)
	case '!':
		r.line()
	case '?':
		if strings.HasPrefix(rest, "#?@") {
			r.prefix(spliced, 3, 1)
		} else {
			r.prefix(conditional, 2, 1)
		}
	case ':':
		start := r.pos
		r.pos++
		name := r.word()
		f := r.make(prefixed, start)
		f.text = name
		r.push(frame{form: f, want: 1})
	case '#': // ##Inf, ##NaN
		start := r.pos
		r.pos += 2
		r.word()
		r.add(r.atomOf(number, start))
	case '=', '<':
		r.pos += 2
	default:
		start := r.pos
		r.pos++
		name := r.word()
		if name == "" {
			r.pos++
			return
		}
		f := r.make(tagged, start)
		f.text = name
		r.push(frame{form: f, want: 1})
	}
}

func (r *reader) open(k kind, close byte, width int) {
	f := r.make(k, r.pos)
	r.pos += width
	r.push(frame{form: f, close: close})
}

func (r *reader) prefix(k kind, width, want int) {
	f := r.make(k, r.pos)
	r.pos += width
	r.push(frame{form: f, want: want})
}

// push makes what is read next part of f. A prefix that lies too deep is passed
// over, so that completing one form completes maxDepth others at most.
func (r *reader) push(f frame) {
	if f.close == 0 && len(r.frames) >= maxDepth {
		r.cut++
		return
	}
	r.frames = append(r.frames, f)
}

// shut ends the innermost form that c closes. Where that is not the innermost of
// all, those within have lost their bracket; where there is none, c is alone.
func (r *reader) shut(c byte) {
	i := len(r.frames) - 1
	for i >= 0 && r.frames[i].close != c {
		i--
	}
	if i < 0 {
		r.bad++
		r.pos++
		return
	}
	for len(r.frames)-1 > i {
		if r.frames[len(r.frames)-1].close != 0 {
			r.bad++
		}
		r.pop()
	}
	r.pos++
	r.pop()
}

// pop takes the innermost form as complete, and with it the prefixes before it.
func (r *reader) pop() {
	f := r.frames[len(r.frames)-1]
	r.frames = r.frames[:len(r.frames)-1]
	f.form.end = int32(r.pos)
	r.finish(f.form)
}

// finish hands a complete form to the one around it. What a prefix makes of its
// form is settled here.
func (r *reader) finish(f *form) {
	switch f.kind {
	case discard:
		return
	case quote, syntaxQuote, unquote, splice, deref, varQuote:
		if len(f.kids) == 0 {
			return
		}
	case meta:
		if len(f.kids) < 2 {
			return
		}
		f.kids[1].meta = append(f.kids[1].meta, f.kids[0])
		f = f.kids[1]
	case tagged:
		if len(f.kids) == 0 {
			return
		}
	case prefixed:
		if len(f.kids) == 0 {
			return
		}
		in := f.kids[0]
		space := strings.TrimLeft(f.text, ":")
		for i := 0; i < len(in.kids); i += 2 {
			if k := in.kids[i]; k.kind == keyword && !strings.Contains(k.text, "/") {
				k.text = space + "/" + k.text
			}
		}
		in.start = f.start
		f = in
	case conditional, spliced:
		chosen := branch(f)
		if chosen == nil {
			return
		}
		if f.kind == spliced {
			for _, k := range chosen.kids {
				r.add(k)
			}
			return
		}
		f = chosen
	}
	r.add(f)
}

// branch is what a reader conditional reads as in Clojure.
func branch(f *form) *form {
	if len(f.kids) == 0 {
		return nil
	}
	in := f.kids[0].kids
	for i := 0; i+1 < len(in); i += 2 {
		if in[i].key("clj") || in[i].key("default") {
			return in[i+1]
		}
	}
	return nil
}

// add puts a complete form into the one around it; a prefix that has all it wants
// is complete too.
func (r *reader) add(f *form) {
	if len(r.frames) == 0 {
		r.top = append(r.top, f)
		return
	}
	in := &r.frames[len(r.frames)-1]
	if len(r.frames) > maxDepth {
		r.cut++
	} else {
		in.form.kids = append(in.form.kids, f)
	}
	if in.close == 0 {
		if in.want--; in.want <= 0 {
			r.pop()
		}
	}
}

func (r *reader) make(k kind, start int) *form {
	if len(r.slab) == 0 {
		r.slab = make([]form, 256)
	}
	f := &r.slab[0]
	r.slab = r.slab[1:]
	f.kind, f.start, f.end = k, int32(start), int32(r.pos)
	if r.forms++; r.forms > maxForms {
		r.full = true
	}
	return f
}

// atomOf makes a form of all from start to here.
func (r *reader) atomOf(k kind, start int) *form {
	f := r.make(k, start)
	f.text = r.src[start:r.pos]
	return f
}

// string reads from the quote on; start is where the form begins.
func (r *reader) string(k kind, start int) {
	r.pos++
	from, escaped := r.pos, false
	for r.pos < len(r.src) && r.src[r.pos] != '"' {
		if r.src[r.pos] == '\\' {
			escaped = true
			r.pos++
		}
		r.pos++
	}
	r.pos = min(r.pos, len(r.src))
	value := r.src[from:r.pos]
	if r.pos < len(r.src) {
		r.pos++
	} else {
		r.bad++
	}
	f := r.atomOf(k, start)
	f.text = value
	if escaped && k == text {
		f.text = unescape(value)
	}
	r.add(f)
}

var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\"`, `"`, `\\`, `\`)

func unescape(s string) string { return escapes.Replace(s) }

// char reads \a, \newline, \u0041.
func (r *reader) char() {
	start := r.pos
	r.pos++
	if r.pos < len(r.src) {
		_, n := utf8.DecodeRuneInString(r.src[r.pos:])
		r.pos += n
		r.word()
	}
	r.add(r.atomOf(char, start))
}

// word passes over what can be in a symbol and gives it.
func (r *reader) word() string {
	from := r.pos
	for r.pos < len(r.src) && !ends(r.src[r.pos]) {
		r.pos++
	}
	return r.src[from:r.pos]
}

func ends(c byte) bool {
	switch c {
	case '(', ')', '[', ']', '{', '}', '"', ';', ',', '@', '^', '`', '~', '\\':
		return true
	}
	return c <= ' '
}

// atom reads a symbol, keyword or number.
func (r *reader) atom() {
	start := r.pos
	word := r.word()
	if word == "" { // a byte that can begin nothing
		r.pos++
		return
	}
	k := symbol
	switch c := word[0]; {
	case c == ':':
		k = keyword
	case c >= '0' && c <= '9', (c == '-' || c == '+') && len(word) > 1 && word[1] >= '0' && word[1] <= '9':
		k = number
	}
	f := r.atomOf(k, start)
	if k == keyword {
		f.text = word[1:]
	}
	r.add(f)
}
