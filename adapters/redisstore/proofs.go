package redisstore

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"time"

	"github.com/jotsight/jotsight/guard"
	"github.com/redis/go-redis/v9"
)

var (
	//go:embed proofs.lua
	proofsLua    string
	proofsScript = redis.NewScript(proofsLua)
)

var _ guard.ProofMemory = (*Store)(nil)

// spare is how much longer than it is good a proof is kept, for processes whose
// clocks differ.
const spare = time.Minute

// Use notes that a DPoP proof was used and reports whether it was the first time
// in any process, so that a Store serves as guard.BindingConfig.Memory. It costs
// one round trip for each request with a token that is bound to a key.
func (s *Store) Use(ctx context.Context, id string, until time.Time) (first bool, err error) {
	left := max(until.Sub(s.now()), 0) + spare
	n, err := s.call(ctx, proofsScript, []string{s.prefix + "p:" + id}, rand.Text(), left.Milliseconds())
	if err != nil {
		return false, fmt.Errorf("redisstore: proof: %w", err)
	}
	return n == int64(1), nil
}
