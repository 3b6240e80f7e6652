package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// served is what one route does to tokens.
type served struct {
	route   *resolve.Route
	handler *ir.Func
	ops     []*flow.Op        // in the order of the source
	own     []*flow.Op        // those of them that the handler reaches, and not its middleware
	limiter *place            // nil: none
	lets    map[*flow.Op]bool // operations of middlewares that let bad tokens pass as nobody's
}

// served lists what every route does, in the order of the routes.
func (s *subject) served() []served {
	if s.serves == nil {
		s.serves = s.serve()
	}
	return s.serves
}

func (s *subject) serve() (list []served) {
	mounted := map[*ir.Call][]*flow.Op{} // operations of a library's middleware, by the call that made it
	for _, op := range s.Ops {
		if op.Call != nil {
			mounted[op.Call] = append(mounted[op.Call], op)
		}
	}
	// What signs tokens is often one helper for a login and a refresh: it is a
	// refresh where a walk from this route took it for one.
	refreshed := map[*flow.Op]map[*resolve.Route]bool{}
	for _, w := range s.Ways {
		if w.Op.Kind == library.Refresh && w.Root != nil {
			if refreshed[w.Op] == nil {
				refreshed[w.Op] = map[*resolve.Route]bool{}
			}
			for _, r := range w.Root.Routes {
				refreshed[w.Op][r] = true
			}
		}
	}
	lets := map[*flow.Op]bool{}
	for _, op := range s.Ops {
		lets[op] = op.Row != nil && op.Row.Fails.Context
	}
	for _, w := range s.Ways {
		if w.Op.Kind == library.Verify && w.Outcome == flow.Failed && w.Exit == flow.Serves && !w.Denied {
			lets[w.Op] = true
		}
	}
	for _, r := range s.Routes {
		v := served{route: r, lets: lets}
		if n := len(r.Chain); n > 0 {
			v.handler = r.Chain[n-1].Func
		}
		for i, link := range r.Chain {
			last := i == len(r.Chain)-1
			note := func(op *flow.Op) {
				if of := refreshed[op]; len(of) > 0 && !of[r] {
					return
				}
				if !slices.Contains(v.ops, op) {
					v.ops = append(v.ops, op)
				}
				if last && !slices.Contains(v.own, op) {
					v.own = append(v.own, op)
				}
			}
			if link.Call != nil {
				for _, op := range mounted[link.Call] {
					note(op)
				}
			}
			if link.Row != nil && link.Row.Does == library.Limit {
				v.limiter = &place{link.Span, nil, "limits the rate"}
			}
			if link.Func == nil {
				continue
			}
			s.reach([]*ir.Func{link.Func}, func(fn *ir.Func, d *deed) {
				for _, op := range d.ops {
					note(op)
				}
				switch {
				case v.limiter != nil:
				case len(d.limits) > 0:
					v.limiter = &d.limits[0]
				case d.refuses:
					v.limiter = &place{fn.Span, fn, "answers 429"}
				}
			})
		}
		slices.SortStableFunc(v.ops, func(a, b *flow.Op) int { return a.Span.Compare(b.Span) })
		list = append(list, v)
	}
	return list
}

// has finds an operation of a kind.
func has(ops []*flow.Op, is func(*flow.Op) bool) *flow.Op {
	if i := slices.IndexFunc(ops, is); i >= 0 {
		return ops[i]
	}
	return nil
}

func kind(k library.Role) func(*flow.Op) bool { return func(op *flow.Op) bool { return op.Kind == k } }

// A purpose is what a route is for, as far as guessing at it goes.
type purpose uint8

const (
	other purpose = iota
	login
	refreshing
	verifying
)

// purpose tells what can be guessed at a route, with the operation that shows it.
func (v *served) purpose() (purpose, *flow.Op) {
	issues := has(v.own, kind(library.Issue))
	if op := has(v.own, func(op *flow.Op) bool {
		return op.Kind == library.Refresh || op.Use == "refresh" && (op.Kind == library.Verify || op.Kind == library.Check)
	}); op != nil && (issues != nil || op.Kind == library.Refresh) {
		return refreshing, op
	}
	words := v.words()
	secret := has(v.own, kind(library.Secret))
	guarded := has(v.ops, func(op *flow.Op) bool {
		return op.Kind == library.Verify && !slices.Contains(v.own, op) && !v.lets[op]
	}) != nil
	switch {
	case issues != nil && words.any("login", "signin", "authenticate"): // a guard around it has to let it pass, whether we see how or not
		if secret != nil {
			return login, secret
		}
		return login, issues
	case guarded:
		return other, nil // whoever comes this far has a token already
	case issues != nil && words.any("refresh", "renew"):
		return refreshing, issues
	}
	if secret != nil && (issues != nil || words.any("login", "signin", "auth", "token", "session", "authenticate")) {
		return login, secret
	}
	verifies := has(v.own, kind(library.Verify))
	switch {
	case issues != nil && verifies == nil && !words.any("register", "signup", "registration"):
		return login, issues
	case verifies != nil && words.any("verify", "introspect", "introspection", "validate", "check", "reset", "confirm"):
		return verifying, verifies
	}
	return other, nil
}

// words are those of a route's path and of its handler's name, in small letters.
type words []string

func (v *served) words() (list words) {
	text := v.route.Path
	if v.handler != nil {
		text += " " + v.handler.Name
	}
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			list = append(list, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	small := false
	for _, r := range text {
		upper := r >= 'A' && r <= 'Z'
		switch {
		case upper && small:
			flush()
			word.WriteRune(r)
		case upper, r >= 'a' && r <= 'z':
			word.WriteRune(r)
		default:
			flush()
		}
		small = r >= 'a' && r <= 'z'
	}
	flush()
	for i := 0; i+1 < len(list); i++ { // sign-in, log_in, sign up
		switch list[i] + list[i+1] {
		case "signin", "login", "signup":
			list = append(list, list[i]+list[i+1])
		}
	}
	return list
}

func (w words) any(of ...string) bool {
	return slices.ContainsFunc(w, func(word string) bool { return slices.Contains(of, word) })
}

// unlimited reports the routes of one purpose whose rate nothing limits.
func (p *pass) unlimited(what purpose, story string) {
	type address struct {
		method, path string
		handler      *ir.Func
	}
	addressOf := func(v *served) address { return address{v.route.Method, v.route.Path, v.handler} }
	list := p.served()
	optional := map[address]bool{} // mounted with a limiter too: a setting tells which of the two it is
	for i := range list {
		if v := &list[i]; v.limiter != nil && v.handler != nil {
			optional[addressOf(v)] = true
		}
	}
	for _, v := range list {
		is, op := v.purpose()
		if is != what {
			continue
		}
		p.looks()
		if v.limiter != nil || optional[addressOf(&v)] || op.Guessed {
			continue
		}
		related := make([]place, 0, len(v.route.Chain)+1)
		for i, link := range v.route.Chain {
			says := "runs before the handler and limits nothing"
			if i == len(v.route.Chain)-1 {
				says = "the handler"
			}
			at := link.Span
			if link.Func != nil && link.Func.File != nil {
				at = head(link.Func)
			}
			related = append(related, place{at, link.Func, says})
		}
		related = append(related, place{op.Span, op.Func, does(op)})
		f := fault{
			at: v.route.Span, fn: p.around(v.route.Span), route: v.route, what: op.Name, related: related,
			message: fmt.Sprintf("%s: %s, and nothing limits how often", strings.TrimSpace(routeOf(v.route)+" "), story),
		}
		if routeOf(v.route) == "" {
			f.message = fmt.Sprintf("%s: %s, and nothing limits how often", name(v.handler), story)
		}
		if !v.route.Known {
			f.confidence = finding.Firm
		}
		p.report(f)
	}
}

// head is the first character of a function: where it begins, and not all of it.
func head(fn *ir.Func) ir.Span {
	s := fn.Span
	s.End = min(s.End, s.Start+1)
	return s
}

// around is the innermost function of the program that a place stands in.
func (s *subject) around(at ir.Span) (found *ir.Func) {
	for _, fn := range s.program.Funcs {
		if fn.File == at.File && fn.Start <= at.Start && at.End <= fn.End && (found == nil || fn.End-fn.Start <= found.End-found.Start) {
			found = fn
		}
	}
	return found
}

const limits = "A limiter counts on any link of the route's chain, on the router around it or on the application: one of a library, or a function that " +
	"answers 429 or asks a limiter. One that a setting can switch off counts; one that is installed and mounted nowhere does not. A limit of a gateway in front of the service cannot be seen; " +
	"jotsight:ignore with that reason says so."
