package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jotsight/jotsight/internal/detect"
)

// The states of an alert.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// An Alert is an alert with what became of it.
type Alert struct {
	detect.Alert
	State    string
	Raised   time.Time // when it was first given, by our clock
	Resolved time.Time // zero while it is not
}

// A Delivery is a message that a channel owes to its receiver. ID is unique
// within Channel.
type Delivery struct {
	Channel, ID, Kind string
	Alert             detect.Alert
	Evidence          []json.RawMessage
	Created           time.Time
	Attempts          int
	Next              time.Time
	Problem           string // never holds a secret
}

// Raise keeps a as it stands now and what is owed because of it, both or
// neither. An alert that is known does not shrink: a replay of the log gives it
// as it once was. Deliveries that are known stay as they are, delivered or not.
func (s *Store) Raise(ctx context.Context, a detect.Alert, owed []Delivery, now time.Time) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("alert %s: %w", a.ID, err)
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO alerts (id, rule, state, last, count, alert, raised) VALUES (?,?,?,?,?,?,?)
			ON CONFLICT DO UPDATE SET last = excluded.last, count = excluded.count, alert = excluded.alert
			WHERE excluded.count >= alerts.count`,
			a.ID, a.Rule, Firing, nanos(a.Last), a.Count, string(data), nanos(now)); err != nil {
			return err
		}
		for _, d := range owed {
			evidence, err := json.Marshal(d.Evidence)
			if err != nil {
				return err
			}
			if data, err = json.Marshal(d.Alert); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (channel, id, kind, state, alert, evidence, created, next)
				VALUES (?,?,?,'open',?,?,?,?) ON CONFLICT DO NOTHING`,
				d.Channel, d.ID, d.Kind, string(data), string(evidence), nanos(d.Created), nanos(d.Next)); err != nil {
				return err
			}
		}
		return nil
	})
}

// End keeps a, which grows no more, and resolves it if told to.
func (s *Store) End(ctx context.Context, a detect.Alert, resolve bool, now time.Time) error {
	if err := s.Raise(ctx, a, nil, now); err != nil || !resolve {
		return err
	}
	return s.exec(ctx, "UPDATE alerts SET state = ?, resolved = ? WHERE id = ? AND state = ?", Resolved, nanos(now), a.ID, Firing)
}

// An AlertQuery narrows a list of alerts. A zero field does not narrow.
type AlertQuery struct {
	ID    string
	Limit int
}

// Alerts gives the alerts that match q, the most recent Last first, then by id
// descending.
func (s *Store) Alerts(ctx context.Context, q AlertQuery) ([]Alert, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (a Alert, err error) {
		var data string
		var raised, resolved int64
		if err = rows.Scan(&data, &a.State, &raised, &resolved); err == nil {
			err = json.Unmarshal([]byte(data), &a.Alert)
		}
		a.Raised = fromNanos(raised)
		if resolved != 0 {
			a.Resolved = fromNanos(resolved)
		}
		return a, err
	}, "SELECT alert, state, raised, resolved FROM alerts WHERE ?1 = '' OR id = ?1 ORDER BY last DESC, id DESC LIMIT ?2", q.ID, q.Limit)
}

// CountFiring gives how many alerts are firing.
func (s *Store) CountFiring(ctx context.Context) (n int64, err error) {
	if err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM alerts WHERE state = ?", Firing).Scan(&n); err != nil {
		err = fmt.Errorf("history: %w", err)
	}
	return n, err
}
