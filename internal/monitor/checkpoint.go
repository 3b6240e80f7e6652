package monitor

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A checkpoint is the engine's state after a record of the log. In its file the
// record and the SHA-256 of everything stand before the state, so that a file
// that was cut off is none.
type checkpoint struct {
	record uint64
	state  []byte
}

var errCheckpoint = errors.New("damaged")

// save replaces the file at path, whole or not at all.
func (c checkpoint) save(path string) error {
	body := binary.BigEndian.AppendUint64(nil, c.record)
	body = append(body, c.state...)
	sum := sha256.Sum256(body)
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer os.Remove(f.Name()) // fails once it has its name
	for _, b := range [][]byte{sum[:], body} {
		if err == nil {
			_, err = f.Write(b)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// loadCheckpoint reads the file at path. One that is not there is the zero
// checkpoint.
func loadCheckpoint(path string) (checkpoint, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{}, nil
	}
	if err != nil {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	if len(b) < sha256.Size+8 {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", errCheckpoint)
	}
	body := b[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return checkpoint{}, fmt.Errorf("checkpoint: %w", errCheckpoint)
	}
	return checkpoint{binary.BigEndian.Uint64(body), body[8:]}, nil
}
