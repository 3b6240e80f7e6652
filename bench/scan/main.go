// Scan measures how right jotsight scan is. It builds the program and the lab of
// examples/targets/lab, scans the lab once for each switch and for a sample of
// combinations, and compares what is reported with what is true.
//
//	go run -C bench ./scan                          everything, some four minutes
//	go run -C bench ./scan -switches jku-trusted -v one, with what was reported
//	go run -C bench ./scan -json                    for programs
//	go run -C bench ./scan -write                   the section of bench/README.md
//
// It exits with 1 if a weakness was missed or a finding of critical or high
// severity was not true, and with 2 if it could not measure.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(2)
	case !s.good():
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, talk io.Writer) (s summary, err error) {
	flags := flag.NewFlagSet("scan", flag.ContinueOnError)
	flags.SetOutput(talk)
	asJSON := flags.Bool("json", false, "print the summary as JSON")
	names := flags.String("switches", "", "scan these `NAMES` alone: switches, log modes, combinations as -v prints them, or groups: protection, odd, log, alert, pair, odd x log, weak x odd")
	parallel := flags.Int("parallel", 6, "scans side by side; they wait more than they compute")
	samples := flags.Int("samples", 12, "combinations of each sort")
	seed := flags.Uint64("seed", 5, "of the sample")
	verbose := flags.Bool("v", false, "print every scan as it ends")
	keep := flags.String("keep", "", "`FOLDER` that keeps recipes, logs and reports")
	write := flags.Bool("write", false, "write the table into bench/README.md")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	dir := *keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "jotsight-bench-"); err != nil {
			return s, err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	p, err := build(ctx, dir)
	if err != nil {
		return s, err
	}
	all, err := p.list(ctx)
	if err != nil {
		return s, err
	}
	list := cases(all, *samples, *seed)
	if *names != "" {
		if list, err = pick(list, *names); err != nil {
			return s, err
		}
	}
	verdicts, err := p.all(ctx, list, max(1, *parallel), dir, func(v verdict) {
		if *verbose {
			fmt.Fprintln(talk, v.line())
		}
	})
	if err != nil {
		return s, err
	}
	s = summarize(verdicts)
	switch {
	case *write:
		return s, writeSection(table(s))
	case *asJSON:
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return s, e.Encode(s)
	}
	_, err = io.WriteString(out, table(s))
	return s, err
}

// all measures every case, at most parallel at once, in a folder of its own.
func (p programs) all(ctx context.Context, list []testcase, parallel int, dir string, done func(verdict)) ([]verdict, error) {
	verdicts := make([]verdict, len(list))
	var mu sync.Mutex
	var wait sync.WaitGroup
	turn := make(chan struct{}, parallel)
	for i, c := range list {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			own := filepath.Join(dir, strings.ReplaceAll(c.name(), "/", "_"))
			var v verdict
			if err := os.MkdirAll(own, 0o700); err != nil {
				v = judge(c, measure{}, err)
			} else {
				os.Remove(filepath.Join(own, "app.log")) // of a run before
				m, err := p.measure(ctx, c, own)
				v = judge(c, m, err)
			}
			mu.Lock()
			defer mu.Unlock()
			verdicts[i] = v
			done(v)
		})
	}
	wait.Wait()
	return verdicts, ctx.Err()
}
