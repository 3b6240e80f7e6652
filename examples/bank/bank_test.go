package bank_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/jotsight/jotsight/examples/bank"
)

// secret is the key of every bank of these tests, unless weak-secret is on.
const secret = "a key of these tests, of 32 bytes or more"

// A visit is one bank with somebody at the counter.
type visit struct {
	*testing.T
	bank *bank.Bank
	log  *ledgerOfLines
	key  string
	// patience is how long a line may be on its way: guard writes in batches.
	patience time.Duration
}

// ledgerOfLines is a log that can be read while it is written.
type ledgerOfLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *ledgerOfLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *ledgerOfLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newVisit(t *testing.T, c bank.Config) *visit {
	t.Helper()
	v := &visit{T: t, log: new(ledgerOfLines), key: secret}
	if c.Guarded {
		v.patience = 3 * time.Second
	}
	if c.Switches.WeakSecret {
		v.key = "secret"
	}
	c.Log, c.Secret = v.log, []byte(secret)
	b, err := bank.New(c)
	if err != nil {
		t.Fatal(err)
	}
	v.bank = b
	t.Cleanup(func() {
		if err := b.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return v
}

func (v *visit) ask(method, path, token, body string) *httptest.ResponseRecorder {
	v.Helper()
	r := httptest.NewRequestWithContext(v.Context(), method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	v.bank.ServeHTTP(w, r)
	return w
}

type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (v *visit) login(user string) pair {
	v.Helper()
	i := slices.IndexFunc(bank.Users(), func(u bank.User) bool { return u.Name == user })
	body, _ := json.Marshal(map[string]string{"user": user, "password": bank.Users()[i].Password})
	return v.pair(v.ask("POST", "/login", "", string(body)))
}

func (v *visit) pair(w *httptest.ResponseRecorder) (p pair) {
	v.Helper()
	if w.Code != http.StatusOK {
		v.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		v.Fatal(err)
	}
	return p
}

func (v *visit) refresh(token string) *httptest.ResponseRecorder {
	return v.ask("POST", "/token/refresh", "", `{"refresh_token":"`+token+`"}`)
}

// signed is alice's own token with claims changed, signed with the right key.
func (v *visit) signed(change map[string]any) string {
	v.Helper()
	c := v.claims(v.login("alice").Access)
	for k, x := range change {
		c[k] = x
	}
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(v.key))
	if err != nil {
		v.Fatal(err)
	}
	return raw
}

func (v *visit) claims(raw string) jwt.MapClaims {
	v.Helper()
	c := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(raw, c); err != nil {
		v.Fatal(err)
	}
	return c
}

// forged is alice's token with the last bytes of its signature replaced.
func (v *visit) forged() string {
	raw := v.login("alice").Access
	return raw[:strings.LastIndexByte(raw, '.')+1] + base64.RawURLEncoding.EncodeToString(make([]byte, 32))
}

func (v *visit) unsigned() string {
	parts := strings.Split(v.login("alice").Access, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
}

// lines counts the lines that speak of what happens in do, access lines apart.
func (v *visit) lines(do func()) (n int) {
	v.Helper()
	if v.patience > 0 {
		time.Sleep(500 * time.Millisecond) // what is on its way is not about do
	}
	before := len(v.log.String())
	do()
	for until := time.Now().Add(v.patience); ; time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(v.log.String()[before:]) {
			if !strings.Contains(line, `HTTP/1.1" from`) {
				n++
			}
		}
		if n > 0 || !time.Now().Before(until) {
			return n
		}
	}
}

// holes shows for each weakness that it is there. An observation gives true
// when the weakness is found.
var holes = map[string]func(v *visit) bool{
	"weak-secret": func(v *visit) bool {
		v.key = "secret"
		return v.ask("GET", "/me", v.signed(nil), "").Code == 200
	},
	"alg-none-accepted":      func(v *visit) bool { return v.ask("GET", "/me", v.unsigned(), "").Code == 200 },
	"signature-not-verified": func(v *visit) bool { return v.ask("GET", "/me", v.forged(), "").Code == 200 },
	"expired-accepted": func(v *visit) bool {
		return v.ask("GET", "/me", v.signed(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), "").Code == 200
	},
	"audience-not-checked": func(v *visit) bool {
		return v.ask("GET", "/me", v.signed(map[string]any{"aud": "another"}), "").Code == 200
	},
	"issuer-not-checked": func(v *visit) bool {
		return v.ask("GET", "/me", v.signed(map[string]any{"iss": "https://another.example"}), "").Code == 200
	},
	"token-in-url": func(v *visit) bool {
		return v.ask("GET", "/me?access_token="+v.login("alice").Access, "", "").Code == 200
	},
	"refresh-not-rotated": func(v *visit) bool {
		first := v.login("alice")
		return v.pair(v.refresh(first.Refresh)).Refresh == first.Refresh
	},
	"refresh-reuse-accepted": func(v *visit) bool {
		first := v.login("alice")
		next := v.pair(v.refresh(first.Refresh))
		v.pair(v.refresh(next.Refresh)) // the parent of the newest may be allowed once more, its parent never
		return next.Refresh != first.Refresh && v.refresh(first.Refresh).Code == 200
	},
	"revoked-token-accepted": func(v *visit) bool {
		p := v.login("alice")
		if got := v.ask("POST", "/logout", p.Access, "").Code; got != 204 {
			v.Errorf("logout: status %d", got)
		}
		return v.ask("GET", "/me", p.Access, "").Code == 200
	},
	"no-verify-rate-limit": func(v *visit) bool {
		bad := v.forged()
		for range 60 {
			if v.ask("GET", "/me", bad, "").Code == 429 {
				return false
			}
		}
		return true
	},
	"no-refresh-rate-limit": func(v *visit) bool {
		p := v.login("alice")
		for range 15 {
			w := v.refresh(p.Refresh)
			if w.Code == 429 {
				return false
			}
			p = v.pair(w)
		}
		return true
	},
	"no-login-rate-limit": func(v *visit) bool {
		for range 20 {
			if v.ask("POST", "/login", "", `{"user":"alice","password":"wrong"}`).Code == 429 {
				return false
			}
		}
		return true
	},
	"silent-verify-failure": func(v *visit) bool {
		bad := v.forged()
		return v.lines(func() { v.ask("GET", "/me", bad, "") }) == 0
	},
	"silent-missing-token": func(v *visit) bool { return v.lines(func() { v.ask("GET", "/me", "", "") }) == 0 },
	"silent-refresh": func(v *visit) bool {
		return v.lines(func() { v.refresh("garbage") }) == 0
	},
	"silent-revoked-use": func(v *visit) bool {
		p := v.login("alice")
		v.ask("POST", "/logout", p.Access, "")
		return v.lines(func() { v.ask("GET", "/me", p.Access, "") }) == 0
	},
	"silent-issuance": func(v *visit) bool { return v.lines(func() { v.login("alice") }) == 0 },
	"silent-revocation": func(v *visit) bool {
		p := v.login("alice")
		return v.lines(func() { v.ask("POST", "/logout", p.Access, "") }) == 0
	},
	"silent-scope-denial": func(v *visit) bool {
		p := v.login("dave")
		return v.lines(func() {
			if got := v.ask("POST", "/transfers", p.Access, `{"from":"A-4001","to":"A-1001","cents":1}`).Code; got != 403 {
				v.Errorf("transfer without the scope: status %d", got)
			}
		}) == 0
	},
	"silent-rate-limit": func(v *visit) bool {
		// Missing tokens are recorded by another step, so the lines beyond
		// the limit show who is silent.
		for range 30 {
			v.ask("GET", "/me", "", "")
		}
		return v.lines(func() { v.ask("GET", "/me", "", "") }) == 0
	},
	"token-in-log": func(v *visit) bool {
		bad := v.forged()
		v.ask("GET", "/me", bad, "")
		return strings.Contains(v.log.String(), bad)
	},
	"log-injection": func(v *visit) bool {
		parts := strings.Split(v.login("alice").Access, ".")
		payload := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x\nforged line"}`))
		v.ask("GET", "/me", parts[0]+"."+payload+"."+parts[2], "")
		return slices.Contains(strings.Split(v.log.String(), "\n"), "forged line from=192.0.2.1") ||
			strings.Contains(v.log.String(), "\nforged line")
	},
	"verbose-error": func(v *visit) bool {
		return strings.Contains(v.ask("GET", "/me", v.forged(), "").Body.String(), "signature is invalid")
	},
}

// TestEachSwitchIsItsWeakness turns on one switch after the other: the careful
// bank then has that weakness, and no other.
func TestEachSwitchIsItsWeakness(t *testing.T) {
	// What a hole brings with it by its nature.
	implied := map[string][]string{
		"signature-not-verified": {"alg-none-accepted", "expired-accepted", "audience-not-checked", "issuer-not-checked", "weak-secret",
			// nothing is refused any more, so nothing can be limited, recorded or explained
			"no-verify-rate-limit", "silent-verify-failure"},
		// what is not refused is not recorded as refused
		"revoked-token-accepted": {"silent-revoked-use"},
	}
	for on := range holes {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			var sw bank.Switches
			if err := sw.Set(on, true); err != nil {
				t.Fatal(err)
			}
			for name, found := range holes {
				want := name == on || slices.Contains(implied[on], name)
				if got := found(newVisit(t, bank.Config{Switches: sw})); got != want {
					t.Errorf("with %s on, %s is %t, want %t", on, name, got, want)
				}
			}
		})
	}
}

// TestGuardedBankHasNoHole holds the same of the bank behind guard.
func TestGuardedBankHasNoHole(t *testing.T) {
	for name, found := range holes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found(newVisit(t, bank.Config{Guarded: true})) {
				t.Errorf("%s is there, behind guard", name)
			}
		})
	}
}

// TestCarefulBankHasNoHole holds that the zero Switches is what it says.
func TestCarefulBankHasNoHole(t *testing.T) {
	for name, found := range holes {
		if found(newVisit(t, bank.Config{})) {
			t.Errorf("%s is there, with no switch on", name)
		}
	}
}

// TestBanking walks through what users do, in each build.
func TestBanking(t *testing.T) {
	for _, c := range []bank.Config{{}, {Switches: bank.Blind()}, {Guarded: true}} {
		v := newVisit(t, c)
		alice, erin := v.login("alice"), v.login("erin")
		alice = v.pair(v.refresh(alice.Refresh))
		for _, step := range []struct {
			method, path, token, body string
			status                    int
			holds                     string
		}{
			{"GET", "/health", "", "", 200, "ok"},
			{"GET", "/me", alice.Access, "", 200, `"user":"alice"`},
			{"GET", "/accounts", alice.Access, "", 200, `A-1002`},
			{"GET", "/accounts/A-1001", alice.Access, "", 200, `"cents":1000000`},
			{"GET", "/accounts/A-2001", alice.Access, "", 404, "no such account"},
			{"POST", "/transfers", alice.Access, `{"from":"A-1001","to":"A-2001","cents":250}`, 201, `"by":"alice"`},
			{"POST", "/transfers", alice.Access, `{"from":"A-2001","to":"A-1001","cents":250}`, 404, ""},
			{"POST", "/transfers", alice.Access, `{"from":"A-1001","to":"A-2001","cents":-5}`, 422, ""},
			{"POST", "/transfers", alice.Access, `{"from"`, 400, ""},
			{"GET", "/admin/transfers", alice.Access, "", 403, ""},
			{"GET", "/admin/transfers", erin.Access, "", 200, `"cents":250`},
			{"GET", "/admin/users", erin.Access, "", 200, "dave"},
			{"POST", "/admin/accounts/A-2001/freeze", erin.Access, "", 200, `"frozen":true`},
			{"POST", "/transfers", alice.Access, `{"from":"A-1001","to":"A-2001","cents":250}`, 409, ""},
			{"POST", "/admin/accounts/A-2001/thaw", erin.Access, "", 200, `"frozen":false`},
			{"GET", "/admin/accounts", erin.Access, "", 200, `"cents":999750`},
			{"POST", "/login", "", `{"user":"alice","password":"wrong"}`, 401, ""},
			{"POST", "/logout", alice.Access, "", 204, ""},
		} {
			w := v.ask(step.method, step.path, step.token, step.body)
			if w.Code != step.status || !strings.Contains(w.Body.String(), step.holds) {
				t.Errorf("guarded %t: %s %s: %d %s, want %d with %q", c.Guarded, step.method, step.path, w.Code, w.Body, step.status, step.holds)
			}
		}
	}
}

// TestConfigIsChecked holds what New says about each mistake.
func TestConfigIsChecked(t *testing.T) {
	for _, test := range []struct {
		c    bank.Config
		want string
	}{
		{bank.Config{Secret: []byte("short")}, "secret of 5 bytes"},
		{bank.Config{Guarded: true, Switches: bank.Blind()}, "switches: a guarded bank has none"},
		{bank.Config{Monitor: bank.Monitor{URL: "http://127.0.0.1:1"}}, "only a guarded bank"},
	} {
		test.c.Log = io.Discard
		if _, err := bank.New(test.c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %q in it", err, test.want)
		}
	}
	var sw bank.Switches
	if err := sw.Set("no-such-weakness", true); err == nil || !strings.Contains(err.Error(), "weak-secret") {
		t.Errorf("error %v, want the list of switches", err)
	}
}
