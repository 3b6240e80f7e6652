package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

// A Store is an open history. Its methods may be called from many goroutines at
// once: there is one writer, and readers do not wait for it.
type Store struct {
	write *sql.DB // one connection
	read  *sql.DB
}

// lockWait is how long a writer waits for another process that writes.
const lockWait = 5 * time.Second

// Open opens the file, or makes it, and brings it to the newest form. Several
// processes may have it open: that is how keys are made beside a running serve.
func Open(ctx context.Context, path string) (*Store, error) {
	// The file is ours alone before SQLite sees it.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("history %w", err)
	}
	f.Close()
	s := &Store{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.write, err = open(path, "immediate", "rwc"); err != nil {
		return nil, fmt.Errorf("history %s: %w", path, err)
	}
	s.write.SetMaxOpenConns(1)
	if err = migrate(ctx, s.write); err != nil {
		return nil, fmt.Errorf("history %s: %w", path, err)
	}
	if s.read, err = open(path, "deferred", "ro"); err != nil {
		return nil, fmt.Errorf("history %s: %w", path, err)
	}
	s.read.SetMaxOpenConns(4)
	return s, nil
}

// open opens the file. Every commit is synced: the log could give the events
// again, but nothing could give users, keys and what was delivered.
func open(path, lock, mode string) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "mode": {mode}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds()),
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	}}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	return sql.Open("sqlite", u.String())
}

// Close closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// change runs do in a transaction.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// exec runs one statement that changes something.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	_, err := s.affect(ctx, query, args...)
	return err
}

// affect is exec, and gives how many rows were changed.
func (s *Store) affect(ctx context.Context, query string, args ...any) (rows int64, err error) {
	done, err := s.write.ExecContext(ctx, query, args...)
	if err == nil {
		rows, err = done.RowsAffected()
	}
	if err != nil {
		return 0, fmt.Errorf("history: %w", err)
	}
	return rows, nil
}

// one tells a row that is not there from an error.
func one(err error) (found bool, _ error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("history: %w", err)
	}
	return true, nil
}

// list collects the rows of a query.
func list[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return all, nil
}

// Prune forgets what is older than before: events, counts, and deliveries that
// are done with. Alerts and reports stay.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	at := nanos(before)
	for _, q := range []string{
		"DELETE FROM events WHERE time < ?",
		"DELETE FROM minutes WHERE minute < ?",
		"DELETE FROM outbox WHERE state <> 'open' AND created < ?",
	} {
		if err := s.exec(ctx, q, at); err != nil {
			return err
		}
	}
	return nil
}

func nanos(t time.Time) int64 { return t.UnixNano() }

func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }
