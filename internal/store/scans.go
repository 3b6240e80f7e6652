package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/jotsight/jotsight/internal/finding"
)

// AddScan keeps a report; the same one again changes nothing. It reports whether
// it is new.
func (s *Store) AddScan(ctx context.Context, r *finding.Report) (added bool, err error) {
	data, err := json.Marshal(r)
	if err != nil {
		return false, fmt.Errorf("report: %w", err)
	}
	sum := sha256.Sum256(data)
	n, err := s.affect(ctx, "INSERT INTO scans (digest, ended, report) VALUES (?,?,?) ON CONFLICT DO NOTHING",
		sum[:], nanos(r.Ended), string(data))
	return n == 1, err
}

// Scans gives the last limit reports, newest first.
func (s *Store) Scans(ctx context.Context, limit int) ([]finding.Report, error) {
	return list(ctx, s.read, func(rows *sql.Rows) (r finding.Report, err error) {
		var data string
		if err = rows.Scan(&data); err == nil {
			err = json.Unmarshal([]byte(data), &r)
		}
		return r, err
	}, "SELECT report FROM scans ORDER BY ended DESC, id DESC LIMIT ?", limit)
}
