package guard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// exampleProof is what a client makes for each request (RFC 9449 section 4): here
// for one without an access token.
func exampleProof(key *ecdsa.PrivateKey, method, url string) string {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"jti": rand.Text(), "htm": method, "htu": url, "iat": time.Now().Unix()})
	t.Header["typ"] = "dpop+jwt"
	t.Header["jwk"] = map[string]string{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	proof, err := t.SignedString(key)
	if err != nil {
		log.Fatal(err)
	}
	return proof
}

// A login that binds the tokens to the key of the client's proof. A copy of the
// access token then does nothing, and is seen.
func ExampleIssuer_Confirm() {
	g := exampleGuard(printer{})
	i := exampleIssuer(g)
	login := func(w http.ResponseWriter, r *http.Request) {
		m := g.Meta(r)
		m.Actor = "alice" // after looking at her password
		confirm, err := i.Confirm(r.Context(), m)
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		pair, err := i.Issue(r.Context(), guard.Grant{Subject: "alice", Confirm: confirm, Meta: m})
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		fmt.Println("token_type", pair.Type)
		stolen := pair.Access.Reveal()
		fmt.Println(send(g.Verify(http.NotFoundHandler()), stolen))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://login.example/token", nil)
	r.Header.Set("DPoP", exampleProof(key, "POST", "https://login.example/token"))
	login(httptest.NewRecorder(), r)
	// Output:
	// jwt.issued  alice
	// token_type DPoP
	// jwt.verification_failed binding_mismatch alice
	// 401
}

// Behind a proxy the guard has to be told how clients address the service, and
// where the proxy puts the certificate of a client.
func ExampleBindingConfig() {
	g, err := guard.New(guard.Config{
		Keys: guard.Static([]byte("a secret of thirty-two bytes or more")), Algorithms: []string{"HS256"},
		Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Binding: guard.BindingConfig{
			Required: true,
			BaseURL:  "https://api.example/v1",
			Certificate: func(r *http.Request) *x509.Certificate {
				der, err := url.QueryUnescape(r.Header.Get("X-Client-Cert-Der")) // which the proxy sets, and clients cannot
				if err != nil {
					return nil
				}
				c, _ := x509.ParseCertificate([]byte(der))
				return c
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	g.Verify(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/orders/7", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate")[:10])
	// Output:
	// 401 DPoP algs=
}

// Tokens that are bound to the certificate with which the client came over TLS.
func ExampleConfirmCertificate() {
	g := exampleGuard(printer{})
	i := exampleIssuer(g)
	login := func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 {
			http.Error(w, "a client certificate is needed", http.StatusUnauthorized)
			return
		}
		cert := r.TLS.PeerCertificates[0]
		pair, err := i.Issue(r.Context(), guard.Grant{Subject: "batch", Confirm: guard.ConfirmCertificate(cert), Meta: g.Meta(r)})
		if err != nil {
			i.RespondError(w, err, "invalid_request")
			return
		}
		_, err = g.Check(r.Context(), pair.Access.Reveal(), guard.Meta{Certificate: cert})
		fmt.Println("with the certificate:", err)
		_, err = g.Check(r.Context(), pair.Access.Reveal(), guard.Meta{})
		fmt.Println("without:", err)
	}
	r := httptest.NewRequest("POST", "https://login.example/token", nil)
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{Raw: []byte("the certificate of the batch")}}}
	login(httptest.NewRecorder(), r)
	// Output:
	// jwt.issued  batch
	// jwt.verified  batch
	// with the certificate: <nil>
	// jwt.verification_failed binding_mismatch batch
	// without: token refused: binding_mismatch
}

// What a gRPC interceptor passes on: the full name of the method as the URL that
// clients put into their proofs.
func ExampleGuard_Check_bound() {
	g := exampleGuard(printer{})
	m := guard.Meta{
		Method: "POST", URL: "https://orders.example/orders.v1.Orders/List", Route: "/orders.v1.Orders/List",
		Proof: event.NewRaw("from the metadata dpop"),
	}
	_, err := g.Check(context.Background(), "from the metadata authorization", m)
	fmt.Println(err)
	fmt.Println(m.Proof)
	// Output:
	// jwt.verification_failed malformed
	// token refused: malformed
	// [token]
}

// A route that wants bound tokens, beside others that take any.
func ExampleToken_Bound() {
	g := exampleGuard(printer{})
	pay := g.Require(guard.Must("bound", (*guard.Token).Bound))(http.NotFoundHandler())
	pair, err := exampleIssuer(g).Issue(context.Background(), guard.Grant{Subject: "alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(send(pay, pair.Access.Reveal()))
	// Output:
	// jwt.issued  alice
	// jwt.verified  alice
	// jwt.scope_denied scope_insufficient alice
	// 403
}
