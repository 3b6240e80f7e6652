package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// silent reports whether nothing on the way says that it was taken. A line that is
// written for every request says nothing, and what is recorded in development
// alone is not there when it matters.
func silent(w *flow.Way) bool { return w.Tier < flow.Generic || w.EnvOnly }

// ends reports whether the request ends here, as far as the program shows. What
// returns from a function that nobody calls ends somewhere else; but where it
// returns false, nil or a guest in place of the error, nobody further up can record
// what failed.
func ends(w *flow.Way) bool {
	switch w.Exit {
	case flow.Responds:
		return true
	case flow.Returns:
		return w.Root != nil && (len(w.Root.Routes) > 0 || w.Dropped && !w.Root.Link)
	}
	return false
}

// worst keeps, of the ways that a check is about, the one with the least record
// for each operation and answering function, in the order of the source.
func worst(ways []*flow.Way, about func(*flow.Way) bool) (list []*flow.Way) {
	type key struct {
		op *flow.Op
		fn *ir.Func
	}
	// What generated code answers is beside the point where code that somebody wrote
	// answers for the same operation too: a gateway in front of gRPC.
	type end struct {
		op      *flow.Op
		outcome flow.Outcome
	}
	written := map[end]bool{}
	for _, w := range ways {
		if w.At.File != nil && !w.At.File.Generated {
			written[end{w.Op, w.Outcome}] = true
		}
	}
	best := map[key]*flow.Way{}
	for _, w := range ways {
		if w.Guessed || !about(w) || w.At.File != nil && w.At.File.Generated && written[end{w.Op, w.Outcome}] {
			continue
		}
		k := key{w.Op, w.Func}
		if b := best[k]; b == nil || compareWays(w, b) < 0 {
			best[k] = w
		}
	}
	for _, w := range best {
		list = append(list, w)
	}
	slices.SortFunc(list, compareWays)
	return list
}

// compareWays puts less record first, then goes by the places.
func compareWays(a, b *flow.Way) int {
	return cmp.Or(
		cmp.Compare(a.Tier, b.Tier), a.At.Compare(b.At), a.Branch.Compare(b.Branch), a.Op.Span.Compare(b.Op.Span),
		cmp.Compare(len(a.Steps), len(b.Steps)), cmp.Compare(where(a.Root, a.Func), where(b.Root, b.Func)))
}

// answers is the place that a finding about a way stands at: the innermost branch
// around the answer that the outcome decided, or else the first one that it took,
// or the answer, or the operation.
func answers(w *flow.Way) ir.Span {
	at := w.Branch
	if w.At.File != nil && w.Func != nil && at.File == w.At.File {
		for _, b := range branches(w.Func) {
			if b.File == w.At.File && b.Start >= w.Branch.Start && b.Start <= w.At.Start && w.At.End <= b.End {
				at = b
			}
		}
	}
	for _, s := range []ir.Span{at, w.At} {
		if s.File != nil {
			return s
		}
	}
	return w.Op.Span
}

// branches lists what a function decides by, outer ones first.
func branches(fn *ir.Func) (list []ir.Span) {
	ir.Walk(fn.Body, func(st ir.Stmt) bool {
		switch st := st.(type) {
		case *ir.If:
			list = append(list, st.Span)
		case *ir.Switch:
			for _, c := range st.Cases {
				list = append(list, c.Span)
			}
		case *ir.Try:
			for _, c := range st.Catches {
				list = append(list, c.Span)
			}
		}
		return true
	}, nil)
	return list
}

// trail lists the places of a way from the operation to the answer, with what was
// recorded on it.
func trail(w *flow.Way) (list []place) {
	list = append(list, place{w.Op.Span, w.Op.Func, does(w.Op)})
	for _, s := range w.Steps {
		list = append(list, place{s.Span, s.Func, s.What})
	}
	for _, o := range w.Seen {
		what := "writes a record"
		switch {
		case o.Env:
			what = "writes a record, in development alone"
		case o.Tier <= flow.Access:
			what = "writes a line for every request, whatever happened"
		}
		list = append(list, place{o.Span, o.Func, what})
	}
	if w.At.File != nil {
		list = append(list, place{w.At, w.Func, answer(w)})
	}
	return list
}

// does says what an operation does to a token.
func does(op *flow.Op) string {
	of := ""
	if op.Name != "" {
		of = " with " + op.Name
	}
	switch op.Kind {
	case library.Verify:
		return "verifies the token" + of
	case library.Decode:
		return "decodes the token" + of
	case library.Issue:
		return "signs a token" + of
	case library.Refresh:
		return "exchanges a refresh token" + of
	case library.Revoke:
		return "revokes" + of
	case library.Check:
		return "asks whether the token still stands" + of
	case library.Extract:
		if op.Name == "" {
			return "reads the token from the request"
		}
		return "reads the token from " + op.Name
	case library.Secret:
		return "compares the password" + of
	}
	return "handles a token" + of
}

// answer says how a way ends.
func answer(w *flow.Way) string {
	who := "answers"
	if w.Central {
		who = "the central handler answers"
	}
	switch {
	case w.Exit == flow.Serves:
		return "lets the request go on"
	case w.Exit == flow.Returns:
		return "ends"
	case w.Status != 0:
		return fmt.Sprintf("%s %d", who, w.Status)
	}
	return who
}

// by names the way out in a message: "line 47 (401)".
func by(w *flow.Way) string {
	at := w.At
	if at.File == nil {
		at = answers(w)
	}
	text := line(at, answers(w))
	if w.Status != 0 {
		text += fmt.Sprintf(" (%d)", w.Status)
	}
	return text
}

// unseen is what a message says of the record of a silent way.
func unseen(w *flow.Way) string {
	switch {
	case w.EnvOnly:
		return "with a record in development alone"
	case w.Tier == flow.Access:
		return "with no record but the line that every request gets"
	}
	return "with no log, metric or alert"
}

// sure is the confidence in a finding about a way.
func sure(w *flow.Way) finding.Confidence {
	switch {
	case w.Op.Guessed:
		return finding.Tentative
	case w.Root == nil || len(w.Root.Routes) == 0:
		return finding.Firm // nobody mounts it, as far as we see
	}
	return finding.Certain
}

// rootsOf lists the roots of all ways once, in the order of the source.
func rootsOf(facts *flow.Facts) (list []*flow.Root) {
	seen := map[*ir.Func]bool{}
	for _, w := range facts.Ways {
		if w.Root != nil && w.Root.Func != nil && !seen[w.Root.Func] {
			seen[w.Root.Func] = true
			list = append(list, w.Root)
		}
	}
	slices.SortFunc(list, func(a, b *flow.Root) int { return a.Func.Span.Compare(b.Func.Span) })
	return list
}

// handler is the head of the function where a walk begins.
func handler(w *flow.Way) ir.Span {
	if w.Root == nil || w.Root.Func == nil {
		return answers(w)
	}
	return head(w.Root.Func)
}

// succeeded reports the operations of one kind that are done with no record. One
// fault an operation, whatever handlers reach it: the related places name them.
func (p *pass) succeeded(kind library.Role, what string) {
	const most = 8 // handlers that are named
	ways := map[*flow.Op][]*flow.Way{}
	var ops []*flow.Op
	for _, w := range p.Ways {
		if w.Op.Kind != kind || w.Outcome != flow.Succeeded {
			continue
		}
		p.looks()
		if w.Guessed || w.Exit == flow.Escapes || !silent(w) {
			continue
		}
		if ways[w.Op] == nil {
			ops = append(ops, w.Op)
		}
		ways[w.Op] = append(ways[w.Op], w)
	}
	for _, op := range ops {
		list := ways[op]
		slices.SortFunc(list, compareWays)
		w := list[0]
		related := trail(w)
		named := map[*ir.Func]bool{}
		for _, other := range list {
			if other.Root == nil || other.Root.Func == nil || named[other.Root.Func] || len(named) == most {
				continue
			}
			named[other.Root.Func] = true
			related = append(related, place{handler(other), other.Root.Func, "hands it out with no record: " + where(other.Root, other.Func)})
		}
		if kind != library.Issue {
			related = trail(w)
		}
		p.report(fault{
			at: op.Span, fn: op.Func, what: op.Name, confidence: sure(w), related: related,
			message: fmt.Sprintf("%s: %s at %s %s", where(w.Root, w.Func), what, line(op.Span, op.Span), unseen(w)),
		})
	}
}
