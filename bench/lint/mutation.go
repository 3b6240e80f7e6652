package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// mutation is how many deleted records and limiters were noticed.
type mutation struct {
	Score     float64  `json:"score"` // 0 to 1
	Mutants   int      `json:"mutants"`
	Survivors []string `json:"survivors,omitempty"`
	Hidden    int      `json:"hidden"`                 // records moved into helpers and wrappers
	Noisy     []string `json:"false_alarms,omitempty"` // of these, what was reported
}

func (b *bench) mutation(ctx context.Context) (m mutation, err error) {
	fmt.Fprintln(b.talk, "lint: mutants")
	c, err := b.time(ctx, b.root, nil, "go", "run", "./internal/lint/mutate", "-json")
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(c.out, &m); err != nil {
		return m, fmt.Errorf("mutate: exit %d without figures: %s", c.exit, c.tails)
	}
	return m, nil
}
