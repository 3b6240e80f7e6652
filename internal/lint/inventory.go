package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// InventorySchema names the JSON form of an Inventory.
const InventorySchema = "jotsight-map/1"

// An Inventory lists every token operation of a program with what is recorded of
// it: the log inventory that ASVS 5.0 V16.1.1 asks for, and the plan for a scan,
// because it says which routes to attack and which record to expect.
type Inventory struct {
	Schema     string      `json:"schema"`
	Target     string      `json:"target"`
	Operations []Operation `json:"operations"` // in the order of the source
	Calls      int         `json:"calls"`
	Unresolved int         `json:"unresolved"` // calls whose target is not known: what they do is not in here
}

// An Operation is one place at which something happens to a token.
type Operation struct {
	Does     string    `json:"does"` // verify, decode, issue, refresh, revoke, check, extract, password, guard
	Name     string    `json:"name"`
	Use      string    `json:"use,omitempty"` // refresh, for refresh tokens
	Path     string    `json:"path"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
	Function string    `json:"function"`
	Routes   []string  `json:"routes"`  // that reach it, such as "POST /login"
	Limiter  string    `json:"limiter"` // yes, some (of the routes), no, unknown (no route is known)
	Outcomes []Outcome `json:"outcomes"`
}

// An Outcome is what can come of an operation, and how it is recorded where it is
// recorded least.
type Outcome struct {
	Outcome string   `json:"outcome"` // failed, absent, revoked, succeeded
	Tier    string   `json:"tier"`    // none, access, generic, typed, full; unknown if all ways leave what we see
	Level   string   `json:"level,omitempty"`
	Fields  []string `json:"fields"`  // that every way records
	Records []string `json:"records"` // places that write them, as file:line
	Ways    int      `json:"ways"`
	Unknown int      `json:"unknown"` // ways into code that is not here
}

var (
	tiers    = []string{"none", "access", "generic", "typed", "full"}
	outcomes = []string{"failed", "absent", "revoked", "succeeded"}
)

// Inventory draws up the list.
func (a *Analysis) Inventory() *Inventory {
	v := &Inventory{Schema: InventorySchema, Target: a.Report.Target, Operations: []Operation{}, Calls: a.Facts.Stats.Calls, Unresolved: a.Facts.Stats.Unresolved}
	ways := map[*flow.Op][]*flow.Way{}
	for _, w := range a.Facts.Ways {
		if w.Op != nil {
			ways[w.Op] = append(ways[w.Op], w)
		}
	}
	ops := slices.SortedStableFunc(slices.Values(a.Facts.Ops), func(a, b *flow.Op) int { return a.Span.Compare(b.Span) })
	for _, op := range ops {
		if op.File == nil || op.Guessed {
			continue
		}
		o := Operation{Does: string(op.Kind), Name: op.Name, Use: op.Use, Path: op.File.Path, Function: name(op.Func), Routes: []string{}, Outcomes: []Outcome{}}
		o.Line, o.Column = op.Position()
		o.Routes, o.Limiter = reached(ways[op])
		for i, outcome := range outcomes {
			if out, ok := outcomeOf(ways[op], flow.Outcome(i)); ok {
				out.Outcome = outcome
				o.Outcomes = append(o.Outcomes, out)
			}
		}
		v.Operations = append(v.Operations, o)
	}
	return v
}

// reached lists the routes that the ways begin at, and says how many of them have
// a limiter before the handler.
func reached(ways []*flow.Way) (list []string, limiter string) {
	seen := map[*resolve.Route]bool{}
	limited := 0
	list = []string{}
	for _, w := range ways {
		if w.Root == nil {
			continue
		}
		for _, r := range w.Root.Routes {
			if seen[r] {
				continue
			}
			seen[r] = true
			list = append(list, cmp.Or(routeOf(r), "?"))
			if slices.ContainsFunc(r.Chain, func(l resolve.Link) bool { return l.Row != nil && l.Row.Does == library.Limit }) {
				limited++
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(seen) == 0:
		return list, "unknown"
	case limited == 0:
		return list, "no"
	case limited < len(seen):
		return list, "some"
	}
	return list, "yes"
}

// outcomeOf sums the ways of one outcome.
func outcomeOf(ways []*flow.Way, outcome flow.Outcome) (out Outcome, ok bool) {
	out.Fields, out.Records = []string{}, []string{}
	least := -1
	first := true
	for _, w := range ways {
		if w.Outcome != outcome {
			continue
		}
		ok = true
		out.Ways++
		if w.Exit == flow.Escapes {
			out.Unknown++
			continue
		}
		tier := int(w.Tier)
		if w.EnvOnly {
			tier = 0
		}
		if least < 0 || tier < least {
			least, out.Level = tier, w.Level
		}
		var fields []string
		for _, s := range w.Seen {
			if s.Tier < flow.Generic || s.Env {
				continue
			}
			fields = append(fields, s.Fields...)
			if s.File != nil {
				out.Records = append(out.Records, location(s.Span, nil).String())
			}
		}
		if first {
			out.Fields, first = append(out.Fields, fields...), false
		} else {
			out.Fields = slices.DeleteFunc(out.Fields, func(f string) bool { return !slices.Contains(fields, f) })
		}
	}
	out.Tier = "unknown"
	if least >= 0 {
		out.Tier = tiers[min(least, len(tiers)-1)]
	}
	for _, list := range []*[]string{&out.Fields, &out.Records} {
		slices.SortFunc(*list, strings.Compare)
		*list = slices.Compact(*list)
	}
	return out, ok
}
