package guard_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/guard"
)

// Nobody is taken for a client with a secret who does not send that secret, in
// whatever form a request comes.
func FuzzClients(f *testing.F) {
	const secret = "s3cret-that-nobody-guesses-by-chance"
	clients, err := guard.NewClients(guard.ClientsConfig{
		Clients: []guard.Client{
			{ID: "web", Secrets: []guard.SecretHash{guard.HashSecret(secret)}},
			{ID: "batch", Keys: guard.Static(guard.Key{ID: "k1", Material: clientKey}), Algorithms: []string{"ES256"}},
			{ID: "spa", Public: true},
		},
		Audience: []string{"https://login.example"},
	})
	if err != nil {
		f.Fatal(err)
	}
	basic := httptest.NewRequest("POST", "/", nil)
	basic.SetBasicAuth("web", secret)
	for _, seed := range [][3]string{
		{basic.Header.Get("Authorization"), "", "token=x"},
		{"", "", "client_id=web&client_secret=" + secret},
		{"", "", "client_id=web&client_secret=x&client_secret=" + secret},
		{"", "client_id=web&client_secret=" + secret, "client_id=spa"},
		{"", "", "client_id=spa"},
		{"Basic d2ViOg==", "", "client_id=spa"},
		{"Basic Ojo6", "", "%"},
		{"", "", assertionIs + forge(`{"alg":"ES256","kid":"k1"}`, `{"iss":"batch","sub":"batch","aud":"https://login.example","jti":"1","exp":9999999999}`, "AAAA")},
		{"", "", assertionIs + forge(`{"alg":"none"}`, `{"iss":"batch"}`, "")},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, authorization, query, body string) {
		r := httptest.NewRequest("POST", "/token", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		id, err := clients.Identify(r)
		if (err == nil) != (id != "") {
			t.Fatalf("%q, %v: neither one nor the other", id, err)
		}
		_, pass, _ := r.BasicAuth()
		sent := pass + " " + r.PostForm.Get("client_secret")
		switch id {
		case "", "spa":
		case "web":
			if !strings.Contains(decoded(sent), secret) {
				t.Fatalf("web without its secret: %q %q %q", authorization, query, body)
			}
		default:
			t.Fatalf("taken for %q: %q %q %q", id, authorization, query, body)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Fatal("the error holds the secret")
		}
	})
}

// decoded undoes the encoding of a form, where it is one.
func decoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}
