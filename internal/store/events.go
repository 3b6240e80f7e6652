package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Relevant reports whether the history keeps events of kind k one by one. The
// others are plain successes: the log holds them for as long as it is kept.
func Relevant(k event.Kind) bool {
	switch k {
	case event.Verified, event.Request, event.Heartbeat:
		return false
	}
	return true
}

// An Entry is an event with its wire form.
type Entry struct {
	Event *event.Event
	Line  []byte
}

// rowsPerInsert is where SQLite is fastest: 50 rows a statement.
const rowsPerInsert = 50

// Take adds events and moves the place of reader to record, both or neither.
// Events that are there already change nothing. It gives how many are new.
func (s *Store) Take(ctx context.Context, reader string, record uint64, entries []Entry) (added int, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		var keep []Entry
		count := counts{map[minute]int64{}, map[string]int64{}}
		for _, e := range entries {
			if Relevant(e.Event.Kind) && !e.Event.ID.IsZero() {
				keep = append(keep, e)
				continue
			}
			count.add(e.Event)
		}
		for chunk := range slices.Chunk(keep, rowsPerInsert) {
			fresh, err := insert(ctx, tx, chunk)
			if err != nil {
				return err
			}
			for _, e := range fresh {
				count.add(e.Event)
			}
			added += len(fresh)
		}
		if err := count.write(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO places VALUES (?, ?)
			ON CONFLICT DO UPDATE SET record = excluded.record`, reader, int64(record))
		return err
	})
	return added, err
}

// insert adds the entries that are new, and gives them.
func insert(ctx context.Context, tx *sql.Tx, entries []Entry) ([]Entry, error) {
	args := make([]any, 0, 8*len(entries))
	byID := make(map[event.ID]Entry, len(entries))
	for _, e := range entries {
		byID[e.Event.ID] = e
		args = append(args, e.Event.ID[:], nanos(e.Event.Time), e.Event.Kind.String(), e.Event.Reason.String(),
			e.Event.Outcome.String(), e.Event.ServiceName, e.Event.ClientAddress, string(e.Line))
	}
	rows, err := tx.QueryContext(ctx, "INSERT INTO events VALUES (?,?,?,?,?,?,?,?)"+
		strings.Repeat(",(?,?,?,?,?,?,?,?)", len(entries)-1)+" ON CONFLICT DO NOTHING RETURNING id", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fresh := make([]Entry, 0, len(entries))
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		fresh = append(fresh, byID[event.ID(id)])
	}
	return fresh, rows.Err()
}

// counts are events by minute, and when each service was last heard of, in Unix
// nanoseconds.
type counts struct {
	minutes map[minute]int64
	heard   map[string]int64
}

type minute struct {
	at            int64
	service       string
	kind, outcome string
}

func (c counts) add(e *event.Event) {
	if e.Kind.Audit() {
		return // the monitor's own audit is no traffic, and it is no service
	}
	c.minutes[minute{nanos(e.Time.Truncate(time.Minute)), e.ServiceName, e.Kind.String(), e.Outcome.String()}] += e.Weight()
	at := e.Observed
	if at.IsZero() {
		at = e.Time
	}
	if e.ServiceName != "" {
		c.heard[e.ServiceName] = max(c.heard[e.ServiceName], nanos(at))
	}
}

func (c counts) write(ctx context.Context, tx *sql.Tx) error {
	for m, n := range c.minutes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO minutes VALUES (?,?,?,?,?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count`, m.at, m.service, m.kind, m.outcome, n); err != nil {
			return err
		}
	}
	for service, at := range c.heard {
		if _, err := tx.ExecContext(ctx, `INSERT INTO services VALUES (?,?)
			ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`, service, at); err != nil {
			return err
		}
	}
	return nil
}

// Place gives up to which record reader has come, zero at first.
func (s *Store) Place(ctx context.Context, reader string) (record uint64, err error) {
	var n int64
	err = s.write.QueryRowContext(ctx, "SELECT record FROM places WHERE reader = ?", reader).Scan(&n)
	_, err = one(err)
	return uint64(n), err
}

// An EventQuery narrows a list of events. A zero field does not narrow; the set
// ones all have to hold.
type EventQuery struct {
	IDs        []event.ID
	Kind       event.Kind
	Reason     event.Reason
	Outcome    event.Outcome
	Address    string
	Service    string
	BeforeTime time.Time // with BeforeID, only what comes after that place in the order
	BeforeID   event.ID
	Limit      int
}

// Events gives the events that match q, newest first: by time, then by id, both
// descending.
func (s *Store) Events(ctx context.Context, q EventQuery) ([]event.Event, error) {
	where, args := []string{"true"}, []any{}
	and := func(cond string, values ...any) {
		where, args = append(where, cond), append(args, values...)
	}
	if q.IDs != nil {
		ids := make([]any, len(q.IDs))
		for i, id := range q.IDs {
			ids[i] = id[:]
		}
		and("id IN (NULL"+strings.Repeat(",?", len(ids))+")", ids...)
	}
	if q.Kind != 0 {
		and("kind = ?", q.Kind.String())
	}
	if q.Reason != 0 {
		and("reason = ?", q.Reason.String())
	}
	if q.Outcome != 0 {
		and("outcome = ?", q.Outcome.String())
	}
	if q.Address != "" {
		and("address = ?", q.Address)
	}
	if q.Service != "" {
		and("service = ?", q.Service)
	}
	if !q.BeforeTime.IsZero() {
		and("(time, id) < (?, ?)", nanos(q.BeforeTime), q.BeforeID[:])
	}
	return list(ctx, s.read, func(rows *sql.Rows) (e event.Event, err error) {
		var line string
		if err = rows.Scan(&line); err == nil {
			_, err = e.Decode(line)
		}
		return e, err
	}, "SELECT line FROM events WHERE "+strings.Join(where, " AND ")+" ORDER BY time DESC, id DESC LIMIT ?", append(args, q.Limit)...)
}

// A Bin counts the events of one step of time, by outcome. What has no outcome
// is not counted.
type Bin struct {
	Start                     time.Time
	Success, Failure, Unknown int64
}

// Bins counts the events of [from, to) in steps, which are whole minutes; a step
// without events is left out.
func (s *Store) Bins(ctx context.Context, from, to time.Time, step time.Duration) ([]Bin, error) {
	step = max(step.Truncate(time.Minute), time.Minute)
	return list(ctx, s.read, func(rows *sql.Rows) (b Bin, err error) {
		var at int64
		err = rows.Scan(&at, &b.Success, &b.Failure, &b.Unknown)
		b.Start = fromNanos(at)
		return b, err
	}, `SELECT minute - minute % ?1 AS bin,
			sum(count * (outcome = 'success')), sum(count * (outcome = 'failure')), sum(count * (outcome = 'unknown'))
		FROM minutes WHERE minute >= ?2 AND minute < ?3 AND outcome <> ''
		GROUP BY bin ORDER BY bin`, int64(step), nanos(from), nanos(to))
}

// A Service is a source of events and when it was last heard of.
type Service struct {
	Name string
	Last time.Time
}

// Services lists everybody who ever reported, by name.
func (s *Store) Services(ctx context.Context) ([]Service, error) {
	all, err := list(ctx, s.read, func(rows *sql.Rows) (v Service, err error) {
		var at int64
		err = rows.Scan(&v.Name, &at)
		v.Last = fromNanos(at)
		return v, err
	}, "SELECT name, last FROM services")
	slices.SortFunc(all, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}
