package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A directive suppresses findings where it stands:
//
//	//jotsight:ignore silent-refresh -- the gateway records every refresh
//	;;jotsight:ignore silent-refresh until=2027-01-31 -- until the new logger is in
//	//nolint:jotsight // the gateway records every refresh
//
// It means its own line; alone on its line, the next line of code; and right
// before a function, all of that. The reason is mandatory, but for nolint, which
// has rules of its own and means every weakness.
type directive struct {
	file   *ir.File
	line   int          // on which it stands
	target int          // that it means
	fns    []*ir.Func   // that begin there, if it stands before them
	ids    []catalog.ID // nil: all
	reason string
	until  time.Time
}

// direct marks the findings that directives of the source suppress, and notes the
// directives that are wrong, have ended, or match nothing.
func direct(r *finding.Report, program *ir.Program, today time.Time, strict bool, only []string) {
	begins := map[*ir.File]map[int][]*ir.Func{}
	for _, f := range program.Files {
		if len(f.Comments) > 0 {
			begins[f] = map[int][]*ir.Func{}
		}
	}
	for _, fn := range program.Funcs {
		if lines := begins[fn.File]; lines != nil && fn.Outer != nil {
			lines[fn.Line()] = append(lines[fn.Line()], fn)
		}
	}
	for _, f := range program.Files {
		for _, c := range f.Comments {
			d, ok, err := parseDirective(c.Text)
			at := fmt.Sprintf("%s:%d", f.Path, c.Line())
			switch {
			case err != nil:
				r.Notes = append(r.Notes, at+": "+err.Error())
				continue
			case !ok:
				continue
			}
			d.file, d.line = f, c.Line()
			d.aim(c, begins[f])
			d.apply(r, at, today, strict, len(only) > 0)
		}
	}
}

// parseDirective reads the text of a comment. ok is false for comments that are
// none of ours, and for those that teach instead (observes, ratelimits).
func parseDirective(text string) (d directive, ok bool, err error) {
	if rest, is := strings.CutPrefix(text, "nolint:"); is {
		names, reason, _ := strings.Cut(rest, "//")
		for n := range strings.SplitSeq(names, ",") {
			ok = ok || strings.TrimSpace(n) == "jotsight"
		}
		d.reason = strings.TrimSpace(reason)
		if d.reason == "" {
			d.reason = "nolint, without a reason"
		}
		return d, ok, nil
	}
	rest, is := strings.CutPrefix(text, "jotsight:ignore")
	if !is {
		for _, teaches := range []string{"jotsight:observes", "jotsight:ratelimits"} {
			if text == teaches || strings.HasPrefix(text, teaches+" ") {
				return d, false, nil
			}
		}
		if word, is := strings.CutPrefix(text, "jotsight:"); is {
			word, _, _ = strings.Cut(word, " ")
			return d, false, fmt.Errorf("jotsight:%.32s: not a directive; there are ignore, observes and ratelimits", word)
		}
		return d, false, nil
	}
	what, reason, _ := strings.Cut(rest, "--")
	if d.reason = strings.TrimSpace(reason); d.reason == "" {
		return d, false, fmt.Errorf("jotsight:ignore: without a reason it does nothing; write jotsight:ignore ID -- reason")
	}
	for _, word := range strings.Fields(strings.ReplaceAll(what, ",", " ")) {
		if day, is := strings.CutPrefix(word, "until="); is {
			if d.until, err = time.Parse(finding.Day, day); err != nil {
				return d, false, fmt.Errorf("jotsight:ignore: until=%.32s: not a day such as 2027-01-31", day)
			}
			continue
		}
		if _, known := catalog.WeaknessOf(catalog.ID(word)); !known {
			return d, false, fmt.Errorf("jotsight:ignore %.64s: not in the catalogue; jotsight explain lists all names", word)
		}
		d.ids = append(d.ids, catalog.ID(word))
	}
	if len(d.ids) == 0 {
		return d, false, fmt.Errorf("jotsight:ignore: names no weakness; write jotsight:ignore ID -- reason")
	}
	return d, true, nil
}

// aim finds the line that the directive means.
func (d *directive) aim(c ir.Comment, begins map[int][]*ir.Func) {
	source := d.file.Source
	start := strings.LastIndexByte(source[:c.Start], '\n') + 1
	d.target = d.line
	if strings.Trim(source[start:c.Start], " \t") != "" {
		return // behind code
	}
	// The next line that is code: neither empty nor a comment.
	rest := source[min(int(c.End), len(source)):]
	for i := 0; i < 20; i++ {
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			return
		}
		rest = after
		d.target++
		text, _, _ := strings.Cut(rest, "\n")
		text = strings.TrimSpace(text)
		if text != "" && !slices.ContainsFunc([]string{"//", ";", "#_", "*", "/*"}, func(p string) bool { return strings.HasPrefix(text, p) }) {
			break
		}
	}
	d.fns = begins[d.target]
	for line := d.target; line < d.target+8 && len(d.fns) == 0; line++ { // decorators, or export default, in between
		for _, fn := range begins[line] {
			if strings.Contains(fn.Doc, c.Text) {
				d.fns = append(d.fns, fn)
			}
		}
	}
}

func (d *directive) apply(r *finding.Report, at string, today time.Time, strict, partly bool) {
	ended := !d.until.IsZero() && today.UTC().Format(finding.Day) > d.until.Format(finding.Day)
	matched := false
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Location.Path != d.file.Path || d.ids != nil && !slices.Contains(d.ids, f.ID) || !d.means(f.Location.Line) {
			continue
		}
		matched = true
		if f.Suppressed == nil && !ended {
			f.Suppressed = &finding.Suppression{Reason: d.reason, By: "directive"}
			if !d.until.IsZero() {
				f.Suppressed.Until = d.until.Format(finding.Day)
			}
		}
	}
	switch {
	case matched && ended:
		r.Notes = append(r.Notes, fmt.Sprintf("%s: jotsight:ignore ended on %s, and the finding counts again", at, d.until.Format(finding.Day)))
	case !matched && !partly && d.ids != nil && d.ran(strict):
		r.Notes = append(r.Notes, fmt.Sprintf("%s: jotsight:ignore %s matches no finding", at, d.ids[0]))
	}
}

// ran reports whether all that d names was looked for in this run.
func (d *directive) ran(strict bool) bool {
	return !slices.ContainsFunc(d.ids, func(id catalog.ID) bool {
		c, ok := CheckOf(id)
		return !ok || c.Strict && !strict
	})
}

func (d *directive) means(line int) bool {
	if line == d.target || line == d.line {
		return true
	}
	return slices.ContainsFunc(d.fns, func(fn *ir.Func) bool {
		last, _ := fn.File.Position(int(fn.End))
		return fn.Line() <= line && line <= last
	})
}
