package guard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/url"
	"slices"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

const (
	// assertionType is the only client_assertion_type (RFC 7523 section 2.2).
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// maxAssertion is how long an assertion may be good at most. It is made for
	// one request, and its jti is remembered for so long.
	maxAssertion = 5 * time.Minute
)

// assertions verifies what one client signs, with the code that verifies tokens,
// and takes each only once.
type assertions struct {
	g      *Guard // keys, algorithms and policy of the client; nothing of it runs
	name   string // of the client, apart from the thumbprints that a ProofMemory knows
	shared ProofMemory
	seen   *replay // where nothing is shared
}

func newAssertions(one Client, c ClientsConfig, bad func(field, format string, args ...any)) *assertions {
	v := Config{
		Keys: one.Keys, Algorithms: one.Algorithms, Issuers: []string{one.ID}, Audience: c.Audience,
	}
	v.judgeKeys(bad)
	for _, name := range one.Algorithms {
		if a := algorithms[name]; a != nil && a.family == famHMAC {
			bad("Algorithms", "%s needs the secret itself, and only its hash is kept", name)
		}
	}
	if len(c.Audience) == 0 || slices.Contains(c.Audience, "") {
		bad("Keys", "ClientsConfig.Audience must name this issuer")
	}
	key := make([]byte, sha256.Size)
	rand.Read(key)
	prints, _ := event.NewFingerprinter("0000", key)
	g := &Guard{
		keys: one.Keys, maxBytes: defaultMaxBytes, now: c.Now, rec: &recorder{prints: prints},
		judge: judge{allowed: make(map[string]*algorithm), public: true},
		policy: policy{
			issuers: v.Issuers, audience: slices.Clone(c.Audience), require: []string{"sub", "jti"},
			types: []string{"", "jwt", "client-authentication+jwt"}, leeway: max(c.Leeway, 0),
		},
	}
	for _, name := range one.Algorithms {
		g.judge.allowed[name] = algorithms[name]
	}
	return &assertions{g: g, name: "client " + one.ID, shared: c.Memory, seen: newReplay(defaultProofs)}
}

// byAssertion judges a client_assertion (RFC 7523 sections 2.2 and 3).
func (c *Clients) byAssertion(ctx context.Context, form url.Values) (*client, event.Reason, string) {
	raw := form.Get("client_assertion")
	if form.Get("client_assertion_type") != assertionType || raw == "" {
		return nil, event.ReasonMalformed, "the client_assertion is not a JWT by its type"
	}
	id, why := claimedIssuer(raw)
	if why != 0 {
		return nil, why, "the client_assertion cannot be read"
	}
	if named := form.Get("client_id"); named != "" && named != id {
		return nil, event.ReasonBindingMismatch, "client_id names another client"
	}
	k := c.byID[id]
	switch {
	case k == nil:
		return nil, event.ReasonBindingMismatch, "unknown client"
	case k.assertions == nil:
		return k, event.ReasonBindingMismatch, "the client has no keys"
	}
	if why := k.assertions.judge(ctx, raw, id, c.now()); why != 0 {
		return k, why, "the client_assertion is refused"
	}
	return k, 0, ""
}

func (a *assertions) judge(ctx context.Context, raw, id string, now time.Time) event.Reason {
	e, why := a.g.verifySafely(ctx, raw, now)
	switch {
	case why != 0:
		return why
	case e.text(textSubject) != id: // iss and sub are both the client: section 3
		return event.ReasonBadClaim
	case e.text(textID) == "":
		return event.ReasonMissingClaim
	case len(e.audience) != 1:
		return event.ReasonBadAudience
	case time.Unix(e.expires, 0).After(now.Add(maxAssertion + a.g.policy.leeway)):
		return event.ReasonLifetimeTooLong
	}
	return a.once(ctx, e.text(textID), e.expires, now)
}

// once takes an assertion the first time. A replay is asked by exp in place of
// iat, which assertions need not have: when it is full, those that expire first
// leave it, and whatever expires no later than they do is refused.
func (a *assertions) once(ctx context.Context, jti string, expires int64, now time.Time) event.Reason {
	result := fresh
	if a.shared != nil {
		id := proofID(a.name, jti)
		first, err := a.shared.Use(ctx, strict.EncodeToString(id[:]), time.Unix(expires, 0).Add(a.g.policy.leeway))
		switch {
		case err != nil:
			return event.ReasonStoreUnavailable
		case !first:
			result = replayed
		}
	} else {
		result = a.seen.use(a.name, jti, expires, now.Add(-a.g.policy.leeway).Unix())
	}
	switch result {
	case replayed:
		return event.ReasonReplayed
	case overrun:
		return event.ReasonTooOld
	}
	return 0
}

// claimedIssuer reads iss of a JWT that nobody verified, to know whose keys are
// to verify it.
func claimedIssuer(raw string) (string, event.Reason) {
	_, payload, _, why := split(raw, defaultMaxBytes)
	if why != 0 {
		return "", why
	}
	text, err := strict.DecodeString(payload)
	if err != nil {
		return "", event.ReasonBadEncoding
	}
	iss, ok := "", false
	if eachMember(string(text), func(name, value string) {
		if name == "iss" {
			iss, ok = stringOf(value)
		}
	}) != sound || !ok || iss == "" {
		return "", event.ReasonMalformed
	}
	return iss, 0
}
