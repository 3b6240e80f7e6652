package monitor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrLocked says that another process serves from the same directory.
var ErrLocked = errors.New("in use by another process")

// What the data directory holds.
const (
	lockFile       = "lock"
	logDir         = "log"
	historyFile    = "history.db"
	checkpointFile = "engine.checkpoint"
)

// claim makes the directory, for us alone, and locks it for this process. The
// lock ends with the process, however that ends.
func claim(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data %w", err)
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("data %s: %w", dir, err)
	}
	return f, nil
}
