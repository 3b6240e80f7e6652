package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Bounds of a password. The upper one keeps hashing cheap to refuse; there are
// no rules of composition (NIST SP 800-63B section 3.1.1.2).
const (
	minPassword = 12  // characters
	maxPassword = 256 // bytes
)

// The parameters are the second recommended option of RFC 9106 section 4.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonSalt    = 16
	argonKey     = 32
)

// hashesAtOnce bounds the memory that logins can take together: 64 MiB each.
const hashesAtOnce = 2

// checkPassword says what is wrong with a password that somebody wants to set.
func checkPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return errors.New("password: not valid UTF-8")
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("password: shorter than %d characters", minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("password: longer than %d bytes", maxPassword)
	}
	return nil
}

// A hasher hashes and compares passwords, a few at once.
type hasher struct {
	time, memory uint32
	threads      uint8
	slots        chan struct{}
	nobody       string // the hash of a password that nobody knows
}

func newHasher() hasher {
	return weigh(hasher{time: argonTime, memory: argonMemory, threads: argonThreads})
}

// weigh completes a hasher of the given cost.
func weigh(h hasher) hasher {
	h.slots = make(chan struct{}, hashesAtOnce)
	salt, key := make([]byte, argonSalt), make([]byte, argonKey)
	rand.Read(salt)
	rand.Read(key) // no password is known for it, and finding one is to break argon2
	h.nobody = h.encode(salt, key)
	return h
}

// hash gives the form of a password that [User] holds: argon2id with a salt of
// its own, in the PHC string format. It needs 64 MiB while it runs.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key, err := h.key(ctx, password, salt, h.time, h.memory, h.threads)
	if err != nil {
		return "", err
	}
	return h.encode(salt, key), nil
}

// key waits for a slot for as long as ctx lets it.
func (h hasher) key(ctx context.Context, password string, salt []byte, time, memory uint32, threads uint8) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, time, memory, threads, argonKey), nil
}

func (h hasher) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.memory, h.time, h.threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// matches reports whether encoded is the hash of password. An empty encoded is
// that of a user who does not exist: it never matches, and takes as long.
func (h hasher) matches(ctx context.Context, encoded, password string) (bool, error) {
	if encoded == "" {
		encoded = h.nobody
	}
	time, memory, threads, salt, want, err := decodeHash(encoded)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, salt, time, memory, threads)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

var errHash = errors.New("password hash: not an argon2id string of ours")

// decodeHash reads the PHC string format, and refuses parameters that no
// version of ours ever wrote: they could take all memory, or panic in argon2.
func decodeHash(encoded string) (time, memory uint32, threads uint8, salt, key []byte, err error) {
	part := strings.Split(encoded, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return 0, 0, 0, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil ||
		time < 1 || time > 16 || threads < 1 || threads > 16 || memory < 8*uint32(threads) || memory > 256<<10 {
		return 0, 0, 0, nil, nil, errHash
	}
	b64 := base64.RawStdEncoding
	salt, err1 := b64.DecodeString(part[4])
	key, err2 := b64.DecodeString(part[5])
	if err := errors.Join(err1, err2); err != nil || len(salt) < 8 || len(key) != argonKey {
		return 0, 0, 0, nil, nil, errHash
	}
	return time, memory, threads, salt, key, nil
}
