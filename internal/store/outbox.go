package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Due gives the open deliveries of a channel whose Next is not after now, in the
// order of Next, limit at most; and when the first of the others is due, zero if
// there is none.
func (s *Store) Due(ctx context.Context, channel string, now time.Time, limit int) (due []Delivery, next time.Time, err error) {
	due, err = list(ctx, s.read, scanDelivery, selectDelivery+
		"WHERE state = 'open' AND channel = ? AND next <= ? ORDER BY next, id LIMIT ?", channel, nanos(now), limit)
	if err != nil {
		return nil, next, err
	}
	var at sql.NullInt64
	if err := s.read.QueryRowContext(ctx, "SELECT min(next) FROM outbox WHERE state = 'open' AND channel = ? AND next > ?",
		channel, nanos(now)).Scan(&at); err != nil {
		return nil, next, fmt.Errorf("history: %w", err)
	}
	if at.Valid {
		next = fromNanos(at.Int64)
	}
	return due, next, nil
}

const selectDelivery = "SELECT channel, id, kind, alert, evidence, created, attempts, next, problem FROM outbox "

func scanDelivery(rows *sql.Rows) (d Delivery, err error) {
	var alert, evidence string
	var created, next int64
	if err = rows.Scan(&d.Channel, &d.ID, &d.Kind, &alert, &evidence, &created, &d.Attempts, &next, &d.Problem); err != nil {
		return d, err
	}
	d.Created, d.Next = fromNanos(created), fromNanos(next)
	if err = json.Unmarshal([]byte(alert), &d.Alert); err == nil {
		err = json.Unmarshal([]byte(evidence), &d.Evidence)
	}
	return d, err
}

// Delivered marks d as done.
func (s *Store) Delivered(ctx context.Context, d Delivery) error { return s.mark(ctx, d, "delivered") }

// Retry keeps Attempts, Next and Problem of d.
func (s *Store) Retry(ctx context.Context, d Delivery) error { return s.mark(ctx, d, "open") }

// Bury makes d a dead letter.
func (s *Store) Bury(ctx context.Context, d Delivery) error { return s.mark(ctx, d, "dead") }

func (s *Store) mark(ctx context.Context, d Delivery, state string) error {
	return s.exec(ctx, "UPDATE outbox SET state = ?, attempts = ?, next = ?, problem = ? WHERE channel = ? AND id = ?",
		state, d.Attempts, nanos(d.Next), d.Problem, d.Channel, d.ID)
}

// Dead lists the dead letters, the newest first.
func (s *Store) Dead(ctx context.Context, limit int) ([]Delivery, error) {
	return list(ctx, s.read, scanDelivery, selectDelivery+"WHERE state = 'dead' ORDER BY created DESC, id LIMIT ?", limit)
}

// CountOutbox gives how many deliveries are open and how many are dead letters.
func (s *Store) CountOutbox(ctx context.Context) (open, dead int64, err error) {
	err = s.read.QueryRowContext(ctx,
		"SELECT count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'dead') FROM outbox WHERE state <> 'delivered'").Scan(&open, &dead)
	if err != nil {
		err = fmt.Errorf("history: %w", err)
	}
	return open, dead, err
}
