package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jotsight/jotsight/guard"
)

// page is how many revocations one answer of Redis brings.
const page = 1000

// A cursor names the last entry of the feed that was read: its id, and the
// random word of the call that made it, so that another entry of the same id,
// on a server that took over, is not taken for it.
var cursor = regexp.MustCompile(`^(\d+-\d+)/([A-Z2-7]+)$`)

// Changes gives the revocations since after. Where the feed no longer reaches
// back to it, or belongs to a server that never had that entry, it gives all
// that still live.
func (s *Store) Changes(ctx context.Context, after guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	list, next, err := s.changes(ctx, after)
	if err != nil {
		return nil, "", fmt.Errorf("redisstore: changes: %w", err)
	}
	return list, next, nil
}

func (s *Store) changes(ctx context.Context, after guard.Cursor) (all []guard.Revocation, next guard.Cursor, err error) {
	for {
		id, op := "", ""
		if after != "" {
			m := cursor.FindStringSubmatch(string(after))
			if m == nil {
				return nil, "", fmt.Errorf("cursor is none of this store's")
			}
			id, op = m[1], m[2]
		}
		answer, err := s.call(ctx, changesScript, []string{s.feed}, id, op, page)
		if err != nil {
			return nil, "", err
		}
		found, list, err := parseEntries(answer)
		switch {
		case err != nil:
			return nil, "", err
		case !found: // the place from which a snapshot goes on is read before the snapshot
			if len(list) > 0 {
				next = list[0].cursor
			}
			all, err := s.snapshot(ctx)
			return all, next, err
		}
		for _, e := range list[1:] { // the first is the cursor's own
			r, err := parseRevocation(e.value)
			if err != nil {
				return nil, "", err
			}
			all = append(all, r)
		}
		after = list[len(list)-1].cursor
		if len(list) <= page {
			return all, after, nil
		}
	}
}

type entry struct {
	cursor guard.Cursor
	value  string
}

// parseEntries reads the answer of changes.lua.
func parseEntries(answer any) (found bool, list []entry, err error) {
	pair, ok := answer.([]any)
	if !ok || len(pair) != 2 {
		return false, nil, errAnswer
	}
	rows, ok := pair[1].([]any)
	if !ok {
		return false, nil, errAnswer
	}
	for _, row := range rows {
		e, ok := row.([]any)
		if !ok || len(e) != 2 {
			return false, nil, errAnswer
		}
		id, _ := e[0].(string)
		fields, ok := e[1].([]any) // op, its word, v, the value
		if !ok || len(fields) != 4 {
			return false, nil, errAnswer
		}
		op, _ := fields[1].(string)
		value, _ := fields[3].(string)
		list = append(list, entry{guard.Cursor(id + "/" + op), value})
	}
	found = pair[0] == int64(1)
	if found && len(list) == 0 {
		return false, nil, errAnswer
	}
	return found, list, nil
}

// snapshot gives everything that is stored, oldest first. What is stored while
// it reads comes with the next Changes.
func (s *Store) snapshot(ctx context.Context) ([]guard.Revocation, error) {
	type dated struct {
		ms, n uint64
		guard.Revocation
	}
	seen := make(map[string]dated) // HSCAN may give a field twice
	for place := "0"; ; {
		answer, err := s.call(ctx, snapshotScript, []string{s.revoked}, place, page)
		if err != nil {
			return nil, err
		}
		pair, ok := answer.([]any)
		if !ok || len(pair) != 2 {
			return nil, errAnswer
		}
		flat, ok := pair[1].([]any)
		if place, _ = pair[0].(string); !ok || place == "" || len(flat)%2 != 0 {
			return nil, errAnswer
		}
		for i := 0; i < len(flat); i += 2 {
			field, _ := flat[i].(string)
			text, _ := flat[i+1].(string)
			id, value, _ := strings.Cut(text, " ")
			ms, n, _ := strings.Cut(id, "-")
			d := dated{}
			if d.Revocation, err = parseRevocation(value); err != nil {
				return nil, err
			}
			d.ms, _ = strconv.ParseUint(ms, 10, 64)
			d.n, _ = strconv.ParseUint(n, 10, 64)
			seen[field] = d
		}
		if place == "0" {
			break
		}
	}
	list := make([]dated, 0, len(seen))
	for _, d := range seen {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b dated) int { return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.n, b.n)) })
	all := make([]guard.Revocation, len(list))
	for i, d := range list {
		all[i] = d.Revocation
	}
	return all, nil
}
