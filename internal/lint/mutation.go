package lint

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A Score says how much the verdicts on the good examples hang on the code that
// makes them good. A linter that is content with an example and stays content when
// its record is deleted has not seen the record; one that complains when the
// record moves into a helper has seen nothing else.
type Score struct {
	Score       float64  `json:"score"`        // share of mutants that gave a finding
	Mutants     int      `json:"mutants"`      // examples without one of their records or limiters
	Survivors   []string `json:"survivors"`    // file:line of what was deleted and not missed
	Hidden      int      `json:"hidden"`       // examples in which a record stands behind a helper
	FalseAlarms []string `json:"false_alarms"` // file:line of what was hidden and not found any more
}

// Mutate deletes each record and each limiter of the good examples, one at a time,
// and hides each record behind helpers.
func Mutate(ctx context.Context) (*Score, error) {
	s := &Score{Survivors: []string{}, FalseAlarms: []string{}}
	killed := 0
	for _, c := range Checks() {
		for _, e := range c.Examples() {
			if e.Bad {
				continue
			}
			m := &mutator{ctx: ctx, name: e.Name, text: e.Source}
			where := path.Join("testdata", string(c.ID), e.Name)
			if err := m.prepare(); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			for _, d := range m.deletions() {
				s.Mutants++
				flips, err := m.flips(d)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", where, err)
				}
				if flips {
					killed++
				} else {
					s.Survivors = append(s.Survivors, fmt.Sprintf("%s:%d: %s", where, d.line, d.what))
				}
			}
			for _, h := range m.hidings() {
				s.Hidden++
				flips, err := m.flips(h)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", where, err)
				}
				if flips {
					s.FalseAlarms = append(s.FalseAlarms, fmt.Sprintf("%s:%d: %s", where, h.line, h.what))
				}
			}
		}
	}
	if s.Mutants > 0 {
		s.Score = float64(killed) / float64(s.Mutants)
	}
	return s, nil
}

// A mutator changes one example.
type mutator struct {
	ctx        context.Context
	name, text string
	analysis   *Analysis
	language   ir.Language
	before     map[string]int // findings of the example as it is
}

// A mutant is a change of the text.
type mutant struct {
	what  string
	line  int
	edits []change
}

// A change puts a text in place of a piece.
type change struct {
	start, end int
	text       string
}

func (m *mutator) prepare() error {
	a, err := m.analyze(m.text)
	if err != nil {
		return err
	}
	m.analysis, m.before, m.language = a, byID(a.Report), languages[path.Ext(m.name)]
	return nil
}

func (m *mutator) analyze(text string) (*Analysis, error) {
	return Analyze(m.ctx, Options{FS: fs.FS(fstest.MapFS{m.name: {Data: []byte(text)}}), Config: Config{Strict: true}})
}

// byID counts findings by what does not change when lines move.
func byID(r *finding.Report) map[string]int {
	n := map[string]int{}
	for _, f := range r.Findings {
		n[string(f.ID)]++
	}
	return n
}

// flips reports whether a change brings a finding that was not there before. Of
// records that lack a field there may be more when one moves; they do not count.
func (m *mutator) flips(c mutant) (bool, error) {
	a, err := m.analyze(changed(m.text, c.edits))
	if err != nil {
		return false, err
	}
	for id, n := range byID(a.Report) {
		if n > m.before[id] && (id != "incomplete-event" || m.before[id] == 0) {
			return true, nil
		}
	}
	return false, nil
}

// changed makes edits, which do not overlap.
func changed(text string, edits []change) string {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b change) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.start])
		b.WriteString(e.text)
		at = e.end
	}
	return b.String() + text[at:]
}

// records lists the places of what is recorded on the ways that checks judge.
func (m *mutator) records() (list []flow.Observation) {
	seen := map[ir.Span]bool{}
	for _, w := range m.analysis.Facts.Ways {
		judged := w.Outcome != flow.Succeeded || w.Op.Kind == library.Issue || w.Op.Kind == library.Revoke || w.Op.Kind == library.Refresh || w.Op.Use == "refresh"
		if !judged {
			continue
		}
		for _, o := range w.Seen {
			if o.Tier >= flow.Generic && !o.Env && o.File != nil && !seen[o.Span] {
				seen[o.Span] = true
				list = append(list, o)
			}
		}
	}
	slices.SortFunc(list, func(a, b flow.Observation) int { return a.Span.Compare(b.Span) })
	return list
}

// deletions gives the example without each of its records and limiters.
func (m *mutator) deletions() (list []mutant) {
	for _, o := range m.records() {
		if e, ok := m.delete(o.Span, o.Func); ok {
			list = append(list, mutant{"a record", o.Line(), []change{e}})
		}
	}
	s := &subject{Facts: m.analysis.Facts, program: m.analysis.Program, resolver: m.analysis.Resolver, lib: m.analysis.Library, strict: true}
	seen := map[ir.Span]bool{}
	for _, v := range s.served() {
		if is, _ := v.purpose(); is == other || v.limiter == nil || seen[v.limiter.Span] {
			continue
		}
		seen[v.limiter.Span] = true
		if e, ok := m.unmount(s, &v); ok {
			list = append(list, mutant{"a limiter", v.limiter.Line(), []change{e}})
		}
	}
	return list
}

// nothing is what stands in place of something deleted.
func (m *mutator) nothing() string {
	switch m.language {
	case ir.Go:
		return "{}"
	case ir.JavaScript:
		return "undefined"
	}
	return "nil"
}

// delete takes out the statement around a place or, where that does more, the call.
func (m *mutator) delete(at ir.Span, fn *ir.Func) (change, bool) {
	st := m.statement(at, fn)
	if st == nil {
		return change{}, false
	}
	span := st.At()
	switch st.(type) {
	case *ir.Do, *ir.Defer, *ir.Spawn:
		return change{int(span.Start), int(span.End), m.nothing()}, true
	}
	with := m.nothing()
	if m.language == ir.Go {
		with = "nil"
	}
	return change{int(at.Start), int(at.End), with}, true
}

// statement finds the innermost statement around a place. A try whose body is
// nothing else stands for it.
func (m *mutator) statement(at ir.Span, fn *ir.Func) (found ir.Stmt) {
	if fn == nil {
		return nil
	}
	holds := func(s ir.Span) bool { return s.File == at.File && s.Start <= at.Start && at.End <= s.End }
	for _, f := range m.analysis.Program.Funcs {
		if f != fn && !holds(f.Span) {
			continue
		}
		ir.Walk(f.Body, func(st ir.Stmt) bool {
			if holds(st.At()) && (found == nil || st.At().End-st.At().Start <= found.At().End-found.At().Start) {
				found = st
			}
			return true
		}, nil)
	}
	return found
}

// unmount takes a limiter out of the chain of a route.
func (m *mutator) unmount(s *subject, v *served) (change, bool) {
	at := v.limiter.Span
	for _, link := range v.route.Chain[:max(len(v.route.Chain)-1, 0)] {
		limits := link.Row != nil && link.Row.Does == library.Limit
		if link.Func != nil && !limits {
			s.reach([]*ir.Func{link.Func}, func(_ *ir.Func, d *deed) { limits = limits || d.refuses || len(d.limits) > 0 })
		}
		if limits {
			at = link.Span
		}
	}
	fn := s.around(at)
	if e, ok := m.unwrap(at); ok {
		return e, true
	}
	var mount *ir.Call
	for _, f := range m.analysis.Program.Funcs {
		ir.Walk(f.Body, nil, func(e ir.Expr) bool {
			if call, ok := e.(*ir.Call); ok && slices.ContainsFunc(call.Args, func(a ir.Expr) bool { return a.At() == at }) {
				mount = call
			}
			return true
		})
	}
	if mount == nil { // a limiter that the handler asks: all of a try, if it is in one
		for _, f := range m.analysis.Program.Funcs {
			ir.Walk(f.Body, func(st ir.Stmt) bool {
				t, ok := st.(*ir.Try)
				if ok && len(t.Body) == 1 && t.Body[0].At().Start <= at.Start && at.End <= t.Body[0].At().End {
					at, fn = t.Span, nil
				}
				return true
			}, nil)
		}
		if fn == nil {
			return change{int(at.Start), int(at.End), map[ir.Language]string{ir.Go: "{}", ir.JavaScript: "{}", ir.Clojure: "nil"}[m.language]}, true
		}
		return m.delete(at, fn)
	}
	n := slices.IndexFunc(mount.Args, func(a ir.Expr) bool { return a.At() == at })
	others := 0
	for i, a := range mount.Args {
		if _, text := a.(*ir.Const); i != n && !text {
			others++
		}
	}
	if others == 0 {
		return m.delete(mount.Span, fn)
	}
	if n+1 < len(mount.Args) {
		return change{int(at.Start), int(mount.Args[n+1].At().Start), ""}, true
	}
	return change{int(mount.Args[n-1].At().End), int(at.End), ""}, true
}

// unwrap leaves, of a limiter around a handler, the handler.
func (m *mutator) unwrap(at ir.Span) (e change, ok bool) {
	for _, f := range m.analysis.Program.Funcs {
		ir.Walk(f.Body, nil, func(x ir.Expr) bool {
			call, is := x.(*ir.Call)
			if !is || call.Span != at {
				return true
			}
			for _, a := range call.Args {
				if _, isHandler := m.function(a); isHandler {
					e, ok = change{int(at.Start), int(at.End), a.At().Text()}, true
				}
			}
			return true
		})
	}
	return e, ok
}

func (m *mutator) function(e ir.Expr) (*ir.Func, bool) {
	for _, v := range m.analysis.Resolver.Values(e) {
		if v.Func != nil {
			return v.Func, true
		}
	}
	return nil, false
}

// hidings gives the example with each record behind a function that runs what it
// is given and, where the logger is not of the function, behind one that writes it.
func (m *mutator) hidings() (list []mutant) {
	for _, o := range m.records() {
		st := m.statement(o.Span, o.Func)
		do, ok := st.(*ir.Do)
		if !ok {
			continue
		}
		text := do.Text()
		if strings.Contains(text, "await ") || strings.Contains(text, "yield ") {
			continue
		}
		list = append(list, mutant{"a record behind a function that runs it", o.Line(), m.behind(do.Span, m.closure(text), m.runner())})
		if call, ok := do.X.(*ir.Call); ok && m.global(call.Fun) && !call.Spread && len(call.Args) > 0 {
			use, helper := m.helper(call)
			list = append(list, mutant{"a record in a helper", o.Line(), m.behind(do.Span, use, helper)})
		}
	}
	return list
}

// behind puts a use of a helper in place of a piece, and the helper into the file:
// at the end or, in Clojure, right before the form that uses it.
func (m *mutator) behind(at ir.Span, use, helper string) []change {
	place := len(m.text)
	if m.language == ir.Clojure {
		place = strings.LastIndex(m.text[:at.Start], "\n(") + 1
	}
	return []change{{int(at.Start), int(at.End), use}, {place, place, helper}}
}

func (m *mutator) closure(text string) string {
	switch m.language {
	case ir.Go:
		return "hiddenRun(func() { " + text + " })"
	case ir.JavaScript:
		return "hiddenRun(() => { " + text + " })"
	}
	return "(hidden-run (fn [] " + text + "))"
}

func (m *mutator) runner() string {
	switch m.language {
	case ir.Go:
		return "\nfunc hiddenRun(run func()) { run() }\n"
	case ir.JavaScript:
		return "\nfunction hiddenRun(run) { run(); }\n"
	}
	return "(defn hidden-run [run] (run))\n\n"
}

// helper writes a function that does what a call does, and the call of it.
func (m *mutator) helper(call *ir.Call) (use, helper string) {
	var params, args []string
	for i, a := range call.Args {
		params = append(params, fmt.Sprintf("a%d", i))
		args = append(args, a.At().Text())
	}
	what := call.Fun.At().Text()
	switch m.language {
	case ir.Go:
		use = "hiddenRecord(" + strings.Join(args, ", ") + ")"
		helper = "\nfunc hiddenRecord(" + strings.Join(params, ", ") + " any) { " + what + "(" + strings.Join(params, ", ") + ") }\n"
	case ir.JavaScript:
		use = "hiddenRecord(" + strings.Join(args, ", ") + ")"
		helper = "\nfunction hiddenRecord(" + strings.Join(params, ", ") + ") { " + what + "(" + strings.Join(params, ", ") + "); }\n"
	default:
		use = "(hidden-record " + strings.Join(args, " ") + ")"
		helper = "(defn hidden-record [" + strings.Join(params, " ") + "] (" + what + " " + strings.Join(params, " ") + "))\n\n"
	}
	return use, helper
}

// global reports whether an expression means the same everywhere in the file.
func (m *mutator) global(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Extern:
		return true
	case *ir.FuncRef:
		return !e.Literal
	case *ir.Name:
		return e.Var.Func == nil || e.Var.Func.Outer == nil
	case *ir.Member:
		return m.global(e.X)
	}
	return false
}
