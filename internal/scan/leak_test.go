package scan

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// TestLeaks finds tokens and secrets in a log in whatever spelling they stand, from
// the first byte of it, and shows none of them in what it reports.
func TestLeaks(t *testing.T) {
	const password = `h"ush/5<&>-ök` // every sign that some spelling changes
	g := newTarget(t, switches{})
	token, opaque := g.mint("s"), "Zr8kq2vN4wYt6LpXs9dGhJmBcFe7QaUo3"
	body := token[:strings.LastIndexByte(token, '.')]
	inBasic := func(lead string) string { return base64.StdEncoding.EncodeToString([]byte(lead + password)) }
	quoted, _ := json.Marshal(password)
	for _, tt := range []struct {
		name, text string
		want       catalog.ID // empty: nothing
		firm       finding.Confidence
	}{
		{"nothing", "token refused: bad_signature", "", ""},
		{"the token", "refused " + token, catalog.TokenInLog, finding.Certain},
		{"in the Authorization header", "headers: {Authorization: [Bearer " + token + "]}", catalog.TokenInLog, finding.Certain},
		{"its signature", "sig=" + token[len(body)+1:], catalog.TokenInLog, finding.Certain},
		{"header and payload", "token=" + body + ".[removed]", catalog.TokenInLog, finding.Tentative},
		{"header and payload of a token with another signature", "token=" + body + ".AAAA", "", ""},
		{"in a query", "GET /me?access_token=" + token + " 200", catalog.TokenInLog, finding.Tentative},
		{"the opaque token", "refresh=" + opaque, catalog.TokenInLog, finding.Certain},
		{"the first characters of it", "refresh=" + opaque[:12] + "...", catalog.TokenPrefixAsID, finding.Firm},
		{"the first characters of the token", `{"token":"` + token[:20] + `"}`, catalog.TokenPrefixAsID, finding.Firm},
		{"the password", "login alice " + password, catalog.TokenInLog, finding.Certain},
		{"in JSON", `{"password":` + string(quoted) + `}`, catalog.TokenInLog, finding.Certain},
		{"in JSON as Node writes it", `{"password":` + strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(quoted)) + `}`, catalog.TokenInLog, finding.Certain},
		{"in JSON as PHP writes it", `{"password":` + strings.ReplaceAll(string(quoted), "/", `\/`) + `}`, catalog.TokenInLog, finding.Certain},
		{"URL-encoded", "body=user=alice&password=" + url.QueryEscape(password) + "&x=1", catalog.TokenInLog, finding.Certain},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(password)), catalog.TokenInLog, finding.Certain},
		{"in a Basic header", "Authorization: Basic " + inBasic("alice:"), catalog.TokenInLog, finding.Certain},
		{"in a Basic header, one byte on", "Authorization: Basic " + inBasic("alice1:"), catalog.TokenInLog, finding.Certain},
		{"in a Basic header, two bytes on", "Authorization: Basic " + inBasic("alice12:"), catalog.TokenInLog, finding.Certain},
		{"a token in base64url", base64.RawURLEncoding.EncodeToString([]byte("Bearer " + token)), catalog.TokenInLog, finding.Certain},
		{"in hexadecimal", hex.EncodeToString([]byte("x" + opaque)), catalog.TokenInLog, finding.Certain},
		{"a fingerprint", "fp=" + hex.EncodeToString([]byte(opaque))[:12], "", ""},
	} {
		for _, past := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "app.log")
				write(t, path, "", 0)
				if past {
					write(t, path, "start\n"+tt.text+"\n", 0)
				}
				b := readBook(t, path)
				if !past {
					write(t, path, tt.text+"\nnext\n", os.O_APPEND)
					b.poll()
				}
				prints, err := event.NewFingerprinter("1", make([]byte, 32))
				if err != nil {
					t.Fatal(err)
				}
				r := &run{recipe: &Recipe{}, book: b, prints: prints}
				r.vault.prints = prints
				r.know("the access token", token, live)
				r.know("the refresh token", opaque, live)
				r.know("the password", password, standing)
				r.searchLogs()
				var got []catalog.ID
				for _, f := range r.found {
					got = append(got, f.id)
					if f.confidence != tt.firm {
						t.Errorf("%s is %v, want %v", f.id, f.confidence, tt.firm)
					}
					for _, e := range f.evidence {
						for _, k := range r.vault.texts {
							for _, s := range k.spellings {
								if strings.Contains(e, s.text) {
									t.Errorf("the evidence holds %s%s", k.what, s.how)
								}
							}
							if s := k.signature(); s != "" && strings.Contains(e, s) || strings.Contains(e, body) {
								t.Errorf("the evidence holds a part of %s", k.what)
							}
						}
						if strings.Contains(e, opaque[:10]) {
							t.Errorf("the evidence holds the first characters of a token: %s", e)
						}
					}
				}
				var want []catalog.ID
				if tt.want != "" {
					want = append(want, tt.want)
				}
				if !slices.Equal(got, want) {
					t.Errorf("findings %v, want %v", got, want)
				}
			})
		}
	}
}

// TestFingerprints holds what a fingerprint in the log is good for.
func TestFingerprints(t *testing.T) {
	g := newTarget(t, switches{})
	one, two := g.mint("one"), g.mint("two")
	type entry struct{ canary, token, fp string }
	for _, tt := range []struct {
		name    string
		entries []entry
		want    int
	}{
		{"right", []entry{{"a1", one, "f1"}, {"a2", two, "f2"}, {"a3", one, "f1"}}, 0},
		{"a constant", []entry{{"a1", one, "same"}, {"a2", two, "same"}}, 1},
		{"random", []entry{{"a1", one, "f1"}, {"a2", one, "f2"}}, 1},
		{"in two members", []entry{{"a1", one, `f1","x":"`}, {"a2", one, `f1","token_id":"t-12345`}}, 0},
		{"of header and payload", []entry{{"a1", one + "A", "body"}, {"a2", one + "B", "body"}}, 0},
	} {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		a := &attempt{}
		for _, e := range tt.entries {
			canary := e.canary + "23456789abcdef"
			a.sent = append(a.sent, sent{raw: e.token, canary: canary, jti: "the-same-jti"})
			a.sight.attacks = append(a.sight.attacks, b.records([]line{{text: `{"time":"2026-01-02T03:04:05Z","event":"jwt.verification_failed","jwt.body_fp":"` + e.canary + `","jwt.fp":"ffff` + e.fp + `","request_id":"` + canary + `","jwt.id":"the-same-jti"}`}})...)
		}
		r := &run{recipe: &Recipe{}, attempts: []*attempt{a}}
		r.vault.prints, _ = event.NewFingerprinter("1", make([]byte, 32))
		r.fingerprints()
		if len(r.found) != tt.want {
			t.Errorf("%s: %d findings, want %d", tt.name, len(r.found), tt.want)
		}
	}
}
