package guard

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// A canaries makes and knows the ids of planted tokens. Such an id looks like any
// other of an Issuer, and its second half follows from the first under a key: so
// every guard that has the key knows it, without a Store and for ever, and nobody
// else can tell it from an honest one or make one up. That is why the id alone
// accuses, even in a token whose signature does not hold: whoever presents it has
// read what was planted.
//
// An honest id is taken for a planted one with a probability of 2^-65 (jti) or
// 2^-64 (family). A nil canaries knows none.
type canaries struct{ block cipher.Block }

// newCanaries takes the key of the fingerprints, which all services share whose
// events are to be compared.
func newCanaries(key []byte) *canaries {
	block, err := aes.NewCipher(derive(key, "jotsight canary key"))
	if err != nil {
		panic(err) // 32 bytes are a key of AES-256
	}
	return &canaries{block}
}

const (
	base32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // of rand.Text
	hexDigits    = "0123456789abcdef"
	idLength     = 26 // of rand.Text
	familyLength = 2 * familyBytes
)

// tail gives the second half of an id that begins with half. The halves of the
// two kinds differ in length, and so do their blocks.
func (c *canaries) tail(half string) (t [familyLength / 2]byte) {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.buf = append(append(s.buf, half...), "jti"...)[:aes.BlockSize]
	c.block.Encrypt(s.buf, s.buf)
	for i := range half {
		if len(half) == idLength/2 {
			t[i] = base32Digits[s.buf[i]%32]
		} else {
			t[i] = hexDigits[s.buf[i]%16]
		}
	}
	return t
}

// marks reports whether id, a jti or a refresh family, was planted.
func (c *canaries) marks(id string) bool {
	if c == nil || len(id) != idLength && len(id) != familyLength {
		return false
	}
	half := len(id) / 2
	t := c.tail(id[:half])
	return string(t[:half]) == id[half:]
}

func (c *canaries) id() string {
	half := rand.Text()[:idLength/2]
	t := c.tail(half)
	return half + string(t[:len(half)])
}

func (c *canaries) family() string {
	var b [familyLength / 2]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = hexDigits[b[i]%16]
	}
	t := c.tail(string(b[:]))
	return string(b[:]) + string(t[:])
}

// Canary makes tokens that nobody may use, to be planted where a thief would
// look: in a backup, a log, a variable of a build. They look like any others of
// this Issuer. Whoever presents one, or tries out a changed copy of it, is
// refused like everybody else, and causes canary_used at its highest severity:
// written in full for each use, and never folded. Nothing is stored, and neither
// the end of the access token nor the rotation of the signing key ends that.
//
// The access token shows until as its exp; a thief throws away what has expired.
// A zero until is that of any other token. The refresh token shows nothing. Note
// where you plant which TokenID: the event names it as jwt.id, and the refresh
// family by the fingerprint that stands beside it in the record of the issuance.
//
// Guards know canaries by a key that is derived from Config.FingerprintKey, or
// from the secret that stands in for it. Where the guard of this Issuer has made
// one up, Canary returns an error. For a token of another issuer, revoke it with
// event.ReasonCanary as its cause.
func (i *Issuer) Canary(g Grant, until time.Time) (Pair, error) {
	now := i.g.now()
	known := i.g.canaries
	switch {
	case known == nil:
		return Pair{}, errors.New("canary: the guard has no FingerprintKey by which others could know it")
	case until.IsZero():
		until = now.Add(i.access)
	case !until.After(now):
		return Pair{}, errors.New("canary: until has passed")
	}
	f, err := i.family(g, now)
	if err != nil {
		return Pair{}, err
	}
	f.ID = known.family()
	pair, err := i.pairAs(&f, known.id(), !g.NoRefresh, now, until)
	if err != nil {
		return Pair{}, err
	}
	rec := i.g.rec.fact(event.Issued, 0, now)
	g.Meta.describe(&rec.Event)
	i.describe(&rec.Event, &f, pair)
	rec.Use, rec.IssuedAt = event.Canary, now.Unix()
	rec.Fingerprint, rec.BodyFingerprint = i.g.rec.prints.Token(pair.Access.Reveal())
	i.g.rec.send(rec)
	return pair, nil
}

// recordCanary records the use of a planted token. e is what was verified of it,
// nil when only its id is known.
func (g *Guard) recordCanary(o *origin, raw string, e *entry, status int, detail string, now time.Time) {
	rec := g.rec.fact(event.CanaryUsed, event.ReasonCanary, now)
	g.describe(o, &rec.Event)
	if e != nil {
		e.describe(&rec.Event)
	} else {
		g.claimed(raw, &rec.Event)
	}
	rec.Use, rec.Status, rec.Detail = event.Canary, o.status(status), detail
	if 0 < status && status < 400 {
		rec.Outcome = event.UnknownOutcome // somebody else let it in, and may not have looked
	}
	g.rec.send(rec)
}
