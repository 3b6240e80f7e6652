package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A kind is what is known of a value, if anything.
type kind uint8

const (
	anything kind = iota
	null          // nil, null, undefined
	empty         // no token: nil in one language, "" in another
	no            // false
	yes           // true
	thing         // neither nil nor false nor ""
	number        // n
	text          // s
)

// A value is what is known of one value on one way. Values never change, all
// states share them. A nil *value is one of which nothing is known.
type value struct {
	is  kind
	n   int64
	s   string
	err bool // an error, of whatever
	// fail: it says what failed, being the error of the tracked op or made of it.
	// dep: it is as it is because the tracked op came out as it did.
	fail, dep bool
	miss      bool // was looked up, and not found
	marks     Mark
	status    int  // of an error that a framework answers
	thrown    bool // an error made for the framework, with a status
	from      ir.Span
	op        *Op         // whose result it is
	class     *ir.Class   // whose instance it is, as told by a new
	fn        *closure    // of a function
	settle    *settlement // of resolve and reject
	fields    []member    // of an object, by order of assignment
	tuple     []*value    // several results, or a list of known length
	list      bool        // the tuple is a list
	hash      uint64
}

type member struct {
	name string
	val  *value
}

// A closure is a function with what was known where it was written.
type closure struct {
	f   *ir.Func
	env env
}

// A settlement is a promise that someone will settle by calling resolve or reject.
type settlement struct {
	reject bool
	of     *ir.Call // the new Promise
}

var (
	vNull  = mk(value{is: null})
	vNo    = mk(value{is: no})
	vYes   = mk(value{is: yes})
	vThing = mk(value{is: thing})
	vErr   = mk(value{is: thing, err: true})
)

// mk makes a value out of its parts.
func mk(v value) *value {
	h := mix(uint64(v.is)+1, uint64(v.n))
	for i := 0; i < len(v.s) && i < 64; i++ {
		h = (h ^ uint64(v.s[i])) * 1099511628211
	}
	b := uint64(v.marks) << 16
	if v.err {
		b |= 1
	}
	if v.fail {
		b |= 2
	}
	if v.dep {
		b |= 4
	}
	if v.list {
		b |= 8
	}
	if v.miss {
		b |= 16
	}
	if v.thrown {
		b |= 32
	}
	h = mix(h, b)
	h = mix(h, uint64(v.status))
	if v.op != nil {
		h = mix(h, uint64(v.op.seq)+77)
	}
	if v.class != nil {
		h = mix(h, spanHash(v.class.Span))
	}
	if v.fn != nil {
		h = mix(mix(h, spanHash(v.fn.f.Span)), v.fn.env.hash())
	}
	if v.settle != nil {
		h = mix(h, spanHash(v.settle.of.Span)+1)
		if v.settle.reject {
			h++
		}
	}
	for _, m := range v.fields {
		h ^= mix(stringHash(m.name), m.val.sum())
	}
	for i, t := range v.tuple {
		h = mix(h, t.sum()+uint64(i))
	}
	v.hash = h
	return &v
}

func mix(h, x uint64) uint64 {
	h ^= x + 0x9e3779b97f4a7c15 + h<<6 + h>>2
	h *= 0xff51afd7ed558ccd
	return h ^ h>>32
}

func stringHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func spanHash(s ir.Span) uint64 {
	h := uint64(s.Start)<<32 | uint64(uint32(s.End))
	if s.File != nil {
		p := s.File.Path
		h += uint64(len(p)) << 20
		if len(p) > 16 {
			p = p[len(p)-16:]
		}
		h ^= stringHash(p)
	}
	return mix(h, 1)
}

func (v *value) sum() uint64 {
	if v == nil {
		return 0
	}
	return v.hash
}

func (v *value) kind() kind {
	if v == nil {
		return anything
	}
	return v.is
}

func (v *value) fails() bool { return v != nil && v.fail }
func (v *value) deps() bool  { return v != nil && (v.dep || v.fail) }
func (v *value) isErr() bool { return v != nil && v.err }

func (v *value) mark() Mark {
	if v == nil {
		return 0
	}
	return v.marks
}

// deepMarks are those of the value and of all that it holds, to a depth.
func (v *value) deepMarks(depth int) Mark {
	if v == nil {
		return 0
	}
	m := v.marks
	if depth > 0 {
		for _, f := range v.fields {
			m |= f.val.deepMarks(depth - 1)
		}
		for _, t := range v.tuple {
			m |= t.deepMarks(depth - 1)
		}
	}
	return m
}

// deepFails says whether the failure is in the value or in what it holds.
func (v *value) deepFails(depth int) bool {
	if v == nil {
		return false
	}
	if v.fail {
		return true
	}
	if depth > 0 {
		for _, f := range v.fields {
			if f.val.deepFails(depth - 1) {
				return true
			}
		}
		for _, t := range v.tuple {
			if t.deepFails(depth - 1) {
				return true
			}
		}
	}
	return false
}

// deepDeps is the same of what depends on the outcome.
func (v *value) deepDeps(depth int) bool {
	if v == nil {
		return false
	}
	if v.dep || v.fail {
		return true
	}
	if depth > 0 {
		for _, f := range v.fields {
			if f.val.deepDeps(depth - 1) {
				return true
			}
		}
		for _, t := range v.tuple {
			if t.deepDeps(depth - 1) {
				return true
			}
		}
	}
	return false
}

// with changes a copy.
func (v *value) with(change func(*value)) *value {
	var c value
	if v != nil {
		c = *v
	}
	change(&c)
	return mk(c)
}

// depends is the value as it is where a failure has decided: an error that is
// chosen because of a failure tells of it.
func (v *value) depends() *value {
	if v != nil && v.dep && (!v.err || v.fail) {
		return v
	}
	if v == nil {
		return vDep
	}
	return v.with(func(c *value) {
		c.dep = true
		c.fail = c.fail || c.err
		if c.tuple != nil {
			t := make([]*value, len(c.tuple))
			for i, x := range c.tuple {
				t[i] = x.depends()
			}
			c.tuple = t
		}
	})
}

var vDep = mk(value{dep: true})

func (v *value) marked(m Mark, from ir.Span) *value {
	if m == 0 || v != nil && v.marks&m == m {
		return v
	}
	return v.with(func(c *value) {
		c.marks |= m
		if c.from.File == nil {
			c.from = from
		}
	})
}

// field finds a member by name.
func (v *value) field(name string) (*value, bool) {
	if v == nil {
		return nil, false
	}
	for i := len(v.fields) - 1; i >= 0; i-- {
		if v.fields[i].name == name {
			return v.fields[i].val, true
		}
	}
	return nil, false
}

// maxFields bounds what is remembered of one object.
const maxFields = 24

// withField is a copy in which a member has another value.
func (v *value) withField(name string, x *value) *value {
	return v.with(func(c *value) {
		if c.is == anything {
			c.is = thing
		}
		list := make([]member, 0, len(c.fields)+1)
		for _, m := range c.fields {
			if m.name != name {
				list = append(list, m)
			}
		}
		if len(list) < maxFields {
			list = append(list, member{name, x})
		}
		c.fields = list
	})
}

// truth says whether the value counts as true, and whether that is known.
func (v *value) truth(language ir.Language) (truth, known bool) {
	switch v.kind() {
	case null, no:
		return false, true
	case empty:
		return false, language != ir.Clojure || true
	case yes, thing:
		return true, true
	case number:
		if language == ir.JavaScript {
			return v.n != 0, true
		}
		return true, true
	case text:
		if language == ir.JavaScript {
			return v.s != "", true
		}
		return true, true
	}
	return false, false
}

// join is what is known of a value that is one or the other.
func join(a, b *value) *value {
	if a == b || a.sum() == b.sum() {
		return a
	}
	if a == nil && b.mark() == 0 && !b.deps() || b == nil && a.mark() == 0 && !a.deps() {
		return nil
	}
	var c value
	if a != nil && b != nil {
		c.err = a.err && b.err
		if a.is == b.is && a.n == b.n && a.s == b.s {
			c.is, c.n, c.s = a.is, a.n, a.s
		}
		if a.op == b.op {
			c.op = a.op
		}
		if a.fn != nil && b.fn == nil {
			c.fn = a.fn
		} else if b.fn != nil && a.fn == nil {
			c.fn = b.fn
		}
	}
	for _, v := range []*value{a, b} {
		if v != nil {
			c.fail = c.fail || v.fail
			c.dep = c.dep || v.dep
			c.marks |= v.marks
			if c.from.File == nil {
				c.from = v.from
			}
		}
	}
	return mk(c)
}
