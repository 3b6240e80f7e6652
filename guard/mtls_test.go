package guard_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// newCertificate makes a certificate that nobody but its holder has signed (RFC
// 8705 section 2.2).
func newCertificate(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: must(x509.ParseCertificate(der))}
}

func hashOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return b64(sum[:])
}

// serveTLS serves h to clients with any certificate or none, and gives a way to
// ask it with one.
func serveTLS(t *testing.T, h http.Handler) (ask func(cert *tls.Certificate, edit func(*http.Request)) *http.Response, url string) {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	return func(cert *tls.Certificate, edit func(*http.Request)) *http.Response {
		t.Helper()
		c := &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
		if cert != nil {
			c.Certificates = []tls.Certificate{*cert}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
		r := must(http.NewRequest("GET", s.URL+"/orders/7", nil))
		edit(r)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}, s.URL
}

func TestCertificates(t *testing.T) {
	ours, theirs := newCertificate(t, "ours"), newCertificate(t, "theirs")
	b := newBench(t, nil)
	ask, _ := serveTLS(t, b.Verify(answerOK))
	token := b.token(t, func(c jwt.MapClaims) { c["cnf"] = map[string]any{"x5t#S256": hashOf(ours)} })
	for _, test := range []struct {
		name   string
		cert   *tls.Certificate
		status int
		detail string
	}{
		{"ours", &ours, 200, ""},
		{"ours again, from the cache", &ours, 200, ""},
		{"theirs", &theirs, 401, "the token is bound to another certificate"},
		{"none", nil, 401, "the client showed no certificate"},
	} {
		b.memo.take()
		w := ask(test.cert, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
		if w.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.name, w.StatusCode, test.status)
		}
		if test.status == 200 {
			continue
		}
		if e := b.memo.one(t); e.Reason != event.ReasonBindingMismatch || e.Detail != test.detail || !e.Verified {
			t.Errorf("%s: %v %q, want binding_mismatch %q", test.name, e.Reason, e.Detail, test.detail)
		}
		if c := w.Header.Get("WWW-Authenticate"); c != `Bearer error="invalid_token"` { // RFC 8705 section 3
			t.Errorf("%s: challenge %q", test.name, c)
		}
	}
}

// A token that is bound in both ways needs both, and one that is bound to a
// certificate nothing else.
func TestCertificateAndProof(t *testing.T) {
	ours, theirs := newCertificate(t, "ours"), newCertificate(t, "theirs")
	holder := newHolder(t, "ES256", holderP256())
	b := newBench(t, nil)
	ask, base := serveTLS(t, b.Verify(answerOK))
	token := b.token(t, func(c jwt.MapClaims) { c["cnf"] = map[string]any{"x5t#S256": hashOf(ours), "jkt": holder.print} })
	for _, test := range []struct {
		name   string
		cert   *tls.Certificate
		scheme string
		proof  bool
		status int
	}{
		{"both", &ours, "DPoP", true, 200},
		{"another certificate", &theirs, "DPoP", true, 401},
		{"no proof", &ours, "DPoP", false, 401},
		{"no proof, as Bearer", &ours, "Bearer", false, 401},
	} {
		w := ask(test.cert, func(r *http.Request) {
			r.Header.Set("Authorization", test.scheme+" "+token)
			if test.proof {
				r.Header.Set("DPoP", holder.proof(t, "GET", base+"/orders/7", token, b.clock.Now(), nil))
			}
		})
		if w.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.name, w.StatusCode, test.status)
		}
	}
}

// Behind a proxy that ends TLS the certificate comes from where the user says,
// and a header alone does nothing.
func TestCertificateFromProxy(t *testing.T) {
	ours := newCertificate(t, "ours")
	text := url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.Certificate[0]})))
	fromHeader := func(r *http.Request) *x509.Certificate {
		text, _ := url.QueryUnescape(r.Header.Get("X-Client-Cert"))
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil
		}
		c, _ := x509.ParseCertificate(block.Bytes)
		return c
	}
	for _, test := range []struct {
		name    string
		resolve func(*http.Request) *x509.Certificate
		header  string
		want    int
	}{
		{"nobody chose a header", nil, text, 401},
		{"chosen", fromHeader, text, 200},
		{"chosen, and empty", fromHeader, "", 401},
		{"chosen, and no certificate", fromHeader, "nonsense", 401},
	} {
		b := newBench(t, func(c *guard.Config) { c.Binding.Certificate = test.resolve })
		token := b.token(t, func(c jwt.MapClaims) { c["cnf"] = map[string]any{"x5t#S256": hashOf(ours)} })
		w := get(b.Verify(answerOK), token, func(r *http.Request) { r.Header.Set("X-Client-Cert", test.header) })
		if w.Code != test.want {
			t.Errorf("%s: status %d, want %d", test.name, w.Code, test.want)
		}
	}
}

func TestCheckCertificate(t *testing.T) {
	ours := newCertificate(t, "ours")
	b := newBench(t, nil)
	token := b.token(t, func(c jwt.MapClaims) { c["cnf"] = map[string]any{"x5t#S256": hashOf(ours)} })
	if _, err := b.Check(t.Context(), token, guard.Meta{Certificate: ours.Leaf}); err != nil {
		t.Errorf("with the certificate: %v", err)
	}
	if _, err := b.Check(t.Context(), token, guard.Meta{}); err == nil {
		t.Error("without the certificate: admitted")
	}
}

// A family that is bound to a certificate is refreshed over a connection with it.
func TestRefreshWithCertificate(t *testing.T) {
	ours, theirs := newCertificate(t, "ours"), newCertificate(t, "theirs")
	b := newBench(t, nil)
	i := newIssuer(t, b, nil)
	ask, _ := serveTLS(t, i.RefreshHandler())
	for _, rekey := range []bool{false, true} {
		p, err := i.Issue(t.Context(), guard.Grant{Subject: "u", Confirm: guard.ConfirmCertificate(ours.Leaf), Rekey: rekey, Meta: web})
		if err != nil {
			t.Fatal(err)
		}
		if p.Type != "Bearer" { // RFC 8705 section 3
			t.Errorf("type %q, want Bearer", p.Type)
		}
		refresh := p.Refresh.Reveal()
		for _, test := range []struct {
			name string
			cert *tls.Certificate
			ok   bool
		}{
			{"none", nil, false}, {"ours", &ours, true}, {"theirs", &theirs, rekey},
		} {
			w := ask(test.cert, func(r *http.Request) {
				body := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}.Encode()
				*r = *must(http.NewRequest("POST", r.URL.String(), strings.NewReader(body)))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			})
			var answer struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
				Error   string `json:"error"`
			}
			if err := json.NewDecoder(w.Body).Decode(&answer); err != nil {
				t.Fatal(err)
			}
			if ok := w.StatusCode == 200; ok != test.ok || !ok && answer.Error != "invalid_grant" {
				t.Errorf("rekey %v, %s: status %d, error %q; want admitted: %v", rekey, test.name, w.StatusCode, answer.Error, test.ok)
			}
			if w.StatusCode == 200 {
				refresh = answer.Refresh
				if _, err := b.Check(t.Context(), answer.Access, guard.Meta{Certificate: test.cert.Leaf}); err != nil {
					t.Errorf("rekey %v, %s: the new access token: %v", rekey, test.name, err)
				}
			}
		}
	}
}
