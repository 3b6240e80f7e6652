package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jotsight/jotsight/guard"
)

// Revoke stores a revocation until r.Until and an hour more, and tells every
// process that watches. One whose Until is zero is kept until somebody deletes
// it: there is at most one for each name, and an Issuer gives Until to all but
// those of keys.
//
// The families of a revoked Subject are those that were created up to r.Before,
// whatever r.Issuer says.
func (s *Store) Revoke(ctx context.Context, r guard.Revocation) error {
	if err := r.Check(); err != nil {
		return err
	}
	now := s.now()
	if r.Subject != "" && r.Before.IsZero() {
		r.Before = now
	}
	text, err := rest(r)
	if err != nil {
		return fmt.Errorf("redisstore: revoke: %w", err)
	}
	keys := []string{s.cuts, s.revoked, s.feed, s.ends}
	if r.Session != "" {
		keys = append(keys, s.family(r.Session))
	}
	left := int64(0)
	if !r.Until.IsZero() {
		left = r.Until.Sub(now).Milliseconds()
	}
	args := []any{rand.Text(), name(r), timeOrNone(r.Until), timeOrNone(r.Before), text, left, s.sender}
	if r.Subject != "" {
		args = append(args, r.Subject)
	}
	if _, err := s.call(ctx, revokeScript, keys, args...); err != nil {
		return fmt.Errorf("redisstore: revoke: %w", err)
	}
	s.tell(r)
	return nil
}
