package monitor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/ingest"
	"github.com/jotsight/jotsight/internal/store"
)

// A Keyring makes, lists and revokes the ingest keys of a data directory, also
// while a monitor serves from it. A key may only write: it reads nothing.
type Keyring struct{ history *store.Store }

// OpenKeys opens the keys of a data directory, and makes it if it is not there.
func OpenKeys(ctx context.Context, data string) (*Keyring, error) {
	if data == "" {
		return nil, errors.New("data: missing")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("data %w", err)
	}
	s, err := store.Open(ctx, filepath.Join(data, historyFile))
	if err != nil {
		return nil, err
	}
	return &Keyring{s}, nil
}

// Close lets go of the directory.
func (k *Keyring) Close() error { return k.history.Close() }

// Add makes a key for source. Nothing but its hash is kept: whoever loses the
// key makes another.
func (k *Keyring) Add(ctx context.Context, source string, now time.Time) (key string, err error) {
	if strings.Trim(source, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || source == "" || len(source) > 64 {
		return "", errors.New("name of the source: 1 to 64 letters, digits, dots, dashes and underscores")
	}
	var b [32]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	key = keyPrefix + base64.RawURLEncoding.EncodeToString(b[:])
	return key, k.history.AddKey(ctx, ingest.KeyHash(key), source, now)
}

// keyPrefix marks ingest keys, so that scanners for leaked secrets find them.
const keyPrefix = "jsk_"

// A Key is what is known of an ingest key.
type Key struct {
	Source  string
	Created time.Time
	Revoked time.Time // zero while it is good
}

// List gives all keys, by source.
func (k *Keyring) List(ctx context.Context) ([]Key, error) {
	all, err := k.history.Keys(ctx)
	list := make([]Key, len(all))
	for i, v := range all {
		list[i] = Key{v.Source, v.Created, v.Revoked}
	}
	return list, err
}

// Revoke ends the good keys of source and gives how many there were.
func (k *Keyring) Revoke(ctx context.Context, source string, now time.Time) (int64, error) {
	return k.history.RevokeKeys(ctx, source, now)
}
