package lint

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ecma"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A Fixed is a file with the records that were missing in it.
type Fixed struct {
	Path          string
	Before, After []byte
	Findings      []finding.Finding // that this closes, as they were before
}

// A patch closes one finding by edits of one file.
type patch struct {
	of    finding.Finding
	file  *ir.File
	edits []edit
}

// An edit replaces a piece of a file.
type edit struct {
	start, end int
	text       string
}

// fixable are the weaknesses that a record closes.
var fixable = []catalog.ID{
	catalog.SilentVerifyFailure, catalog.SilentMissingToken, catalog.SilentRevokedUse, catalog.SilentRefresh, catalog.SilentIssuance,
}

// rounds bounds how often Fix lints what it wrote.
const rounds = 5

// Fix writes the missing record into the code that fails in silence, with the
// logger that the file uses already, and proves each: what it wrote is linted
// again, and a patch stays only if its finding is gone and none is new. Nothing is
// written to disk. o must be what a was made with; what is answered for is what o.Only
// names. left are the findings of a kind that can be fixed which are not.
func (a *Analysis) Fix(ctx context.Context, o Options) (fixed []Fixed, left []finding.Finding, err error) {
	patches := a.patches()
	before := tally(a.Report)
	for round := 0; len(patches) > 0; round++ {
		if round == rounds {
			patches = nil // they never agreed: better none than one that is wrong
			break
		}
		after, spoilt, err := a.relint(ctx, o, patches)
		if err != nil {
			return nil, nil, err
		}
		good := slices.DeleteFunc(proven(patches, before, tally(after)), func(p patch) bool { return spoilt[p.file] })
		if len(good) == len(patches) {
			break
		}
		patches = good
	}
	by := map[*ir.File][]patch{}
	var files []*ir.File
	done := map[string]bool{}
	for _, p := range patches {
		if by[p.file] == nil {
			files = append(files, p.file)
		}
		by[p.file] = append(by[p.file], p)
		done[p.of.Fingerprint] = true
	}
	for _, f := range files {
		text, err := apply(f, by[f])
		if err != nil {
			return nil, nil, err
		}
		x := Fixed{Path: f.Path, Before: []byte(f.Source), After: text}
		for _, p := range by[f] {
			x.Findings = append(x.Findings, p.of)
		}
		fixed = append(fixed, x)
	}
	for _, f := range a.Report.Findings {
		if slices.Contains(fixable, f.ID) && f.Suppressed == nil && !done[f.Fingerprint] {
			left = append(left, f)
		}
	}
	slices.SortFunc(fixed, func(a, b Fixed) int { return strings.Compare(a.Path, b.Path) })
	return fixed, left, nil
}

// A spot is what findings are counted by: their order within a function changes
// when one of them goes.
type spot struct {
	id             catalog.ID
	path, function string
}

func spotOf(f finding.Finding) spot { return spot{f.ID, f.Location.Path, f.Location.Function} }

func tally(r *finding.Report) map[spot]int {
	n := map[spot]int{}
	for _, f := range r.Findings {
		if f.Suppressed == nil {
			n[spotOf(f)]++
		}
	}
	return n
}

// proven keeps the patches whose findings are gone and that brought no new ones
// into their files.
func proven(patches []patch, before, after map[spot]int) []patch {
	aimed := map[spot]int{}
	for _, p := range patches {
		aimed[spotOf(p.of)]++
	}
	spoilt := map[string]bool{}
	for s, n := range after {
		if n > before[s] {
			spoilt[s.path] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(patches), func(p patch) bool {
		s := spotOf(p.of)
		return spoilt[p.file.Path] || spoilt[s.path] || after[s] > before[s]-aimed[s]
	})
}

// relint lints the program with patches in it. spoilt are the files that would not
// be read as before; they are left as they are.
func (a *Analysis) relint(ctx context.Context, o Options, patches []patch) (r *finding.Report, spoilt map[*ir.File]bool, err error) {
	by := map[*ir.File][]patch{}
	for _, p := range patches {
		by[p.file] = append(by[p.file], p)
	}
	over := overlay{files: map[string][]byte{}}
	spoilt = map[*ir.File]bool{}
	for f, list := range by {
		text, err := apply(f, list)
		if err != nil || !reads(f, text) {
			spoilt[f] = true
			continue
		}
		over.files[f.Path] = text
	}
	base, done, err := o.open()
	if err != nil {
		return nil, nil, err
	}
	defer done()
	over.FS = base
	o.FS = over
	r, err = Run(ctx, o)
	return r, spoilt, err
}

// reads reports whether a patched file is still a program, as far as a parser can
// tell.
func reads(f *ir.File, text []byte) bool {
	switch f.Language {
	case ir.Go:
		_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		return err == nil || f.Broken != ""
	case ir.JavaScript:
		l := ecma.LanguageOf(f.Path)
		return ecma.Parse(string(text), l).Broken <= ecma.Parse(f.Source, l).Broken
	}
	return true
}

// apply gives a file with patches in it, formatted as it was before.
func apply(f *ir.File, patches []patch) ([]byte, error) {
	var edits []edit
	for _, p := range patches {
		edits = append(edits, p.edits...)
	}
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	edits = slices.Compact(edits) // an import that several of them need
	var b bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.start < at || e.end < e.start || e.end > len(f.Source) {
			continue // over another: the proof will tell
		}
		b.WriteString(f.Source[at:e.start])
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(f.Source[at:])
	if f.Language != ir.Go {
		return b.Bytes(), nil
	}
	if was, err := format.Source([]byte(f.Source)); err != nil || string(was) != f.Source {
		return b.Bytes(), nil // its owner does not format it
	}
	return format.Source(b.Bytes())
}

// patches makes one for every finding that a record would close, where it is clear
// how to write that record.
func (a *Analysis) patches() (list []patch) {
	type at struct {
		id  catalog.ID
		loc finding.Location
	}
	ways := map[at]*flow.Way{}
	for _, w := range a.Facts.Ways {
		if w.Op == nil || w.Op.File == nil || w.Func == nil || !silent(w) || w.At.File == nil {
			continue
		}
		id, ok := weaknessOf(w)
		if !ok {
			continue
		}
		for _, s := range []ir.Span{answers(w), w.Op.Span, handler(w)} {
			k := at{id, location(s, w.Func)}
			k.loc.Function = ""
			if old := ways[k]; s.File != nil && (old == nil || compareWays(w, old) < 0) {
				ways[k] = w
			}
		}
	}
	for _, f := range a.Report.Findings {
		k := at{f.ID, f.Location}
		k.loc.Function, k.loc.Method, k.loc.Route = "", "", ""
		if w := ways[k]; w != nil && f.Suppressed == nil && !w.At.File.Generated {
			if edits := a.record(w); len(edits) > 0 {
				list = append(list, patch{f, w.At.File, edits})
			}
		}
	}
	return list
}

// weaknessOf says which of the fixable weaknesses a silent way is.
func weaknessOf(w *flow.Way) (catalog.ID, bool) {
	switch w.Outcome {
	case flow.Failed:
		return catalog.SilentVerifyFailure, true
	case flow.Absent:
		return catalog.SilentMissingToken, true
	case flow.Hit:
		return catalog.SilentRevokedUse, true
	case flow.Succeeded:
		if w.Op.Use == "refresh" {
			return catalog.SilentRefresh, true
		}
		return catalog.SilentIssuance, true
	}
	return "", false
}

// open gives the files that o reads.
func (o Options) open() (fs.FS, func() error, error) {
	if o.FS != nil {
		return o.FS, func() error { return nil }, nil
	}
	root, err := os.OpenRoot(o.Root)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), root.Close, nil
}

// An overlay is a file system with some files as they would be.
type overlay struct {
	fs.FS
	files map[string][]byte
}

func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	text, ok := o.files[name]
	if err != nil || !ok {
		return f, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &patched{bytes.NewReader(text), info, int64(len(text))}, f.Close()
}

// patched is a file of an overlay.
type patched struct {
	io.Reader
	info fs.FileInfo
	size int64
}

func (p *patched) Stat() (fs.FileInfo, error) { return sized{p.info, p.size}, nil }
func (p *patched) Close() error               { return nil }

type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }
