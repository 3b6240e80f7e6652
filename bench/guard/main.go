// Guard measures what one request through chi costs: bare, behind three ways of
// checking a token that watch nothing, and behind jotsight's guard with
// everything on.
//
//	go run ./bench/guard             a table, in under a minute
//	go run ./bench/guard -json       the same for programs
//	go run ./bench/guard -rounds 40  steadier
//
// The unit is processor time of the whole process, garbage collection and
// background goroutines included. All rows are measured in every round, in a
// new order each time, so that a busy machine is unfair to all of them alike:
// compare ratios within one run, and nothing between runs.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out, talk io.Writer) error {
	flags := flag.NewFlagSet("guard", flag.ContinueOnError)
	flags.SetOutput(talk)
	rounds := flags.Int("rounds", 15, "how often every row is measured")
	slice := flags.Duration("slice", 15*time.Millisecond, "processor time for one row in one round")
	asJSON := flags.Bool("json", false, "print JSON")
	algs := flags.String("algorithms", strings.Join(algorithms, ","), "what to measure, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *slice <= 0 || flags.NArg() > 0 {
		return fmt.Errorf("rounds and slice must be positive, and there are no arguments")
	}
	var rows []*row
	for alg := range strings.SplitSeq(*algs, ",") {
		if !slices.Contains(algorithms, alg) {
			return fmt.Errorf("algorithms: %q is not one of %s", alg, strings.Join(algorithms, ", "))
		}
		more, err := rowsFor(alg)
		if err != nil {
			return fmt.Errorf("%s: %w", alg, err)
		}
		rows = append(rows, more...)
	}
	if err := measure(rows, *rounds, *slice); err != nil {
		return err
	}
	res, err := summarize(rows, *rounds)
	if err != nil {
		return err
	}
	if *asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(res)
	}
	return res.table(out)
}

// measure fills the samples of every row. A round visits the rows in an order of
// its own; the first visit of a row only warms it up and learns how many
// requests fill a slice.
func measure(rows []*row, rounds int, slice time.Duration) error {
	order := rand.New(rand.NewPCG(7519, 7515)) // any seed will do, but the same each time
	for round := range rounds + 1 {
		for _, i := range order.Perm(len(rows)) {
			r := rows[i]
			requests, err := r.prepare()
			if err != nil {
				return fmt.Errorf("%s %s: %w", r.alg, r.name, err)
			}
			if round == 0 {
				r.ops = 200
			}
			if r.once {
				r.ops = min(r.ops, len(requests))
			}
			runtime.GC() // nobody pays for his neighbour's litter
			cost, err := r.visit(requests)
			if err != nil {
				return fmt.Errorf("%s %s: %w", r.alg, r.name, err)
			}
			if r.finish != nil {
				if err := r.finish(); err != nil {
					return fmt.Errorf("%s %s: %w", r.alg, r.name, err)
				}
			}
			if round == 0 {
				r.ops = max(50, int(slice/max(cost, time.Nanosecond)))
				continue
			}
			r.samples = append(r.samples, cost)
		}
	}
	return nil
}

// visit gives the processor time of one request, over r.ops of them.
func (r *row) visit(requests []*request) (time.Duration, error) {
	w := newWriter()
	from := processorTime()
	for i := range r.ops {
		w.reset()
		r.handler.ServeHTTP(w, requests[i%len(requests)])
		if w.status != r.want {
			return 0, fmt.Errorf("request %d: status %d, want %d", i, w.status, r.want)
		}
	}
	return (processorTime() - from) / time.Duration(r.ops), nil
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	if n := len(d); n%2 == 0 {
		return (d[n/2-1] + d[n/2]) / 2
	}
	return d[len(d)/2]
}
