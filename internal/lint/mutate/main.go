// Command mutate prints how much the verdicts of lint on its good examples hang on
// the records and limiters in them: run `go run ./internal/lint/mutate` in the root.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/jotsight/jotsight/internal/lint"
)

func main() {
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	s, err := lint.Mutate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			fmt.Fprintln(os.Stderr, "mutate:", err)
			os.Exit(1)
		}
		return
	}
	fmt.Printf("mutants   %d, of which %.1f %% gave a finding\n", s.Mutants, 100*s.Score)
	for _, l := range s.Survivors {
		fmt.Println("  survivor   ", l)
	}
	fmt.Printf("hidden    %d, of which %d gave a finding\n", s.Hidden, len(s.FalseAlarms))
	for _, l := range s.FalseAlarms {
		fmt.Println("  false alarm", l)
	}
}
