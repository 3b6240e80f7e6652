package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A User is a person who may log in. Password is a hash.
type User struct {
	Name, Role, Password string
	Created              time.Time
}

// A Session is one login of one browser. Hash is the SHA-256 of its id.
type Session struct {
	Hash          [32]byte
	User          string
	Created, Seen time.Time
}

// HasUser reports whether there is any user.
func (s *Store) HasUser(ctx context.Context) (has bool, err error) {
	if err = s.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM users)").Scan(&has); err != nil {
		err = fmt.Errorf("history: %w", err)
	}
	return has, err
}

// AddFirstUser adds u if there is no user at all, in one step, and reports
// whether it did.
func (s *Store) AddFirstUser(ctx context.Context, u User) (added bool, err error) {
	n, err := s.affect(ctx, "INSERT INTO users SELECT ?,?,?,? WHERE NOT EXISTS (SELECT 1 FROM users)",
		u.Name, u.Role, u.Password, nanos(u.Created))
	return n == 1, err
}

// User finds a user by name.
func (s *Store) User(ctx context.Context, name string) (u User, found bool, err error) {
	var created int64
	err = s.read.QueryRowContext(ctx, "SELECT name, role, password, created FROM users WHERE name = ?", name).
		Scan(&u.Name, &u.Role, &u.Password, &created)
	u.Created = fromNanos(created)
	found, err = one(err)
	return u, found, err
}

// AddSession keeps n and forgets every session made at or before stale.
func (s *Store) AddSession(ctx context.Context, n Session, stale time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE created <= ?", nanos(stale)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO sessions VALUES (?,?,?,?)", n.Hash[:], n.User, nanos(n.Created), nanos(n.Seen))
		return err
	})
}

// Session finds a session by the hash of its id.
func (s *Store) Session(ctx context.Context, hash [32]byte) (n Session, found bool, err error) {
	var created, seen int64
	n.Hash = hash
	err = s.read.QueryRowContext(ctx, "SELECT user, created, seen FROM sessions WHERE hash = ?", hash[:]).Scan(&n.User, &created, &seen)
	n.Created, n.Seen = fromNanos(created), fromNanos(seen)
	found, err = one(err)
	return n, found, err
}

// TouchSession sets Seen; an unknown session is no error.
func (s *Store) TouchSession(ctx context.Context, hash [32]byte, seen time.Time) error {
	return s.exec(ctx, "UPDATE sessions SET seen = ? WHERE hash = ?", nanos(seen), hash[:])
}

// EndSession forgets a session; an unknown session is no error.
func (s *Store) EndSession(ctx context.Context, hash [32]byte) error {
	return s.exec(ctx, "DELETE FROM sessions WHERE hash = ?", hash[:])
}

// A Key is an ingest key, by its hash.
type Key struct {
	Hash    [32]byte
	Source  string
	Created time.Time
	Revoked time.Time // zero while it is good
}

// AddKey keeps the SHA-256 of an ingest key of source.
func (s *Store) AddKey(ctx context.Context, hash [32]byte, source string, now time.Time) error {
	return s.exec(ctx, "INSERT INTO keys (hash, source, created) VALUES (?,?,?)", hash[:], source, nanos(now))
}

// Source finds whose good ingest key has this hash.
func (s *Store) Source(ctx context.Context, hash [32]byte) (source string, found bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT source FROM keys WHERE hash = ? AND revoked = 0", hash[:]).Scan(&source)
	found, err = one(err)
	return source, found, err
}

// Keys lists the ingest keys, by source, the oldest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (k Key, err error) {
		var hash []byte
		var created, revoked int64
		err = rows.Scan(&hash, &k.Source, &created, &revoked)
		copy(k.Hash[:], hash)
		k.Created = fromNanos(created)
		if revoked != 0 {
			k.Revoked = fromNanos(revoked)
		}
		return k, err
	}, "SELECT hash, source, created, revoked FROM keys ORDER BY source, created")
}

// RevokeKeys ends all good keys of source and gives how many.
func (s *Store) RevokeKeys(ctx context.Context, source string, now time.Time) (int64, error) {
	return s.affect(ctx, "UPDATE keys SET revoked = ? WHERE source = ? AND revoked = 0", nanos(now), source)
}
