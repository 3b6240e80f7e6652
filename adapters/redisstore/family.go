package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard"
)

// margin is how much longer than it lives a family is kept, so that one whose
// end is disputed between two clocks is still found to be old, and not unknown.
const margin = time.Hour

// Create stores a family until it has ended and the last of its access tokens
// has expired. An id that is taken is guard.ErrFamilyExists.
func (s *Store) Create(ctx context.Context, f guard.Family) error {
	f.Counter, f.Rotated, f.Client, f.Revoked = 0, time.Time{}, "", false
	data, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("redisstore: family: %w", err)
	}
	life := strings.Join([]string{timeText(f.Created), timeText(f.Expires), positiveOrNone(f.Idle), durationText(f.Access)}, " ")
	left := max(f.Expires.Sub(f.Created), 0) + max(f.Access, 0) + margin
	n, err := s.call(ctx, createScript, []string{s.family(f.ID), s.cuts},
		rand.Text(), life, f.Subject, f.ClientID, f.Confirm, string(data), left.Milliseconds())
	switch {
	case err != nil:
		return fmt.Errorf("redisstore: create: %w", err)
	case n == int64(0):
		return guard.ErrFamilyExists
	}
	return nil
}

// Advance judges a refresh token and moves its family on, in one script.
func (s *Store) Advance(ctx context.Context, a guard.Advance) (guard.Outcome, error) {
	reuse := guard.Revocation{Session: a.Family, Reason: "refresh token reuse"}
	text, err := rest(reuse)
	if err != nil {
		return guard.Outcome{}, fmt.Errorf("redisstore: advance: %w", err)
	}
	args := []any{
		rand.Text(), strconv.FormatUint(a.Counter, 10), strconv.FormatUint(a.Counter+1, 10), a.ClientID, a.Client,
		positiveOrNone(a.Grace), timeText(a.Now), name(reuse), text, s.sender,
	}
	for _, word := range a.Confirm {
		args = append(args, word)
	}
	answer, err := s.call(ctx, advanceScript, []string{s.family(a.Family), s.cuts, s.revoked, s.feed, s.ends}, args...)
	if err != nil {
		return guard.Outcome{}, fmt.Errorf("redisstore: advance: %w", err)
	}
	out, err := parseOutcome(answer)
	if err != nil {
		return guard.Outcome{}, fmt.Errorf("redisstore: advance: %w", err)
	}
	if out.State == guard.Reused {
		reuse.Until = a.Now.Add(out.Family.Access)
		s.tell(reuse)
	}
	return out, nil
}

// Family gives a family as the last Create, Advance or Revoke left it, without
// moving it on. found is false where there is none, or none any more.
func (s *Store) Family(ctx context.Context, id string) (f guard.Family, found bool, err error) {
	answer, err := s.call(ctx, familyScript, []string{s.family(id), s.cuts})
	if err != nil {
		return guard.Family{}, false, fmt.Errorf("redisstore: family: %w", err)
	}
	found, f, _, err = parseFamily(answer)
	if err != nil {
		return guard.Family{}, false, fmt.Errorf("redisstore: family: %w", err)
	}
	return f, found, nil
}

// parseOutcome reads the answer of advance.lua.
func parseOutcome(answer any) (guard.Outcome, error) {
	found, f, state, err := parseFamily(answer)
	switch {
	case err != nil:
		return guard.Outcome{}, err
	case !found:
		return guard.Outcome{}, nil
	case state > int64(guard.Ahead):
		return guard.Outcome{}, errAnswer
	}
	return guard.Outcome{State: guard.State(state), Family: f}, nil
}

// parseFamily reads a number and, unless that is zero for none, what stands in a
// row: data, counter, rotated, client, revoked.
func parseFamily(answer any) (found bool, f guard.Family, state int64, err error) {
	list, ok := answer.([]any)
	if !ok || len(list) == 0 {
		return false, f, 0, errAnswer
	}
	if state, ok = list[0].(int64); !ok || state < 0 || state > 0 && len(list) != 6 {
		return false, f, 0, errAnswer
	}
	if state == 0 {
		return false, f, 0, nil
	}
	var text [5]string
	for i := range text {
		if text[i], ok = list[i+1].(string); !ok {
			return false, f, 0, errAnswer
		}
	}
	if err = json.Unmarshal([]byte(text[0]), &f); err != nil {
		return false, f, 0, fmt.Errorf("redis: stored family: %w", err)
	}
	if f.Counter, err = strconv.ParseUint(text[1], 10, 64); err != nil {
		return false, f, 0, errAnswer
	}
	if f.Rotated, err = parseTime(text[2]); err != nil {
		return false, f, 0, err
	}
	f.Client, f.Revoked = text[3], text[4] != ""
	return true, f, state, nil
}
