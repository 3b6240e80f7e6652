package lint

import (
	"cmp"
	"slices"

	"github.com/jotsight/jotsight/internal/lint/flow"
)

// leaks lists those that go into one of the places, in the order of the source.
func (p *pass) leaks(what flow.Mark, into ...string) (list []*flow.Leak) {
	for _, l := range p.Leaks {
		if l.What&what != 0 && slices.Contains(into, l.Into) {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b *flow.Leak) int {
		return cmp.Or(a.Span.Compare(b.Span), a.From.Compare(b.From), cmp.Compare(a.What, b.What))
	})
	return list
}

// logged reports whether the program writes any record at all: if so, a check of
// what is in records has something to look at.
func (p *pass) logged() bool {
	return slices.ContainsFunc(p.Ways, func(w *flow.Way) bool { return len(w.Seen) > 0 }) ||
		slices.ContainsFunc(p.Leaks, func(l *flow.Leak) bool { return l.Into == "log" })
}

// carried lists the places of a leak, from where the value comes to where it gets.
func carried(l *flow.Leak, end string) (list []place) {
	list = append(list, place{l.From, l.Func, "the value comes from here"})
	for _, s := range l.Steps {
		list = append(list, place{s.Span, s.Func, s.What})
	}
	return append(list, place{l.Span, l.Func, end})
}
