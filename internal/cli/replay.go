package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

var _ = add(func() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Run the detections over recorded events",
		Long: `Replay reads events, one JSON object a line as guard and serve write them, and
prints the alerts that serve would have raised: the same engine, in the events'
own time. "-" is standard input; gzip is recognised. Several files are merged by
time, and an event that stands in two of them counts once.

A line that cannot be used is named on stderr and costs nothing but itself.`,
		Example: `  jotsight replay events.ndjson
  jotsight replay --format json --fail-on high api-*.ndjson.gz | jq .rule`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return o.run(c.Context(), args, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.rules, "rules", "", "use the rules in `DIR`, or of one file, instead of the shipped ones")
	f.StringVar(&o.format, "format", "text", "`FORMAT` of the alerts: text, or json (one object a line)")
	f.StringVar(&o.output, "output", "", "write the alerts to `FILE` instead of stdout")
	f.StringVar(&o.failOn, "fail-on", "", "exit with 1 if an alert of this `LEVEL` or above fired: low, medium, high, critical; or none")
	return c
})

type replayOptions struct{ rules, format, output, failOn string }

func (o replayOptions) run(ctx context.Context, files []string, in io.Reader, out, talk io.Writer) error {
	if o.format != "text" && o.format != "json" {
		return usage(fmt.Errorf("--format %q: not text or json", o.format), "")
	}
	limit := catalog.None
	if o.failOn != "" {
		var err error
		if limit, err = catalog.ParseSeverity(o.failOn); err != nil {
			return usage(fmt.Errorf("--fail-on: %w", err), "")
		}
	}
	list, err := loadRules(o.rules)
	if err != nil {
		return err
	}
	r := replay{talk: talk, seen: map[string]detect.Alert{}}
	engine, err := detect.New(list, detect.Config{Ended: r.alert})
	if err != nil {
		return usage(err, "")
	}
	defer r.close()
	if err := r.open(files, in); err != nil {
		return err
	}
	out, done, err := openOutput(o.output, out)
	if err != nil {
		return err
	}
	defer done()
	broken, err := r.all(ctx, func(e *event.Event) { engine.Process(e, r.alert) })
	if err != nil {
		return err
	}
	for _, a := range engine.Active() {
		r.alert(a)
	}
	alerts := r.alerts()
	if err := writeAlerts(out, o.format, alerts); err != nil {
		return err
	}
	r.summary(engine.Stats(), len(alerts))
	if err := r.verdict(broken); err != nil {
		return err
	}
	if limit > catalog.None {
		for _, a := range alerts {
			if s, _ := catalog.ParseSeverity(a.Severity); s >= limit {
				return exit(ExitFindings)
			}
		}
	}
	return nil
}

// loadRules gives the shipped rules, or those of a directory or one file.
func loadRules(path string) ([]*rule.Rule, error) {
	if path == "" {
		return rule.Load(rules.FS)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, usage(err, "--rules takes a directory of Sigma files, or one such file")
	}
	var list []*rule.Rule
	if info.IsDir() {
		list, err = rule.Load(os.DirFS(path))
		inDir(path, err)
	} else {
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			list, err = rule.Parse(path, text)
		}
	}
	if err != nil {
		return nil, usage(err, "")
	}
	if len(list) == 0 {
		return nil, usage(fmt.Errorf("%s: no rules", path), "")
	}
	return list, nil
}

// inDir makes the mistakes of a rule directory name files as their user does.
func inDir(dir string, err error) {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range all.Unwrap() {
			var e *rule.Error
			if errors.As(err, &e) {
				e.File = filepath.Join(dir, e.File)
			}
		}
	}
}

// A replay joins inputs and keeps the last word on each alert.
type replay struct {
	talk                io.Writer
	inputs              []*lines
	good, bad, repeated int
	seen                map[string]detect.Alert
}

// open opens the inputs; close closes those that were.
func (r *replay) open(files []string, stdin io.Reader) error {
	again := false
	for _, name := range files {
		if name == "-" && again {
			return usage(errors.New("-: standard input can be read once only"), "")
		}
		again = again || name == "-"
	}
	for _, name := range files {
		l, err := openLines(name, stdin)
		if err != nil {
			return usage(err, "jotsight replay takes files of events; \"-\" is standard input")
		}
		r.inputs = append(r.inputs, l)
	}
	return nil
}

func (r *replay) close() {
	for _, l := range r.inputs {
		l.close()
	}
}

func (r *replay) alert(a detect.Alert) { r.seen[a.ID] = a }

func (r *replay) alerts() []detect.Alert {
	return slices.SortedFunc(maps.Values(r.seen), detect.Alert.Compare)
}

// all is events, given up when ctx ends: a part of the input is no result. A read
// from a terminal cannot be called off, and is left behind.
func (r *replay) all(ctx context.Context, use func(*event.Event)) (broken, err error) {
	done := make(chan error, 1)
	go func() { done <- r.events(ctx, use) }()
	select {
	case broken = <-done:
	case <-ctx.Done():
	}
	return broken, ctx.Err()
}

// events hands over every usable event of the inputs. Each input keeps its own
// order; among them, the one whose next event is the earliest comes next.
func (r *replay) events(ctx context.Context, use func(*event.Event)) (broken error) {
	var ids recent
	open := slices.Clone(r.inputs)
	fill := func(l *lines) {
		for l.next == nil {
			e, err := l.read()
			switch {
			case errors.Is(err, io.EOF):
				open = slices.DeleteFunc(open, func(o *lines) bool { return o == l })
				return
			case err != nil:
				broken = errors.Join(broken, fmt.Errorf("%s: %w", l.name, err))
				open = slices.DeleteFunc(open, func(o *lines) bool { return o == l })
				return
			case l.problem != nil:
				r.bad++
				fmt.Fprintf(r.talk, "jotsight: %s:%d: %v\n", l.name, l.line, l.problem)
			case !e.ID.IsZero() && ids.repeats(e.ID):
				r.repeated++
			default:
				r.good++
				l.next = e
			}
		}
	}
	for _, l := range r.inputs {
		fill(l)
	}
	for len(open) > 0 && ctx.Err() == nil {
		first := open[0]
		for _, l := range open[1:] {
			if l.next.Time.Before(first.next.Time) {
				first = l
			}
		}
		use(first.next)
		first.next = nil
		fill(first)
	}
	return broken
}

func (r *replay) summary(s detect.Stats, alerts int) {
	fmt.Fprintf(r.talk, "jotsight: %s, %s, %s\n", many(r.good, "event"), many(r.bad, "bad line"), many(alerts, "alert"))
	for _, note := range []struct {
		n    int64
		text string
	}{
		{int64(r.repeated), "repeated and counted once"},
		{s.Clamped, "ahead of the time at which they were taken in, and set back to it"},
		{s.Lost, "too late for a window to count them"},
		{s.Approximate + s.Saturated, "counted approximately: more keys than the engine can hold"},
	} {
		if note.n > 0 {
			fmt.Fprintf(r.talk, "jotsight: %s %s\n", many(int(note.n), "event"), note.text)
		}
	}
}

// verdict holds a replay that read too little for inconclusive; broken is what
// kept inputs from being read.
func (r *replay) verdict(broken error) error {
	switch {
	case r.good == 0 && broken != nil:
		return inconclusive(broken, "")
	case r.good == 0 && r.bad == 0:
		return inconclusive(errors.New("no events: the input is empty"), "")
	case r.good == 0:
		return inconclusive(errors.New("no usable event in the input"), "events are JSON objects, one a line, with at least \"time\" and \"event\"")
	case broken != nil:
		return inconclusive(broken, "what could be read was replayed")
	}
	return nil
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func writeAlerts(w io.Writer, format string, alerts []detect.Alert) error {
	b := bufio.NewWriter(w)
	if format == "json" {
		enc := json.NewEncoder(b)
		for _, a := range alerts {
			if err := enc.Encode(a); err != nil {
				return err
			}
		}
		return b.Flush()
	}
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, a := range alerts {
		group := a.Group.String()
		if group == "" {
			group = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\tcount=%d\t%s\n", a.First.Format(time.RFC3339), a.Severity, a.Rule, group, a.Count, a.Title)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return b.Flush()
}
