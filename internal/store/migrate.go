package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps from an empty file to the newest form, in order. A
// step that was released is never changed: a mistake in it is another step.
//
// Times are Unix nanoseconds, hashes SHA-256.
var migrations = []string{`
CREATE TABLE places (           -- up to which record of the log a reader has come
	reader TEXT PRIMARY KEY,
	record INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
	id      BLOB PRIMARY KEY,
	time    INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	reason  TEXT NOT NULL,
	outcome TEXT NOT NULL,
	service TEXT NOT NULL,
	address TEXT NOT NULL,
	line    TEXT NOT NULL          -- the wire form
) STRICT;
CREATE INDEX events_time ON events (time, id);
CREATE INDEX events_address ON events (address, time, id);

CREATE TABLE minutes (          -- how many events of all kinds, kept or not
	minute  INTEGER NOT NULL,
	service TEXT NOT NULL,
	kind    TEXT NOT NULL,
	outcome TEXT NOT NULL,
	count   INTEGER NOT NULL,
	PRIMARY KEY (minute, service, kind, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE services (
	name TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
	id       TEXT PRIMARY KEY,
	rule     TEXT NOT NULL,
	state    TEXT NOT NULL,        -- firing, resolved
	last     INTEGER NOT NULL,
	count    INTEGER NOT NULL,
	alert    TEXT NOT NULL,        -- JSON
	raised   INTEGER NOT NULL,     -- by our clock
	resolved INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alerts_last ON alerts (last, id);
CREATE INDEX alerts_state ON alerts (state);

CREATE TABLE outbox (
	channel  TEXT NOT NULL,
	id       TEXT NOT NULL,
	kind     TEXT NOT NULL,
	state    TEXT NOT NULL,        -- open, delivered, dead
	alert    TEXT NOT NULL,        -- JSON, as it was when it was put here
	evidence TEXT NOT NULL,        -- JSON
	created  INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	next     INTEGER NOT NULL,
	problem  TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (channel, id)
) STRICT;
CREATE INDEX outbox_next ON outbox (state, channel, next);

CREATE TABLE scans (
	id     INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE,   -- of the report, so that it is kept once
	ended  INTEGER NOT NULL,
	report TEXT NOT NULL           -- JSON
) STRICT;
CREATE INDEX scans_ended ON scans (ended);

CREATE TABLE users (
	name     TEXT PRIMARY KEY,
	role     TEXT NOT NULL,
	password TEXT NOT NULL,        -- hashed
	created  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
	hash    BLOB PRIMARY KEY,
	user    TEXT NOT NULL,
	created INTEGER NOT NULL,
	seen    INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (             -- ingest keys
	hash    BLOB PRIMARY KEY,
	source  TEXT NOT NULL,
	created INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
`}

// migrate brings the file to the newest form, one step a transaction. Two
// processes may do it at once: the second finds it done.
func migrate(ctx context.Context, db *sql.DB) error {
	for {
		done, err := step(ctx, db)
		if done || err != nil {
			return err
		}
	}
}

func step(ctx context.Context, db *sql.DB) (done bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return false, err
	}
	if version > len(migrations) {
		return false, fmt.Errorf("form %d: made by a newer version, which knows up to this one no further than %d", version, len(migrations))
	}
	if version == len(migrations) {
		return true, nil
	}
	if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
		return false, fmt.Errorf("form %d: %w", version+1, err)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
		return false, err
	}
	return false, tx.Commit()
}
