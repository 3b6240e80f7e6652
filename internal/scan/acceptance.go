package scan

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/jotsight/jotsight/internal/scan/forge"
)

// controls are the answers against which every other is judged: the valid token,
// to learn what changes by itself, no token, and a text that no verifier takes
// for a token. The last valid answer comes after the refusals, so that what
// changes with time is not taken for a sign of the user.
type controls struct {
	ok            int // the status that the recipe calls success; 0: any 2xx
	proof         Extract
	identity      []string // what the session's token and the recipe call its user
	valid         [3]*response
	none, garbage *response

	stable map[string]bool // what all valid answers say
	own    string          // the proof that all valid answers hold; empty: it changes, or there is none
	sign   map[string]bool // of stable, what no refusal says that looks like a success
	soft   bool            // there is such a refusal

	limits []*response // answers of a limiter that does not say so
}

// An answer is what a response says about the token that was sent.
type answer int

const (
	refused  answer = iota
	accepted        // close to the valid control and far from the refusals
	limited         // a limiter answered, not the verifier
	broken          // a server error, or an answer that broke off: nobody knows
	unclear         // neither close to the one nor to the other
)

func (a answer) String() string {
	return [...]string{"refused", "accepted", "limited", "answered with a server error, or cut short", "neither accepted nor refused as far as its answer tells"}[a]
}

// check reports why a valid answer cannot be judged by.
func (c *controls) check(v *response) error {
	switch {
	case !c.okStatus(v.status):
		return fmt.Errorf("the valid token is answered %d", v.status)
	case v.short:
		return fmt.Errorf("the valid token is answered %d, and the answer breaks off", v.status)
	case c.proof.IsZero() || c.proof.from(v.header, v.body) != "":
		return nil
	case v.long:
		return fmt.Errorf("the valid token is answered %d, and the proof is not in the first %d KiB of the answer, which is all that is read", v.status, maxBody>>10)
	}
	return fmt.Errorf("the valid token is answered %d, but the proof is not in the answer", v.status)
}

// learn prepares the comparison from all controls.
func (c *controls) learn() error {
	for _, v := range c.valid {
		if err := c.check(v); err != nil {
			return err
		}
	}
	c.stable = maps.Clone(marks(c.valid[0]))
	c.own = c.proof.from(c.valid[0].header, c.valid[0].body)
	for _, v := range c.valid[1:] {
		again := marks(v)
		maps.DeleteFunc(c.stable, func(m string, _ bool) bool { return !again[m] })
		if c.proof.from(v.header, v.body) != c.own {
			c.own = ""
		}
	}
	c.sign, c.soft = maps.Clone(c.stable), false
	for _, no := range c.refusals() {
		if c.okStatus(no.status) {
			c.soft = true
			own := c.unlike(no)
			maps.DeleteFunc(c.sign, func(m string, _ bool) bool { return !own[m] })
		}
	}
	return nil
}

// refusals are the controls that show how the service refuses. What a service
// that takes anything for a token answers to garbage is none.
func (c *controls) refusals() []*response {
	if c.credulous() {
		return []*response{c.none}
	}
	return []*response{c.none, c.garbage}
}

// empty reports that neither a success nor a request without token has a body,
// so that nothing tells one from the other.
func (c *controls) empty() bool {
	return c.proof.IsZero() && len(c.stable) == 0 && c.okStatus(c.none.status) && len(c.none.body) == 0
}

// open reports whether the resource answers without any token as it does with one.
func (c *controls) open() bool {
	if !c.okStatus(c.none.status) || c.empty() {
		return false
	}
	if !c.proof.IsZero() {
		return c.proves(c.none)
	}
	return part(c.stable, marks(c.none)) == 1
}

// credulous reports whether even garbage opens the resource, though nothing does not.
func (c *controls) credulous() bool {
	if c.open() || !c.okStatus(c.garbage.status) {
		return false
	}
	if !c.proof.IsZero() {
		return c.proves(c.garbage) && !c.proves(c.none)
	}
	sign := c.stable
	if c.okStatus(c.none.status) {
		sign = c.unlike(c.none)
	}
	return len(sign) > 0 && part(sign, marks(c.garbage)) >= 0.8 && c.knows(marks(c.garbage))
}

// unlike is what all valid answers say and r does not.
func (c *controls) unlike(r *response) map[string]bool {
	m, own := marks(r), maps.Clone(c.stable)
	maps.DeleteFunc(own, func(mark string, _ bool) bool { return m[mark] })
	return own
}

// proves reports whether r holds the proof of the session's own user. A proof
// that changes from answer to answer cannot be compared, and counts as it is.
func (c *controls) proves(r *response) bool {
	v := c.proof.from(r.header, r.body)
	return v != "" && (c.own == "" || v == c.own)
}

// judge says what r means. A redirect is a refusal: a valid token is not sent on.
func (c *controls) judge(r *response) answer {
	success := r.status >= 200 && r.status < 300
	switch {
	case r.status == http.StatusTooManyRequests, r.status == http.StatusServiceUnavailable && r.header.Get("Retry-After") != "":
		return limited
	case slices.ContainsFunc(c.limits, func(l *response) bool { return alike(l, r) }):
		return limited
	case r.status >= 500:
		return broken
	case !c.okStatus(r.status) && (!success || c.proof.IsZero()):
		return refused
	case !c.proof.IsZero():
		return c.judgeProof(r)
	case r.short:
		return broken
	}
	return c.judgeBody(r)
}

// judgeProof looks for the recipe's proof. Where guests are answered with a proof
// of their own, only that of the session's user counts.
func (c *controls) judgeProof(r *response) answer {
	v := c.proof.from(r.header, r.body)
	if v == "" {
		if r.short {
			return broken
		}
		return refused
	}
	for _, no := range c.refusals() {
		if guest := c.proof.from(no.header, no.body); guest != "" && c.okStatus(no.status) {
			if v == guest {
				return refused
			}
			if c.own != "" && v == c.own {
				continue
			}
			if sign := c.unlike(no); len(sign) > 0 && part(sign, marks(r)) <= 0.2 {
				return refused // another guest
			}
			return unclear
		}
	}
	return accepted
}

// judgeBody compares what the answer says. Where refusals have the status of a
// success, only what they do not say counts.
func (c *controls) judgeBody(r *response) answer {
	m := marks(r)
	if c.soft {
		switch share := part(c.sign, m); {
		case len(c.sign) == 0:
			return unclear
		case share >= 0.8 && c.knows(m):
			return accepted
		case share <= 0.2:
			return refused
		}
		return unclear
	}
	if len(c.stable) == 0 {
		if (len(r.body) == 0) == (len(c.valid[0].body) == 0) {
			return accepted // the status is all that there is
		}
		return unclear
	}
	shapes, values := split(c.stable)
	if len(shapes) == 0 { // a text
		if part(c.stable, m) >= 0.9 && c.knows(m) {
			return accepted
		}
		return unclear
	}
	if part(shapes, m) >= 0.8 && (len(values) == 0 || part(values, m) >= 0.3) {
		return accepted
	}
	return unclear
}

// serves reports whether an answer that refuses holds the data all the same
// (CWE-696): the valid answer's own proof, or its own values. A page that shares
// its frame with the valid one serves nothing, and neither does an answer that
// only repeats what the token claimed.
func (c *controls) serves(r *response) bool {
	if c.okStatus(r.status) || r.status < 300 {
		return false
	}
	m := marks(r)
	data := telling(c.stable)
	if !c.proof.IsZero() {
		if c.own == "" || c.proof.from(r.header, r.body) != c.own {
			return false
		}
		if !slices.Contains(c.identity, c.own) {
			return true
		}
		maps.DeleteFunc(data, func(mark string, _ bool) bool { return slices.Contains(c.identity, value(mark)) })
		return len(data) == 0 || part(data, m) > 0
	}
	if len(data) > 0 {
		return len(data) >= 3 && part(data, m) >= 0.9
	}
	return len(c.stable) >= 8 && part(c.stable, m) >= 0.9 && c.named() && c.knows(m)
}

func (c *controls) okStatus(status int) bool {
	if c.ok != 0 {
		return status == c.ok
	}
	return status >= 200 && status < 300
}

// named reports whether the valid answer names its user.
func (c *controls) named() bool {
	return slices.ContainsFunc(c.identity, func(id string) bool { return c.stable["word "+id] })
}

// knows reports whether a text names the user, if the valid one does.
func (c *controls) knows(m map[string]bool) bool {
	return !c.named() || slices.ContainsFunc(c.identity, func(id string) bool { return c.stable["word "+id] && m["word "+id] })
}

// identities are the texts by which a service may call the user of a session:
// what its token claims, and the variables of the recipe that are no secrets.
func identities(t *forge.Token, vars map[string]string) (list []string) {
	if t != nil {
		for _, m := range t.Payload {
			if s := t.Payload.Text(m.Name); len(s) >= 3 && m.Name != "iss" && m.Name != "aud" && m.Name != "scope" {
				list = append(list, s)
			}
		}
	}
	for name, v := range vars {
		if len(v) >= 3 && !secretName.MatchString(name) {
			list = append(list, v)
		}
	}
	for _, s := range list {
		if local, _, ok := strings.Cut(s, "@"); ok && len(local) >= 3 {
			list = append(list, local)
		}
	}
	return list
}

// alike reports whether two answers are the same but for what differs from
// request to request by nature.
func alike(a, b *response) bool {
	still := func(r *response) map[string]bool {
		m := maps.Clone(marks(r))
		maps.DeleteFunc(m, func(mark string, _ bool) bool {
			return strings.ContainsFunc(value(mark), unicode.IsDigit) || strings.HasPrefix(mark, "word ") && strings.ContainsFunc(mark, unicode.IsDigit)
		})
		return m
	}
	if a.status != b.status {
		return false
	}
	x, y := still(a), still(b)
	return part(x, y) >= 0.8 && part(y, x) >= 0.8
}

// part is how much of a is also in b, 0 to 1; nothing is in everything.
func part(a, b map[string]bool) float64 {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	if len(a) == 0 {
		return 1
	}
	return float64(n) / float64(len(a))
}

const (
	maxMarks = 4096
	maxWords = 256 << 10 // how much of a text is looked at
	maxDepth = 16
	maxText  = 64 // of a member's name, a value or a word; the rest says nothing more
)

// marks describe a body by what can be compared: the places of a JSON document,
// with their types and with their values, or the words of a text. JSON that
// follows a text adds its places: so answers a handler that goes on after its
// refusal. Whatever the body, they stay within a few megabytes. They are made
// once for an answer, and must not be changed.
func marks(r *response) map[string]bool {
	if r.marks == nil {
		r.marks = newMarks(r)
	}
	return r.marks
}

func newMarks(r *response) map[string]bool {
	m := map[string]bool{}
	values := jsonValues(r.body)
	if values == nil {
		for w := range strings.FieldsFuncSeq(string(r.body[:min(len(r.body), maxWords)]), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			if len(m) >= maxMarks {
				break
			}
			m["word "+brief(w)] = true
		}
		values = embedded(r.body)
	}
	for _, v := range values {
		jsonMarks(m, "$", v, 0)
	}
	return m
}

func jsonMarks(m map[string]bool, at string, v any, depth int) {
	if len(m) >= maxMarks || depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		m[at+" object"] = true
		for _, k := range slices.Sorted(maps.Keys(v)) { // in order, so that the bound cuts every answer at the same place
			jsonMarks(m, at+"."+brief(k), v[k], depth+1)
		}
	case []any:
		m[at+" array"] = true
		for _, x := range v {
			jsonMarks(m, at+"[]", x, depth+1)
		}
	default:
		m[fmt.Sprintf("%s %T", at, v)] = true
		m[at+equals+brief(fmt.Sprint(v))] = true
	}
}

const equals = " = "

func brief(s string) string { return s[:min(len(s), maxText)] }

// value is the value of a mark that has one.
func value(mark string) string {
	if strings.HasPrefix(mark, "word ") {
		return ""
	}
	_, v, _ := strings.Cut(mark, equals)
	return v
}

// split tells the places of a JSON document from their values. A text has neither.
func split(all map[string]bool) (shapes, values map[string]bool) {
	shapes, values = map[string]bool{}, map[string]bool{}
	for m := range all {
		switch {
		case strings.HasPrefix(m, "word "):
		case strings.Contains(m, equals):
			values[m] = true
		default:
			shapes[m] = true
		}
	}
	return shapes, values
}

// telling are the values that no other document holds by chance.
func telling(all map[string]bool) map[string]bool {
	_, values := split(all)
	maps.DeleteFunc(values, func(m string, _ bool) bool {
		v := value(m)
		return len(v) < 3 || v == "true" || v == "false" || v == "null" || v == "<nil>"
	})
	return values
}
