package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/github"
	"github.com/jotsight/jotsight/internal/report/html"
	"github.com/jotsight/jotsight/internal/report/junit"
	"github.com/jotsight/jotsight/internal/report/markdown"
	"github.com/jotsight/jotsight/internal/report/sarif"
)

// formats are the forms of a report, each with its writer. Text is apart, because
// it depends on where it goes.
var formats = map[string]func(io.Writer, *finding.Report) error{
	"json":     finding.WriteJSON,
	"sarif":    func(w io.Writer, r *finding.Report) error { return sarif.Write(w, r, repository()) },
	"html":     html.Write,
	"github":   func(w io.Writer, r *finding.Report) error { return github.Write(w, r, repository()) },
	"junit":    junit.Write,
	"markdown": markdown.Write,
	"text": func(w io.Writer, r *finding.Report) error {
		return finding.WriteText(w, r, finding.TextOptions{Width: 100})
	},
}

const formatNames = "text, json, sarif, html, junit, markdown or github"

// reporting holds the flags of every command that ends in a report, and does what
// they say: which formats go where, what is known already, and the exit status.
type reporting struct {
	format, output, failOn, baseline string
	reports                          []string
	writeBaseline                    bool

	least catalog.Severity
	files []target
	fresh []string // files that were not there before
	known *finding.Baseline
}

// A target is one report that goes to a file.
type target struct{ format, file string }

const defaultBaseline = ".jotsight-baseline.json"

func (o *reporting) flags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "text", "`FORMAT` of the report: "+formatNames)
	f.StringVar(&o.output, "output", "", "write the report to `FILE`, readable by you alone")
	f.StringArrayVar(&o.reports, "report", nil, "write a further report, as `FORMAT=FILE`; may be repeated")
	f.StringVar(&o.failOn, "fail-on", "high", "exit with 1 if there is a finding of this `LEVEL` or above: low, medium, high, critical; or none")
	f.StringVar(&o.baseline, "baseline", "", "`FILE` of findings that are known and do not fail the run")
	f.BoolVar(&o.writeBaseline, "write-baseline", false, "write what is found to the baseline (default file "+defaultBaseline+")")
}

// check reads the flags and what they name before the work begins, so that nobody
// waits for a report that cannot be kept.
func (o *reporting) check() (err error) {
	if o.least, err = catalog.ParseSeverity(o.failOn); err != nil {
		return usage(fmt.Errorf("--fail-on: %w", err), "")
	}
	if formats[o.format] == nil {
		return usage(fmt.Errorf("--format %q: not one of %s", o.format, formatNames), "")
	}
	for _, r := range o.reports {
		format, file, ok := strings.Cut(r, "=")
		if !ok || file == "" || formats[format] == nil {
			return usage(fmt.Errorf("--report %q: not FORMAT=FILE with a format of %s", r, formatNames), "")
		}
		o.files = append(o.files, target{format, file})
	}
	if o.output != "" {
		o.files = append(o.files, target{o.format, o.output})
	}
	seen := map[string]bool{}
	for _, t := range o.files {
		if seen[filepath.Clean(t.file)] {
			return usage(fmt.Errorf("report %s: two reports for one file", t.file), "")
		}
		seen[filepath.Clean(t.file)] = true
		_, missing := os.Stat(t.file)
		if err := touch(t.file); err != nil {
			return usage(fmt.Errorf("report %w", err), "")
		}
		if missing != nil {
			o.fresh = append(o.fresh, t.file)
		}
	}
	if o.writeBaseline {
		o.baseline = cmp.Or(o.baseline, defaultBaseline)
	}
	if o.baseline == "" {
		return nil
	}
	f, err := os.Open(o.baseline)
	if errors.Is(err, fs.ErrNotExist) && o.writeBaseline {
		return nil
	}
	if err != nil {
		return usage(fmt.Errorf("--baseline: %w", err), "--write-baseline writes one")
	}
	defer f.Close()
	if o.known, err = finding.ReadBaseline(f); err != nil {
		return usage(fmt.Errorf("--baseline %s: %w", o.baseline, err), "")
	}
	return nil
}

// tidy removes what check made and no report went into: an empty file would be
// taken for a broken report.
func (o *reporting) tidy() {
	for _, name := range o.fresh {
		if info, err := os.Stat(name); err == nil && info.Size() == 0 {
			os.Remove(name)
		}
	}
}

// finish compares r with the baseline, writes every report, and gives the exit
// status, which is the same whatever the formats are.
func (o *reporting) finish(out, talk io.Writer, r *finding.Report) error {
	if o.writeBaseline {
		if r.Partial != "" {
			fmt.Fprintf(talk, "jotsight: %s is not written: %s\n", o.baseline, r.Partial)
		} else if err := o.admit(r); err != nil {
			return err
		}
	}
	if o.known != nil {
		o.known.Mark(r, time.Now())
		if r.Command != "lint" { // which reads code and grades no service
			finding.GradeReport(r)
		}
	}
	if o.output == "" {
		write := formats[o.format]
		if o.format == "text" {
			write = func(w io.Writer, r *finding.Report) error {
				return finding.WriteText(w, r, finding.Terminal(out, os.Getenv))
			}
		}
		if err := send(out, r, write); err != nil {
			return err
		}
	}
	for _, t := range o.files {
		var b bytes.Buffer
		if err := formats[t.format](&b, r); err != nil {
			return err
		}
		if err := writePrivate(t.file, b.Bytes()); err != nil {
			return usage(fmt.Errorf("report %w", err), "")
		}
	}
	if err := o.outputs(r); err != nil {
		fmt.Fprintf(talk, "jotsight: GITHUB_OUTPUT: %v\n", err)
	}
	return verdict(r, o.least)
}

// send writes whole reports, never halves.
func send(out io.Writer, r *finding.Report, write func(io.Writer, *finding.Report) error) error {
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		return err
	}
	_, err := out.Write(b.Bytes())
	return err
}

// admit writes the baseline anew and goes by it.
func (o *reporting) admit(r *finding.Report) error {
	o.known = finding.BaselineOf(r, o.known)
	var b bytes.Buffer
	if err := o.known.Write(&b); err != nil {
		return err
	}
	if err := writePrivate(o.baseline, b.Bytes()); err != nil {
		return usage(fmt.Errorf("--write-baseline: %w", err), "")
	}
	return nil
}

// outputs hands the figures to the further steps of a GitHub job, if this is one.
// No value comes from the target.
func (o *reporting) outputs(r *finding.Report) error {
	name := os.Getenv("GITHUB_OUTPUT")
	if name == "" {
		return nil
	}
	var b strings.Builder
	for _, g := range []struct {
		name string
		finding.Grade
	}{{"protection", r.Grades.Protection}, {"visibility", r.Grades.Visibility}} {
		if g.Assessed {
			fmt.Fprintf(&b, "%s-grade=%s\n%s-score=%d\n", g.name, g.Letter, g.name, g.Score)
		} else {
			fmt.Fprintf(&b, "%s-grade=not assessed\n", g.name)
		}
	}
	open := 0
	for _, f := range r.Findings {
		if f.Suppressed == nil {
			open++
		}
	}
	fresh := open
	if r.Baseline != nil {
		fresh = r.Baseline.New
	}
	fmt.Fprintf(&b, "findings-count=%d\nnew-count=%d\n", open, fresh)
	if i := slices.IndexFunc(o.files, func(t target) bool { return t.format == "sarif" }); i >= 0 && !strings.ContainsAny(o.files[i].file, "\r\n") {
		fmt.Fprintf(&b, "sarif-file=%s\n", o.files[i].file)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(b.String())
	return errors.Join(err, f.Close())
}

// repository is the root of the working tree that holds the working directory:
// what paths in SARIF are relative to. Empty: there is none.
func repository() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return ""
}

// touch makes sure that a file can be written, and changes nothing in it.
func touch(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// writePrivate writes a file that only its owner can read, also if it was there
// before and others could.
func writePrivate(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.Chmod(0o600)
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

// verdict turns a report into an exit code. What is inconclusive does not pass,
// and neither does what is not whole, whatever was found in it.
func verdict(r *finding.Report, least catalog.Severity) error {
	if r.Partial != "" {
		return exit(ExitInconclusive)
	}
	for _, f := range r.Findings {
		if f.Suppressed == nil && least > catalog.None && f.Severity >= least {
			return exit(ExitFindings)
		}
	}
	for _, run := range r.Runs {
		if run.Verdict == finding.Inconclusive {
			return exit(ExitInconclusive)
		}
	}
	return nil
}
