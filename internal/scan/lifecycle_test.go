package scan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// TestLifecycle holds what is said of refresh, logout and the two types of token.
func TestLifecycle(t *testing.T) {
	for _, tt := range []struct {
		name    string
		s       switches
		want    string // findings of Protection
		check   string
		verdict finding.Verdict
		why     string // a part of it
	}{
		{"sound", switches{}, "", "refresh-twice", finding.Pass, "exchanged once, then refused with 401"},
		{"two at once", switches{racy: true}, "refresh-reuse-accepted", "refresh-twice", finding.Fail, "at the same instant"},
		{"the last but one works for ever", switches{parent: true}, "refresh-reuse-accepted", "refresh-twice", finding.Fail, "works again after its exchange"},
		{"a grace that ends", switches{grace: time.Second}, "", "refresh-twice", finding.Pass, "refused with 401"},
		{"a retry gets the same successor", switches{grace: time.Minute, sameNext: true}, "", "refresh-twice", finding.Pass, "for the same successor"},
		{"a replay spares access tokens", switches{accessLives: true}, "family-survives-reuse", "refresh-reuse", finding.Pass, "refused"},
		{"access tokens can never be ended", switches{accessLives: true, noRevoke: true}, "revoked-token-accepted", "use-after-logout", finding.Fail, "the access token after logout"},
		{"an access token renews", switches{accessRenews: true}, "token-type-confusion", "access-as-refresh", finding.Fail, "which works"},
		{"a refresh token opens", switches{refreshIn: true}, "token-type-confusion", "other-as-access", finding.Fail, "(refresh token)"},
		{"each in its place", switches{}, "", "other-as-access", finding.Pass, "refused"},
		{"revoked by its text", switches{rawDeny: true}, "raw-token-denylist", "raw-denylist", finding.Fail, "other spare bits"},
		{"revoked by its session", switches{}, "", "raw-denylist", finding.Pass, "refused"},
		{"every session ends with one", switches{logsOutAll: true}, "", "raw-denylist", finding.Pass, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.limit, tt.s.refreshLimit, tt.s.logging = 20, 10, "full"
			r := runTarget(t, newTarget(t, tt.s), "")
			if got := fmt.Sprint(protection(r)); got != "["+tt.want+"]" {
				t.Errorf("findings %s, want [%s]", got, tt.want)
			}
			if run := runOf(t, r, tt.check); run.Verdict != tt.verdict || !strings.Contains(run.Why, tt.why) {
				t.Errorf("%s: %s, %q; want %s, %q", tt.check, run.Verdict, run.Why, tt.verdict, tt.why)
			}
			for check, v := range verdicts(r) {
				if v == finding.Inconclusive {
					t.Errorf("%s is inconclusive: %s", check, why(r, check))
				}
			}
			for _, f := range r.Findings {
				if finding.CountsForVisibility(f.ID) && f.Implied == "" {
					t.Errorf("%s: %s %q", f.ID, f.Message, f.Evidence)
				}
			}
		})
	}
}

// TestRespellings holds that every other spelling is another text of the same
// token, by the readers that are lenient.
func TestRespellings(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"HS256", "ES256"} {
		var k forge.Key = key
		if alg == "HS256" {
			k = []byte("a secret")
		}
		raw, err := forge.Sign(alg, k, forge.Unsigned(forge.Object{}.Set("alg", alg), forge.Object{}.Set("sub", "a")))
		if err != nil {
			t.Fatal(err)
		}
		tok, err := forge.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, sp := range respellings {
			other, ok := sp.of(tok)
			if !ok {
				continue
			}
			n++
			sig, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(other, tok.Signing+"."), "="))
			if err != nil || other == raw {
				t.Errorf("%s, %s: %v", alg, sp.name, err)
				continue
			}
			digest := sha256.Sum256([]byte(tok.Signing))
			if alg == "ES256" && !ecdsa.Verify(&key.PublicKey, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
				t.Errorf("%s: does not verify", sp.name)
			}
			if alg == "HS256" && forge.Encode(sig) != tok.Signature {
				t.Errorf("%s: another signature", sp.name)
			}
		}
		if want := map[string]int{"HS256": 2, "ES256": 3}[alg]; n != want {
			t.Errorf("%s: %d spellings, want %d", alg, n, want)
		}
	}
	for _, odd := range []string{"e30.e30.", "e30.e30.AAAA", "e30.e30.*", "e30.e30.A="} {
		tok, err := forge.Parse(odd)
		if err != nil {
			t.Fatal(err)
		}
		for _, sp := range respellings {
			if other, ok := sp.of(tok); ok && other == odd {
				t.Errorf("%s of %s is the same", sp.name, odd)
			}
		}
	}
}
