package monitor

import (
	"context"
	"path/filepath"
	"time"

	"github.com/jotsight/jotsight/internal/store"
)

// A DeadLetter is an alert that a channel could not deliver and has given up.
type DeadLetter struct {
	Channel  string
	ID       string // of the delivery
	Rule     string
	Severity string
	Created  time.Time
	Attempts int
	Problem  string
}

// DeadLetters lists the dead letters of a data directory, the newest first, also
// while a monitor serves from it.
func DeadLetters(ctx context.Context, data string, limit int) ([]DeadLetter, error) {
	s, err := store.Open(ctx, filepath.Join(data, historyFile))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rows, err := s.Dead(ctx, limit)
	list := make([]DeadLetter, len(rows))
	for i, d := range rows {
		list[i] = DeadLetter{d.Channel, d.ID, d.Alert.Rule, d.Alert.Severity, d.Created, d.Attempts, d.Problem}
	}
	return list, err
}
