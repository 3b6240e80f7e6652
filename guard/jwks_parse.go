package guard

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/jotsight/jotsight/guard/event"
)

// maxKeys bounds a key set.
const maxKeys = 100

// maxRSABits bounds what one verification can cost.
const maxRSABits = 8192

// parseSet reads a JSON Web Key Set (RFC 7517 section 5). Each key is read by
// itself: one that cannot be used costs a complaint and not the set. Keys for
// another purpose are left out without one. The error means that the text is not
// a key set at all.
func parseSet(text string) (keys []Key, complaints []string, err error) {
	list, found := "", false
	if eachMember(text, func(name, value string) {
		if name == "keys" {
			list, found = value, true
		}
	}) != sound {
		return nil, nil, errors.New("not a JSON object")
	}
	if !found || list[0] != '[' {
		return nil, nil, errors.New(`no member "keys" that is an array (RFC 7517 section 5.1)`)
	}
	n := 0
	for value := range elements(list) {
		if n++; n > maxKeys {
			complaints = append(complaints, fmt.Sprintf("only the first %d keys are used", maxKeys))
			break
		}
		key, err := parseKey(value)
		switch {
		case errors.Is(err, errOtherPurpose):
		case err != nil:
			complaints = append(complaints, err.Error())
		default:
			keys = append(keys, key)
		}
	}
	return keys, complaints, nil
}

// elements gives the members of an array that is known to be sound.
func elements(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := skipSpace(list, 1); list[i] != ']'; {
			from := i
			i = skipValue(list, i, maxDepth)
			if !yield(list[from:i]) {
				return
			}
			if i = skipSpace(list, i); list[i] == ',' {
				i = skipSpace(list, i+1)
			}
		}
	}
}

// errOtherPurpose is the error of a key that is not there to verify signatures.
var errOtherPurpose = errors.New("for another purpose")

// parseKey reads one public key. Certificates beside it (x5c, x5u, x5t) are not
// looked at: what makes the key trusted is where it was found.
func parseKey(text string) (Key, error) {
	var key Key
	var kty, use string
	verifies, private, wrongType := true, false, false
	members := map[string]json.RawMessage{}
	str := func(to *string, value string) {
		s, ok := stringOf(value)
		*to, wrongType = s, wrongType || !ok
	}
	bad := func(format string, args ...any) (Key, error) {
		return Key{}, fmt.Errorf("key %q: %s", event.Clip(event.Scrub(key.ID), 64), fmt.Sprintf(format, args...))
	}
	if eachMember(text, func(name, value string) {
		switch name {
		case "kid":
			str(&key.ID, value)
		case "use":
			str(&use, value)
		case "alg":
			str(&key.Algorithm, value)
		case "key_ops":
			ops, ok := stringsOf(value)
			wrongType = wrongType || !ok
			verifies = slices.Contains(ops, "verify")
		case "kty":
			str(&kty, value)
			members[name] = json.RawMessage(value)
		case "crv", "n", "e", "x", "y":
			members[name] = json.RawMessage(value)
		case "d", "p", "q", "dp", "dq", "qi", "oth":
			private = true
		}
	}) != sound {
		return bad("not a JSON object")
	}
	switch {
	case wrongType:
		return bad("a member has the wrong type")
	case use != "" && use != "sig", !verifies && !private:
		return Key{}, errOtherPurpose
	case kty == "oct":
		return bad("symmetric; whoever can read the set could sign")
	case private:
		return bad("its private half is published with it; whoever can read the set can sign")
	case key.Algorithm != "" && algorithms[key.Algorithm] == nil:
		return bad("alg %q cannot be verified", event.Clip(event.Scrub(key.Algorithm), 32))
	}
	alone, err := json.Marshal(members)
	if err != nil {
		return bad("not JSON")
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(alone); err != nil {
		return bad("%s", strings.TrimPrefix(err.Error(), "go-jose/go-jose: "))
	}
	key.Material = jwk.Key
	if m, ok := jwk.Key.(*rsa.PublicKey); ok && (m.N.BitLen() > maxRSABits || m.E < 3 || m.E&1 == 0) {
		return bad("an RSA key over %d bits, or with an exponent that is none", maxRSABits)
	}
	if err := judgeKey(Key{Material: key.Material}); err != nil {
		return bad("%s", strings.TrimPrefix(err.Error(), "a key: "))
	}
	if key.Algorithm != "" && !algorithms[key.Algorithm].takes(key.Material) {
		return bad("alg %q does not go with it", key.Algorithm)
	}
	return key, nil
}

// A keyIndex is one state of a key set, made for lookups. It is not changed.
type keyIndex struct {
	keys  []Key
	byID  map[string][]Key
	byAlg map[string][]Key // for tokens without kid: the first maxTries that serve the alg
}

func newKeyIndex(keys []Key) *keyIndex {
	x := &keyIndex{keys: keys, byID: make(map[string][]Key), byAlg: make(map[string][]Key)}
	for _, k := range keys {
		x.byID[k.ID] = append(x.byID[k.ID], k)
		for name, a := range algorithms {
			if k.serves(a) && len(x.byAlg[name]) < maxTries {
				x.byAlg[name] = append(x.byAlg[name], k)
			}
		}
	}
	return x
}

// find gives the keys that may have signed a token, none if there are none.
func (x *keyIndex) find(h Header) []Key {
	switch {
	case h.KeyID == "":
		return x.byAlg[h.Algorithm]
	case len(x.keys) == 1 && x.keys[0].ID == "":
		return x.keys // one key without a name: any kid is only a label
	}
	return x.byID[h.KeyID]
}

// A keyDiff is how a set differs from the one before, by kid.
type keyDiff struct{ added, removed, exchanged []string }

func (x *keyIndex) diff(old *keyIndex) (d keyDiff) {
	holds := func(list []Key, k Key) bool {
		return slices.ContainsFunc(list, func(o Key) bool { return k.same(&o) })
	}
	for id, list := range x.byID {
		if _, known := old.byID[id]; !known {
			d.added = append(d.added, id)
		} else if slices.ContainsFunc(list, func(k Key) bool { return !holds(old.byID[id], k) }) {
			d.exchanged = append(d.exchanged, id)
		}
	}
	for id, list := range old.byID {
		if _, stays := x.byID[id]; !stays {
			d.removed = append(d.removed, id)
		} else if !slices.Contains(d.exchanged, id) && slices.ContainsFunc(list, func(k Key) bool { return !holds(x.byID[id], k) }) {
			d.exchanged = append(d.exchanged, id)
		}
	}
	for _, list := range [][]string{d.added, d.removed, d.exchanged} {
		slices.Sort(list)
	}
	return d
}

func (d keyDiff) none() bool { return len(d.added)+len(d.removed)+len(d.exchanged) == 0 }

// takesAway reports whether a token that was verified before may no longer be.
func (d keyDiff) takesAway() bool { return len(d.removed)+len(d.exchanged) > 0 }

// String says what changed, for people.
func (d keyDiff) String() string {
	var parts []string
	for _, p := range []struct {
		word string
		ids  []string
	}{{"added", d.added}, {"removed", d.removed}, {"exchanged under the same kid", d.exchanged}} {
		if len(p.ids) > 0 {
			parts = append(parts, p.word+" "+names(p.ids))
		}
	}
	return strings.Join(parts, "; ")
}

// names lists kids, not too many.
func names(ids []string) string {
	const most = 6
	var quoted []string
	for _, id := range ids[:min(len(ids), most)] {
		quoted = append(quoted, fmt.Sprintf("%q", event.Clip(event.Scrub(id), 48)))
	}
	if len(ids) > most {
		quoted = append(quoted, fmt.Sprintf("and %d more", len(ids)-most))
	}
	return strings.Join(quoted, ", ")
}
