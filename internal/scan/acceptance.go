package scan

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
)

// controls are the answers against which every other is judged: the valid token
// twice, to learn what changes by itself, no token, and a text that no verifier
// takes for a token.
type controls struct {
	ok            int // the status that the recipe calls success; 0: any 2xx
	proof         Extract
	valid         [2]*response
	none, garbage *response

	stable  map[string]bool // what both valid answers say
	dynamic map[string]bool // places in which they differ
}

// An answer is what a response says about the token that was sent.
type answer int

const (
	refused  answer = iota
	accepted        // close to the valid control and far from the refusals
	limited         // 429: a limiter answered, not the verifier
	broken          // 5xx: nobody knows
	unclear         // neither close to the one nor to the other
)

func (a answer) String() string {
	return [...]string{"refused", "accepted", "limited (429)", "answered with a server error", "unclear"}[a]
}

// learn prepares the comparison and reports why the target cannot be judged.
func (c *controls) learn() error {
	for _, v := range c.valid {
		if !c.okStatus(v.status) {
			return fmt.Errorf("the valid token is answered %d", v.status)
		}
		if !c.proof.IsZero() && c.proof.from(v.header, v.body) == "" {
			return fmt.Errorf("the valid token is answered %d, but the proof is not in the answer", v.status)
		}
	}
	first, second := marks(c.valid[0]), marks(c.valid[1])
	c.stable, c.dynamic = map[string]bool{}, map[string]bool{}
	for m := range first {
		if second[m] {
			c.stable[m] = true
		} else {
			c.dynamic[place(m)] = true
		}
	}
	return nil
}

// open reports whether the resource answers without any token as it does with one.
func (c *controls) open() bool {
	if !c.okStatus(c.none.status) {
		return false
	}
	if !c.proof.IsZero() {
		v := c.proof.from(c.none.header, c.none.body)
		return v != "" && v == c.proof.from(c.valid[0].header, c.valid[0].body)
	}
	return c.near(c.none) >= 0.8
}

// credulous reports whether even garbage opens the resource, though nothing does not.
func (c *controls) credulous() bool {
	if c.open() || !c.okStatus(c.garbage.status) {
		return false
	}
	if !c.proof.IsZero() {
		v := c.proof.from(c.garbage.header, c.garbage.body)
		return v != "" && v != c.proof.from(c.none.header, c.none.body)
	}
	return c.near(c.garbage) >= 0.8 && c.near(c.none) < 0.8
}

// judge says what r means. A redirect is a refusal: a valid token is not sent on.
func (c *controls) judge(r *response) answer {
	switch {
	case r.status == http.StatusTooManyRequests:
		return limited
	case r.status >= 500:
		return broken
	case !c.okStatus(r.status):
		return refused
	}
	refusals := []*response{c.none, c.garbage}
	if c.credulous() {
		refusals = refusals[:1]
	}
	if !c.proof.IsZero() {
		v := c.proof.from(r.header, r.body)
		if v == "" {
			return refused
		}
		for _, no := range refusals {
			if c.okStatus(no.status) && v == c.proof.from(no.header, no.body) {
				return refused // a guest's answer
			}
		}
		return accepted
	}
	near, far := c.near(r), 0.0
	soft := false // refusals have the status of success, so the body alone decides
	for _, no := range refusals {
		if c.okStatus(no.status) {
			soft = true
			far = max(far, overlap(c.strip(marks(no)), c.strip(marks(r))))
		}
	}
	switch {
	case soft && far >= near:
		return refused
	case soft && near >= 0.6 && near > far+0.15, !soft && near >= 0.3:
		return accepted
	case !soft && len(c.stable) == 0:
		return accepted // the valid answer has no body either
	}
	return unclear
}

// serves reports whether an answer that refuses holds the data all the same
// (CWE-696): the valid answer's own proof, or its whole body.
func (c *controls) serves(r *response) bool {
	if c.okStatus(r.status) || r.status < 300 {
		return false
	}
	if !c.proof.IsZero() {
		v := c.proof.from(r.header, r.body)
		return v != "" && v == c.proof.from(c.valid[0].header, c.valid[0].body)
	}
	return len(c.stable) >= 4 && covered(c.stable, marks(r)) >= 0.9
}

func (c *controls) okStatus(status int) bool {
	if c.ok != 0 {
		return status == c.ok
	}
	return status >= 200 && status < 300
}

// near is how much of the valid answer and of r is the same, 0 to 1.
func (c *controls) near(r *response) float64 { return overlap(c.stable, c.strip(marks(r))) }

func (c *controls) strip(m map[string]bool) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		if !c.dynamic[place(k)] {
			out[k] = true
		}
	}
	return out
}

func overlap(a, b map[string]bool) float64 {
	both := 0
	for k := range a {
		if b[k] {
			both++
		}
	}
	if all := len(a) + len(b) - both; all > 0 {
		return float64(both) / float64(all)
	}
	return 1
}

func covered(a, b map[string]bool) float64 {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	return float64(n) / float64(max(len(a), 1))
}

// marks describe a body by what can be compared: the places of a JSON document,
// with their types and with their values, or the words of a text.
func marks(r *response) map[string]bool {
	m := map[string]bool{}
	if values := jsonValues(r.body); values != nil {
		for _, v := range values {
			jsonMarks(m, "$", v)
		}
		return m
	}
	for _, w := range strings.FieldsFunc(string(r.body), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		if len(m) > 4096 {
			break
		}
		m["word "+w] = true
	}
	return m
}

func jsonMarks(m map[string]bool, at string, v any) {
	if len(m) > 4096 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		m[at+" object"] = true
		for k, x := range v {
			jsonMarks(m, at+"."+k, x)
		}
	case []any:
		m[at+" array"] = true
		for _, x := range v {
			jsonMarks(m, at+"[]", x)
		}
	default:
		m[fmt.Sprintf("%s %T", at, v)] = true
		m[fmt.Sprintf("%s = %v", at, v)] = true
	}
}

// place is where a mark stands: for a value the place without the value.
func place(mark string) string {
	if p, _, ok := strings.Cut(mark, " = "); ok {
		return p + " =" // values change, places stay
	}
	return mark
}
