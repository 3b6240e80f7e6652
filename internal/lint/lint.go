// Package lint finds the code that handles tokens badly, and above all the code
// that fails in silence: where a bad, missing or revoked token is refused and
// nothing records it. It reads Go, JavaScript, TypeScript and Clojure, runs none
// of it, and needs neither a build nor a network.
//
// Frontends translate to package ir, package resolve tells what calls reach, and
// package flow walks the program as requests would. The checks look at what it
// found, one weakness each.
package lint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// ErrNothing says that there was no source to read: no verdict at all, which is
// not the same as a clean one.
var ErrNothing = errors.New("no Go, JavaScript, TypeScript or Clojure source that can be read")

// Options say what to read and how. Only Root or FS is required.
type Options struct {
	Root string // the folder to read; places are relative to it
	FS   fs.FS  // read instead of Root, if it is set
	// Only keeps the findings whose place is one of these files or within one of these
	// folders, from the root, with slashes. All of Root is read, because what records
	// a failure may stand anywhere. Empty: all findings.
	Only    []string
	Version string
	Config
	// Progress is told of each stage as it begins, from one goroutine. It may be nil.
	Progress func(stage string)
	Now      func() time.Time // nil: time.Now
}

// An Analysis is everything that a run found out: the report, and what it was
// made from, for those who show more of it.
type Analysis struct {
	Report   *finding.Report
	Program  *ir.Program
	Resolver *resolve.Resolver
	Facts    *flow.Facts
	Library  *library.Set
}

// Run reads a tree of files and reports what the checks found. Two runs over the
// same tree give the same report, the times apart. The error is ErrNothing where
// nothing could be analysed, that of the context, or that of the root.
func Run(ctx context.Context, o Options) (*finding.Report, error) {
	a, err := Analyze(ctx, o)
	if err != nil {
		return nil, err
	}
	return a.Report, nil
}

// Analyze is Run for those who need the facts as well.
func Analyze(ctx context.Context, o Options) (*Analysis, error) {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	say := o.Progress
	if say == nil {
		say = func(string) {}
	}
	started := now()
	lib, err := o.library()
	if err != nil {
		return nil, err
	}
	fsys, done, err := o.open()
	if err != nil {
		return nil, err
	}
	defer done()
	w := &walker{ctx: ctx, fsys: fsys, exclude: o.Exclude, size: map[ir.Language]*finding.Language{}, skips: skips{}}
	say("reading files")
	if err := w.walk(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(w.tree.Files, func(f *ir.File) bool { return within(f.Path, o.Only) }) {
		return nil, ErrNothing
	}
	say("parsing")
	program := translate(&w.tree, lib)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, f := range w.tree.Files {
		if f.Broken != "" {
			w.skips.add(whyBroken, f.Path)
		}
	}
	say("resolving")
	r := resolve.New(program, lib)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	say("following tokens")
	facts := flow.Analyze(program, r, lib)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n := broken(w.tree.Files, o.Only); n > 0 && !slices.ContainsFunc(facts.Ops, func(op *flow.Op) bool { return op.File != nil && within(op.File.Path, o.Only) }) {
		return nil, fmt.Errorf("%w: all %d files have syntax errors", ErrNothing, n)
	}
	say("checking")
	report := &finding.Report{
		Tool: "jotsight", Version: o.Version, Schema: finding.Schema, Command: "lint", Target: o.Root,
		Started: started.UTC(), Runs: []finding.Run{}, Findings: []finding.Finding{},
		Grades: finding.Grades{Rubric: finding.Rubric, Protection: ungraded, Visibility: ungraded},
	}
	s := &subject{Facts: facts, program: program, resolver: r, lib: lib, strict: o.Strict}
	for _, c := range Checks() {
		if c.Strict && !o.Strict {
			continue
		}
		if c.Limits && o.ThrottledUpstream {
			report.Runs = append(report.Runs, finding.Run{Check: string(c.ID), Weakness: c.ID, Verdict: finding.Skipped,
				Why: "throttled-upstream: " + ConfigName + " says that something in front of the service limits requests"})
			continue
		}
		p := &pass{subject: s, check: c}
		c.Run(p)
		found := slices.DeleteFunc(p.findings(), func(f finding.Finding) bool { return !within(f.Location.Path, o.Only) })
		report.Findings = append(report.Findings, found...)
		report.Runs = append(report.Runs, runOf(p, found))
	}
	direct(report, program, now(), o.Strict, o.Only)
	notes := len(report.Notes)
	finding.Suppress(report, o.Suppress, now())
	if len(o.Only) > 0 { // of a part of the tree nobody can say that a rule is of no use
		report.Notes = report.Notes[:notes]
	}
	report.Findings = finding.Sorted(report.Findings)
	report.Stats = stats(w, program, facts)
	report.Ended = now().UTC()
	report.Stats.DurationMS = report.Ended.Sub(report.Started).Milliseconds()
	return &Analysis{report, program, r, facts, lib}, nil
}

// broken counts the files that were asked for, if all of them are broken: then
// finding nothing says nothing.
func broken(files []*ir.File, only []string) (n int) {
	for _, f := range files {
		switch {
		case !within(f.Path, only):
		case f.Broken == "":
			return 0
		default:
			n++
		}
	}
	return n
}

var ungraded = finding.Grade{Why: "lint reads code; jotsight scan grades the running service"}

// within reports whether a file is one of those that were asked for.
func within(file string, only []string) bool {
	if len(only) == 0 {
		return true
	}
	return slices.ContainsFunc(only, func(o string) bool {
		o = path.Clean(o)
		return o == "." || file == o || strings.HasPrefix(file, o+"/")
	})
}

// runOf says what came of one check.
func runOf(p *pass, found []finding.Finding) finding.Run {
	run := finding.Run{Check: string(p.check.ID), Weakness: p.check.ID, Verdict: finding.Skipped, Why: "nothing in this code that it looks at"}
	switch n := len(found); {
	case n == 1:
		run.Verdict, run.Why = finding.Fail, "one place"
	case n > 1:
		run.Verdict, run.Why = finding.Fail, fmt.Sprintf("%d places", n)
	case p.looked:
		run.Verdict, run.Why = finding.Pass, "nothing found"
	}
	return run
}

// translate runs the frontends beside each other. The order of what they made is
// that of frontends, whichever was first.
func translate(t *ir.Tree, lib *library.Set) *ir.Program {
	parts := make([]*ir.Program, len(frontends))
	var wait sync.WaitGroup
	for i, read := range frontends {
		wait.Go(func() { parts[i] = read(t, lib) })
	}
	wait.Wait()
	all := &ir.Program{}
	for _, p := range parts {
		all.Modules = append(all.Modules, p.Modules...)
		all.Classes = append(all.Classes, p.Classes...)
		all.Funcs = append(all.Funcs, p.Funcs...)
		all.Files = append(all.Files, p.Files...)
	}
	return all
}

func stats(w *walker, program *ir.Program, facts *flow.Facts) finding.Stats {
	code := &finding.Code{
		Languages: []finding.Language{}, Functions: len(program.Funcs), Routes: len(facts.Routes), Operations: len(facts.Ops),
		Calls: facts.Stats.Calls, Unresolved: facts.Stats.Unresolved, Cut: facts.Stats.Cut, Skipped: w.skips.list(),
	}
	for _, way := range facts.Ways {
		if way.Exit == flow.Escapes {
			code.Unsure++
		}
	}
	s := finding.Stats{Code: code}
	for _, l := range w.size {
		code.Languages = append(code.Languages, *l)
		s.Files += l.Files
		s.Lines += l.Lines
	}
	slices.SortFunc(code.Languages, func(a, b finding.Language) int { return strings.Compare(a.Name, b.Name) })
	return s
}
