package guard_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// plant makes a canary and forgets the record of that.
func plant(t *testing.T, b *bench, i *guard.Issuer, until time.Time) guard.Pair {
	t.Helper()
	p, err := i.Canary(guard.Grant{Subject: "backup", ClientID: "web", Meta: web}, until)
	if err != nil {
		t.Fatal(err)
	}
	e := b.memo.one(t)
	if e.Kind != event.Issued || e.Use != event.Canary || e.TokenID != p.TokenID || e.Actor != web.Actor || e.Outcome != event.Success {
		t.Errorf("planting is recorded as %+v", e)
	}
	return p
}

// Whoever presents a planted token, in whatever state, is refused like everybody
// else, and seen.
func TestCanary(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	planted := plant(t, b, i, b.clock.Now().Add(1000*time.Hour))
	raw := planted.Access.Reveal()
	old := plant(t, b, i, time.Time{})
	honest := issue(t, i)
	b.memo.take()
	h := b.Verify(answerOK)
	usual := get(h, raw+"x")
	b.memo.take()
	for _, test := range []struct {
		name   string
		do     func()
		detail string
		sure   bool // the signature held
	}{
		{"as it is", func() { get(h, raw) }, "", true},
		{"expired", func() {
			b.clock.add(time.Hour)
			defer b.clock.add(-time.Hour)
			get(h, old.Access.Reveal())
		}, "", true},
		{"another signature", func() { get(h, raw[:strings.LastIndexByte(raw, '.')+1]+strings.Repeat("A", 43)) }, "a changed copy: bad_signature", false},
		{"no signature", func() {
			get(h, forge(`{"alg":"none"}`, `{"sub":"admin","jti":"`+planted.TokenID+`"}`, ""))
		}, "a changed copy: alg_none", false},
		{"optional", func() { get(b.Optional(answerOK), raw) }, "", true},
		{"Check", func() { b.Check(t.Context(), raw, guard.Meta{}) }, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.do()
			var seen []event.Event
			for _, e := range b.memo.take() {
				if e.Kind == event.CanaryUsed {
					seen = append(seen, e)
				} else if test.sure {
					t.Errorf("and %v", e.Kind)
				}
			}
			if len(seen) != 1 {
				t.Fatalf("%d records of the use", len(seen))
			}
			e := seen[0]
			id := planted.TokenID
			if test.name == "expired" {
				id = old.TokenID
			}
			if e.Reason != event.ReasonCanary || e.Severity != event.Critical || e.Outcome != event.Failure || e.Use != event.Canary ||
				e.TokenID != id || e.Verified != test.sure || e.Detail != test.detail || test.sure && e.UserID != "backup" || !test.sure && e.UserID != "" {
				t.Errorf("%+v", e)
			}
		})
	}
	if w := get(h, raw); w.Code != usual.Code || w.Body.String() != usual.Body.String() || w.Header().Get("WWW-Authenticate") != usual.Header().Get("WWW-Authenticate") {
		t.Errorf("a planted token is answered %d %s %v, another one %d %s %v", w.Code, w.Body, w.Header(), usual.Code, usual.Body, usual.Header())
	}
	b.memo.take()
	if w := get(h, honest.Access.Reveal()); w.Code != http.StatusOK {
		t.Errorf("an honest token is answered %d", w.Code)
	}

	// Each use is written in full, however many there are.
	b.memo.take()
	const n = 5000
	for range n {
		get(h, raw)
	}
	b.clock.add(2 * time.Second)
	if list := b.memo.take(); len(list) != n {
		t.Errorf("%d records of %d uses", len(list), n)
	}
}

// Every act of an Issuer with a planted token, either of the two, is seen, and
// answered like any other that fails.
func TestIssuerCanary(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	p := plant(t, b, i, time.Time{})
	for name, do := range map[string]func(raw string) error{
		"refresh": func(raw string) error { _, err := i.Refresh(t.Context(), raw, web); return err },
		"revoke":  func(raw string) error { return i.RevokeToken(t.Context(), raw, "", web) },
		"introspect": func(raw string) error {
			in, err := i.Introspect(t.Context(), raw, web)
			if in.Active {
				t.Error("active")
			}
			return err
		},
	} {
		for use, raw := range map[string]string{"access": p.Access.Reveal(), "refresh": p.Refresh.Reveal()} {
			if name == "refresh" && use == "access" {
				continue // cross_token_use, whatever the token
			}
			err := do(raw)
			if want := name == "refresh"; want != (reasonOf(err) == event.ReasonCanary) || !want && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			e := b.memo.one(t)
			if e.Kind != event.CanaryUsed || e.Reason != event.ReasonCanary || e.Use != event.Canary || e.Severity != event.Critical ||
				e.Outcome != event.Failure || e.Family == "" || e.ClientAddress != "203.0.113.7" || use == "access" && e.TokenID != p.TokenID {
				t.Errorf("%s of the %s token: %+v", name, use, e)
			}
		}
	}
}

// Every guard of the same key knows a canary, without a Store, and no other does.
func TestCanaryElsewhere(t *testing.T) {
	b := newBench(t, nil)
	raw := plant(t, b, newIssuer(t, b, nil), time.Time{}).Access.Reveal()
	c := guard.Config{
		Keys: guard.Static(guard.Key{ID: "k1", Material: secret}), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, Now: b.clock.Now,
	}
	g := open(t, c)
	if _, err := g.Check(t.Context(), raw, guard.Meta{}); reasonOf(err) != event.ReasonCanary {
		t.Errorf("same secret: %v", err)
	}
	c.FingerprintKey = []byte("another key of fingerprints")
	if _, err := open(t, c).Check(t.Context(), raw, guard.Meta{}); err != nil {
		t.Errorf("another key: %v", err)
	}

	// A service that has public keys alone needs the key.
	public := guard.Config{Keys: guard.Keyfunc(func(*jwt.Token) (any, error) { return secret, nil }), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"}, Now: b.clock.Now, Revocation: guard.RevocationConfig{Store: b.store}}
	keyless, err := guard.NewIssuer(guard.IssuerConfig{Guard: open(t, public), Key: guard.Key{ID: "k1", Material: secret}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyless.Canary(guard.Grant{Subject: "x"}, time.Time{}); err == nil || !strings.Contains(err.Error(), "FingerprintKey") {
		t.Errorf("Canary without a key that others have: %v", err)
	}
}

// A token of any issuer becomes a planted one by revocation.
func TestCanaryByRevocation(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	raw := b.token(t, func(c jwt.MapClaims) { c["jti"] = "of-another-issuer" })
	if _, err := b.Check(t.Context(), raw, guard.Meta{}); err != nil {
		t.Fatal(err)
	}
	if err := i.Revoke(t.Context(), guard.Revocation{JTI: "of-another-issuer", Cause: event.ReasonCanary}); err != nil {
		t.Fatal(err)
	}
	b.memo.take()
	get(b.Verify(answerOK), raw)
	if e := b.memo.one(t); e.Kind != event.CanaryUsed || e.Reason != event.ReasonCanary || e.TokenID != "of-another-issuer" || !e.Verified {
		t.Errorf("%+v", e)
	}
}

// A service that verifies by itself is watched for canaries too, those that it
// lets in above all.
func TestCanaryObserved(t *testing.T) {
	b := newBench(t, nil)
	raw := plant(t, b, newIssuer(t, b, nil), time.Time{}).Access.Reveal()
	b.memo.take()
	get(b.Observe(answerOK), raw)
	var found bool
	for _, e := range b.memo.take() {
		if e.Kind == event.CanaryUsed {
			found = e.Outcome == event.UnknownOutcome && e.Status == 200 && !e.Verified
		}
	}
	if !found {
		t.Error("a planted token that was let in is not seen")
	}
}

// Planted ids look like honest ones, and honest ones are not taken for planted.
func TestCanaryLooks(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	count := func(next func() guard.Pair) (jti, sid map[rune]int) {
		jti, sid = make(map[rune]int), make(map[rune]int)
		for range 400 {
			p := next()
			if len(p.TokenID) != 26 || len(p.Session) != 32 {
				t.Fatalf("ids %q and %q", p.TokenID, p.Session)
			}
			for _, r := range p.TokenID {
				jti[r]++
			}
			for _, r := range p.Session {
				sid[r]++
			}
			if d := len(p.Access.Reveal()); d == 0 || len(p.Refresh.Reveal()) != 75 {
				t.Fatalf("tokens of %d and %d bytes", d, len(p.Refresh.Reveal()))
			}
		}
		return jti, sid
	}
	honest := func() guard.Pair {
		p := issue(t, i)
		if _, err := b.Check(context.Background(), p.Access.Reveal(), guard.Meta{}); err != nil {
			t.Fatal(err)
		}
		return p
	}
	planted := func() guard.Pair {
		p, err := i.Canary(guard.Grant{Subject: "x"}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, next := range map[string]func() guard.Pair{"honest": honest, "planted": planted} {
		jti, sid := count(next)
		for n, letters := range map[int]map[rune]int{32: jti, 16: sid} {
			for r, k := range letters { // 325 and 800 are expected; five standard deviations
				if mean := 400 * map[int]int{32: 26, 16: 32}[n] / n; k < mean-mean/2 || k > mean+mean/2 || len(letters) != n {
					t.Errorf("%s: %q stands %d times among %d letters, about %d are expected", name, r, k, len(letters), mean)
				}
			}
		}
	}
}

func TestCanaryWrong(t *testing.T) {
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	for want, f := range map[string]func() (guard.Pair, error){
		"canary: until has passed": func() (guard.Pair, error) { return i.Canary(guard.Grant{Subject: "x"}, b.clock.Now()) },
		"grant: Subject: missing":  func() (guard.Pair, error) { return i.Canary(guard.Grant{}, time.Time{}) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// canaries walks with planted tokens: that they are bait makes them no less
// secret, or a thief would know which ones to leave alone.
func (h *hunt) canaries() {
	p, err := h.issuer.Canary(guard.Grant{Subject: "backup"}, time.Time{})
	if err != nil {
		h.Fatal(err)
	}
	h.note(p, p.Access, p.Refresh)
	for _, raw := range []string{h.plant(p.Access.Reveal()), h.plant(p.Access.Reveal() + "x"), h.plant(p.Refresh.Reveal())} {
		for _, door := range h.doors() {
			w := get(door, raw, h.everywhere)
			h.note(w.Body.String(), w.Header())
		}
		_, err := h.issuer.Refresh(h.Context(), raw, guard.Meta{UserAgent: raw})
		h.note(err, h.issuer.RevokeToken(h.Context(), raw, raw, web))
		in, err := h.issuer.Introspect(h.Context(), raw, web)
		h.note(in, err)
	}
}
