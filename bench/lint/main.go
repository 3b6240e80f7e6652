// Lint measures what jotsight lint costs: it builds the program, fetches public
// modules and packages at pinned versions, lints them as a user would, and times
// go vet, staticcheck and gosec on the same tree in the same run.
//
//	go run -C bench ./lint              a table; the first run compiles what go vet needs
//	go run -C bench ./lint -json        for programs
//	go run -C bench ./lint -peers=false without go vet and the others
//
// The unit is processor time of the process with its children, least of the
// rounds. It exits with 2 if it could not measure.
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
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out, talk io.Writer) error {
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	flags.SetOutput(talk)
	asJSON := flags.Bool("json", false, "print the figures as JSON")
	rounds := flags.Int("rounds", 5, "runs of jotsight for each tree")
	peers := flags.Bool("peers", true, "time go vet, staticcheck and gosec too")
	mutate := flags.Bool("mutation", true, "delete each record and limiter of the clean fixtures and count what is noticed")
	keep := flags.String("keep", "", "`FOLDER` that keeps what is fetched and built")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir := *keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "jotsight-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	b, err := build(ctx, dir, talk)
	if err != nil {
		return err
	}
	var f figures
	if f.Trees, err = b.trees(ctx, max(1, *rounds)); err != nil {
		return err
	}
	if *peers {
		f.Peers = b.peers(ctx)
	}
	if *mutate {
		if f.Mutation, err = b.mutation(ctx); err != nil {
			return err
		}
	}
	f.sum()
	if *asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(f)
	}
	return f.print(out)
}
