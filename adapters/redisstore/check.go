package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Check asks Redis whether a Store can rely on it: it is 6.2 or newer, evicts
// nothing, and is no replica. All that is wrong is in the error. Call it at the
// start where a service may refuse to start.
//
// It does not judge persistence: without appendonly, a restart of Redis forgets
// logins and revocations.
func (s *Store) Check(ctx context.Context) error {
	answer, err := s.call(ctx, checkScript, []string{s.feed})
	if err != nil {
		return fmt.Errorf("redisstore: check: %w", err)
	}
	text, ok := answer.(string)
	if !ok {
		return fmt.Errorf("redisstore: check: %w", errAnswer)
	}
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	var wrong []error
	if v := info["redis_version"]; !recent(v) {
		wrong = append(wrong, fmt.Errorf("redis_version: %q is older than 6.2", v))
	}
	if p := info["maxmemory_policy"]; p != "noeviction" && info["maxmemory"] != "0" {
		wrong = append(wrong, fmt.Errorf("maxmemory-policy: %q evicts families and revocations; it must be noeviction", p))
	}
	if info["role"] == "slave" {
		wrong = append(wrong, errors.New("role: a replica cannot be written to, and is behind"))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("redisstore: check: %w", errors.Join(wrong...))
	}
	return nil
}

// recent reports whether a version is 6.2 or newer.
func recent(version string) bool {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	minor, _ := strconv.Atoi(second)
	return major > 6 || major == 6 && minor >= 2
}
