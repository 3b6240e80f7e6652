package scan

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// An odd service verifies its ES256 tokens as it should, and answers in a way of
// its own. yes and no are its answers; both may look at how it went so far.
type odd struct {
	name  string
	proof string // where the recipe finds the user; empty: only without proof
	yes   func(g *oddServer, w http.ResponseWriter, r *http.Request, user string)
	no    func(g *oddServer, w http.ResponseWriter, r *http.Request, why string)
	// before may answer in the place of the verifier, as limiters and caches do.
	before   func(g *oddServer, w http.ResponseWriter, r *http.Request, token string) bool
	unsigned bool   // does not look at the signature
	want     string // findings of Protection
	vague    bool   // probes may be inconclusive
	tls      bool   // HTTP/2
}

// An oddServer is an odd service that runs.
type oddServer struct {
	odd
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	n      int             // requests
	bad    map[string]int  // refusals by address
	uses   map[string]int  // by token
	dead   map[string]bool // tokens that the service ended by itself
	cached []byte
}

func (g *oddServer) mint() string {
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{"sub": "alice", "jti": token(), "iat": now, "exp": now + 600})
	text := segment([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + segment(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, g.key, sum[:])
	if err != nil {
		panic(err)
	}
	var sig [64]byte
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return text + "." + segment(sig[:])
}

// verify gives the subject, or the reason why there is none.
func (g *oddServer) verify(raw string) (sub, why string) {
	if raw == "" {
		return "", "missing"
	}
	parts := strings.Split(raw, ".")
	var header struct{ Alg string }
	var claims struct {
		Sub      string
		Exp, Nbf int64
	}
	if len(parts) != 3 || decode(parts[0], &header) != nil || decode(parts[1], &claims) != nil {
		return "", "malformed"
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	g.mu.Lock()
	dead := g.dead[raw]
	g.mu.Unlock()
	switch {
	case header.Alg != "ES256":
		return claims.Sub, "algorithm"
	case g.unsigned && (claims.Exp < time.Now().Unix() || claims.Nbf > time.Now().Unix() || claims.Sub != "alice"):
		return claims.Sub, "expired"
	case g.unsigned:
	case err != nil || len(sig) != 64 || !ecdsa.Verify(&g.key.PublicKey, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])):
		return claims.Sub, "signature"
	case claims.Exp < time.Now().Unix() || claims.Nbf > time.Now().Unix():
		return claims.Sub, "expired"
	case dead:
		return claims.Sub, "revoked"
	}
	return claims.Sub, ""
}

// bearer finds the token wherever the carriers of the test put it.
func (g *oddServer) bearer(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	if c, err := r.Cookie("at"); err == nil {
		return c.Value
	}
	var body struct{ Token string }
	json.NewDecoder(r.Body).Decode(&body)
	return body.Token
}

func (g *oddServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/login" {
		t := g.mint()
		http.SetCookie(w, &http.Cookie{Name: "at", Value: t, Path: "/"})
		reply(w, 200, map[string]any{"access": t})
		return
	}
	if r.URL.Path != "/me" {
		http.NotFound(w, r)
		return
	}
	raw := g.bearer(r)
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	sub, why := g.verify(raw)
	g.mu.Lock()
	g.n++
	g.uses[raw]++
	if why != "" {
		g.bad[host]++
	}
	many := g.bad[host] > 30
	g.mu.Unlock()
	switch {
	case g.before != nil && g.before(g, w, r, raw):
	case why != "" && many && g.before == nil: // whatever else: it limits, so that this is no finding
		w.WriteHeader(429)
	case why == "":
		g.yes(g, w, r, sub)
	default:
		g.no(g, w, r, why)
	}
}

// count gives how often this address was refused.
func (g *oddServer) count(r *http.Request) int {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bad[host]
}

// Answers from which the services are made.

func jsonYes(g *oddServer, w http.ResponseWriter, r *http.Request, user string) {
	reply(w, 200, map[string]any{"id": user, "name": "Alice Example", "roles": []string{"user"}, "balance": 1284, "mail": "a@example.test"})
}

func status(code int) func(*oddServer, http.ResponseWriter, *http.Request, string) {
	return func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		reply(w, code, map[string]any{"error": "unauthorized"})
	}
}

// page is an HTML page: a long frame, with ads and tokens that change each time.
func page(code int, main string) func(*oddServer, http.ResponseWriter, *http.Request, string) {
	return func(_ *oddServer, w http.ResponseWriter, _ *http.Request, user string) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, `<html><head><title>Shop</title><meta name="csrf" content="`+token()+`"></head><body><nav>`)
		for _, item := range strings.Fields("home products offers baskets delivery returns contact imprint privacy careers press partners status terms accessibility newsletter gift cards stores brands outlet magazine recipes garden kitchen bathroom office outdoor toys books music games") {
			fmt.Fprintf(w, `<a href="/%s">%s</a>`, item, item)
		}
		fmt.Fprintf(w, `</nav><aside data-ad=%q>buy %s</aside><main>%s</main><footer>rendered %d</footer></body></html>`, token(), token(), strings.ReplaceAll(main, "USER", user), time.Now().UnixNano())
	}
}

const hello = "Hello USER, your balance is 1284 and your card ends in 9931"

// services are sound unless they say what is wrong with them.
func services() []odd {
	redirect := func(_ *oddServer, w http.ResponseWriter, r *http.Request, _ string) {
		http.Redirect(w, r, "/sign-in?next=%2Fme", http.StatusFound)
	}
	soft := func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) {
		reply(w, 200, map[string]any{"ok": false})
	}
	guest := func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) {
		reply(w, 200, map[string]any{"id": "guest-" + token(), "name": "Guest", "roles": []string{}, "balance": 0, "mail": nil})
	}
	changing := func(g *oddServer, w http.ResponseWriter, r *http.Request, user string) {
		reply(w, 200, map[string]any{"id": user, "name": "Alice Example", "request_id": token(), "time": time.Now(), "csrf": token(), "served": g.n, "ads": []string{token(), token()}})
	}
	raw := func(answer string) func(*oddServer, http.ResponseWriter, *http.Request, string) {
		return func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			fmt.Fprint(conn, answer)
			conn.Close()
		}
	}
	limitAfter := func(n int, answer func(w http.ResponseWriter)) func(*oddServer, http.ResponseWriter, *http.Request, string) bool {
		return func(g *oddServer, w http.ResponseWriter, r *http.Request, _ string) bool {
			if g.count(r) <= n {
				return false
			}
			answer(w)
			return true
		}
	}
	list := []odd{
		{name: "401", yes: jsonYes, no: status(401)},
		{name: "403", yes: jsonYes, no: status(403)},
		{name: "400, 404 and 422", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			status(map[string]int{"missing": 404, "malformed": 422}[why]|map[bool]int{why != "missing" && why != "malformed": 400}[true])(g, w, r, why)
		}},
		{name: "302", yes: jsonYes, no: redirect},
		{name: "soft 200", yes: jsonYes, no: soft},
		{name: "guests", yes: jsonYes, no: guest},
		{name: "401 without token, guest with a bad one", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			if why == "missing" {
				status(401)(g, w, r, why)
				return
			}
			guest(g, w, r, why)
		}},
		{name: "an answer that changes", yes: changing, no: status(401)},
		{name: "an answer that changes, soft", yes: changing, no: soft},
		{name: "one envelope for all", yes: func(_ *oddServer, w http.ResponseWriter, _ *http.Request, user string) {
			reply(w, 200, map[string]any{"id": user, "service": "orders", "version": "2.14", "status": "ok", "data": []int{}, "request": token()})
		}, no: func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) {
			reply(w, 401, map[string]any{"id": nil, "service": "orders", "version": "2.14", "status": "error", "data": []int{}, "request": token()})
		}},
		{name: "204", proof: "header:X-User", yes: func(_ *oddServer, w http.ResponseWriter, _ *http.Request, user string) {
			w.Header().Set("X-User", user)
			w.WriteHeader(204)
		}, no: status(401)},
		{name: "pages", proof: `body:Hello (\w+)`, yes: page(200, hello), no: page(401, "Please sign in to see this page")},
		{name: "pages, soft", proof: `body:Hello (\w+)`, yes: page(200, hello), no: page(200, "Please sign in to see this page")},
		{name: "pages that differ by one word", proof: `body:Hello (\w+)`, yes: page(200, "Hello USER"), no: page(200, "Hello")},
		{name: "gzip", yes: func(g *oddServer, w http.ResponseWriter, r *http.Request, user string) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			json.NewEncoder(z).Encode(map[string]any{"id": user, "name": "Alice Example", "balance": 1284})
			z.Close()
		}, no: status(401)},
		{name: "HTTP/2", tls: true, yes: jsonYes, no: status(401)},
		{name: "chunks", yes: func(g *oddServer, w http.ResponseWriter, r *http.Request, user string) {
			for _, part := range []string{`{"id":`, `"` + user + `",`, `"name":"Alice Example"}`} {
				fmt.Fprint(w, part)
				w.(http.Flusher).Flush()
			}
		}, no: status(401)},
		{name: "three megabytes", proof: `body:Hello (\w+)`, yes: func(g *oddServer, w http.ResponseWriter, r *http.Request, user string) {
			fmt.Fprintf(w, "Hello %s, this is long: %s", user, bytes.Repeat([]byte("word after word after word "), 3<<20/27))
		}, no: status(401)},
		{name: "a refusal without end", yes: jsonYes, no: func(_ *oddServer, w http.ResponseWriter, r *http.Request, _ string) {
			w.WriteHeader(401)
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("no "), 4096)); err != nil {
					return
				}
			}
		}},
		{name: "a refusal that breaks off", vague: true, yes: jsonYes, no: raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nno")},
		{name: "a refusal in bad chunks", vague: true, yes: jsonYes, no: raw("HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno\r\n")},
		{name: "a success that breaks off for bad tokens", vague: true, yes: jsonYes, no: raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"")},
		{name: "500 on bad tokens", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			reply(w, 500, map[string]any{"error": "internal error"})
		}},
		{name: "500 on what does not parse", want: "verbose-error", vague: true, yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			status(map[bool]int{true: 500, false: 401}[why == "malformed"])(g, w, r, why)
		}},
		{name: "500 on what it does not take for an algorithm", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			if why == "algorithm" {
				reply(w, 500, map[string]any{"statusCode": 500, "error": "Internal Server Error", "message": "something went wrong"})
				return
			}
			status(401)(g, w, r, why)
		}},
		{name: "429 by address", yes: jsonYes, no: status(401), before: limitAfter(3, func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
		})},
		{name: "403 by address", yes: jsonYes, no: status(401), before: limitAfter(3, func(w http.ResponseWriter) {
			reply(w, 403, map[string]any{"message": "your address is blocked", "support": "https://help.test"})
		})},
		{name: "403 without a body for refusals and limits", vague: true, yes: jsonYes, no: func(_ *oddServer, w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(403) },
			before: limitAfter(3, func(w http.ResponseWriter) { w.WriteHeader(403) })},
		{name: "503 by address", yes: jsonYes, no: status(401), before: limitAfter(3, func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(503)
		})},
		{name: "hangs up by address", vague: true, yes: jsonYes, no: status(401), before: limitAfter(3, func(w http.ResponseWriter) { panic(http.ErrAbortHandler) })},
		{name: "429 for everybody, for good", vague: true, yes: jsonYes, no: status(401), before: func(g *oddServer, w http.ResponseWriter, r *http.Request, _ string) bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.n <= 25 {
				return false
			}
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
			return true
		}},
		{name: "429 by token", yes: jsonYes, no: status(401), before: func(g *oddServer, w http.ResponseWriter, r *http.Request, raw string) bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			many := g.uses[raw] > 15
			if host, _, _ := net.SplitHostPort(r.RemoteAddr); many || g.bad[host] > 30 {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(429)
				return true
			}
			return false
		}},
		{name: "sessions that end by themselves", yes: jsonYes, no: status(401), before: func(g *oddServer, w http.ResponseWriter, r *http.Request, raw string) bool {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.uses[raw] == 12 {
				g.dead[raw] = true
			}
			if host, _, _ := net.SplitHostPort(r.RemoteAddr); g.bad[host] > 30 {
				w.WriteHeader(429)
				return true
			}
			return false
		}},

		{name: "the challenges of RFC 6750", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			w.Header().Set("WWW-Authenticate", map[bool]string{true: `Bearer realm="shop"`, false: `Bearer realm="shop", error="invalid_token"`}[why == "missing"])
			w.WriteHeader(401)
		}},
		{name: "pages that speak of tokens", proof: `body:Hello (\w+)`, yes: page(200, hello), no: page(401, "Please sign in. If your signature card has expired or the issuer blocked it, or jwt expired shows, call us.")},

		// What is wrong has to be found through the same oddities.
		{name: "a stack trace for what does not parse", want: "verbose-error", vague: true, yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			if why != "malformed" {
				status(401)(g, w, r, why)
				return
			}
			w.WriteHeader(500)
			fmt.Fprint(w, "<html><pre>SyntaxError: Unexpected token<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)<br> at verify (/srv/app/node_modules/auth/verify.js:71:19)</pre></html>")
		}},
		{name: "a word for every reason", want: "verbose-error", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			reply(w, 401, map[string]any{"error": map[string]string{"signature": "ERR_BAD_SIGNATURE", "algorithm": "ERR_ALG"}[why], "request": token()})
		}},
		{name: "a description in the challenge", want: "verbose-error", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			if why == "signature" {
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="The signature is invalid"`)
			}
			w.WriteHeader(401)
		}},
		{name: "a reason where the redirect goes", want: "verbose-error", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			http.Redirect(w, r, "/sign-in?error="+map[bool]string{true: "invalid+signature", false: "no"}[why == "signature"], http.StatusFound)
		}},
		{name: "cached for everybody", want: "unauthenticated-access", vague: true, yes: jsonYes, no: status(401), before: func(g *oddServer, w http.ResponseWriter, r *http.Request, raw string) bool {
			if _, why := g.verify(raw); why != "" && g.cached == nil {
				return false
			}
			g.cached = []byte(`{"id":"alice","name":"Alice Example","balance":1284}`)
			w.Header().Set("Age", "3")
			w.Write(g.cached)
			return true
		}},
		{name: "401 and then the data", want: "deny-then-serve", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			jsonYes(g, httptest.NewRecorder(), r, "alice")
			json.NewEncoder(w).Encode(map[string]any{"id": "alice", "name": "Alice Example", "roles": []string{"user"}, "balance": 1284, "mail": "a@example.test"})
		}},
		{name: "302 and the data", want: "deny-then-serve", yes: jsonYes, no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			w.Header().Set("Location", "/sign-in")
			reply(w, 302, map[string]any{"id": "alice", "name": "Alice Example", "roles": []string{"user"}, "balance": 1284, "mail": "a@example.test"})
		}},
		{name: "a page with the data under 401", proof: `body:Hello (\w+)`, want: "deny-then-serve", yes: page(200, hello), no: func(g *oddServer, w http.ResponseWriter, r *http.Request, why string) {
			page(401, hello)(g, w, r, "alice")
		}},
	}
	for _, s := range []odd{
		{name: "401", yes: jsonYes, no: status(401)},
		{name: "302", yes: jsonYes, no: redirect},
		{name: "soft 200", yes: jsonYes, no: soft},
		{name: "guests", yes: jsonYes, no: guest},
		{name: "soft pages", proof: `body:Hello (\w+)`, yes: page(200, hello), no: page(200, "Please sign in to see this page")},
		{name: "an answer that changes", yes: changing, no: status(401)},
	} {
		s.name, s.want, s.vague = "takes any signature: "+s.name, "signature-not-verified", true
		s.unsigned = true
		list = append(list, s)
	}
	return list
}

// TestOddServices is the matrix of what services answer and how a token is
// carried, with a proof in the recipe and without: a sound service has no finding
// of Protection, and a weak one has its own.
func TestOddServices(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	carriers := []string{"header Authorization: Bearer {t}", "cookie at", "json token"}
	for i, s := range services() {
		for _, proof := range []bool{true, false} {
			carrier := carriers[(i+map[bool]int{true: 1}[proof])%len(carriers)]
			if carrier == "json token" && s.tls {
				carrier = carriers[0]
			}
			t.Run(fmt.Sprintf("%s/%s/proof=%v", s.name, strings.Fields(carrier)[0], proof), func(t *testing.T) {
				t.Parallel()
				scanOdd(t, s, key, carrier, proof)
			})
		}
	}
}

func scanOdd(t *testing.T, s odd, key *ecdsa.PrivateKey, carrier string, proof bool) {
	g := &oddServer{odd: s, key: key, bad: map[string]int{}, uses: map[string]int{}, dead: map[string]bool{}}
	srv := httptest.NewUnstartedServer(g)
	srv.EnableHTTP2 = s.tls
	if s.tls {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	defer srv.Close()
	method, field := "GET", ""
	if strings.HasPrefix(carrier, "json") {
		method = "POST"
	}
	if s.proof == "" {
		s.proof = "$.id"
	}
	if proof {
		field = fmt.Sprintf(", proof: '%s'", s.proof)
	}
	recipe, err := Parse("jotsight.yaml", fmt.Appendf(nil, `
target: %s
tls: {insecure: true}
login: [{request: POST /login, take: {access: $.access}}]
carrier: %q
protected: {request: %s /me%s}
limits: {rps: 0, burst: 40, logins_per_minute: 0}
`, srv.URL, carrier, method, field), nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), recipe, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := protection(report)
	if want := strings.Fields(s.want); !slices.Equal(got, want) {
		t.Errorf("findings %v, want %v", got, want)
		for _, f := range report.Findings {
			t.Logf("%s: %s %q", f.ID, f.Message, f.Evidence)
		}
	}
	for _, run := range report.Runs {
		if run.Verdict == finding.Inconclusive && !s.vague {
			t.Errorf("%s is inconclusive: %s", run.Check, run.Why)
		}
		if run.Verdict == finding.Fail && s.want == "" {
			t.Errorf("%s fails: %s", run.Check, run.Why)
		}
	}
}
