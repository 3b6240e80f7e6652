package scan

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// A filter that asks for tokens with GET alone is found; a service that answers
// other methods with 200 and no data is not blamed.
func TestMethodBypass(t *testing.T) {
	data := `{"id":"u1","name":"Alice","plan":"standard"}`
	for name, test := range map[string]struct {
		other func(w http.ResponseWriter)
		want  finding.Verdict
	}{
		"serves":      {func(w http.ResponseWriter) { w.Write([]byte(data)) }, finding.Fail},
		"not allowed": {func(w http.ResponseWriter) { w.WriteHeader(405) }, finding.Pass},
		"unknown":     {func(w http.ResponseWriter) { w.WriteHeader(501) }, finding.Pass},
		"preflight":   {func(w http.ResponseWriter) { w.Header().Set("Allow", "GET"); w.WriteHeader(204) }, finding.Pass},
		"soft":        {func(w http.ResponseWriter) { w.Write([]byte(`{"methods":["GET"]}`)) }, finding.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != "GET":
					test.other(w)
				case r.Header.Get("Authorization") == "Bearer opaque-token-of-alice":
					w.Write([]byte(data))
				default:
					w.WriteHeader(401)
				}
			}))
			defer srv.Close()
			recipe, err := ForURL(srv.URL+"/me", "opaque-token-of-alice")
			if err != nil {
				t.Fatal(err)
			}
			recipe.Limits.RPS = 0
			report, err := Run(t.Context(), recipe, Options{FoldWait: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Runs {
				if r.Check == "method-bypass" && r.Verdict != test.want {
					t.Errorf("got %s (%s), want %s", r.Verdict, r.Why, test.want)
				}
			}
			for _, f := range report.Findings {
				if f.ID == catalog.UnauthenticatedAccess && test.want != finding.Fail {
					t.Errorf("found %s", f.Message)
				}
			}
		})
	}
}

// What an attack on the key put into the header stays; the rest is as the later
// probe wants it, or every typ would be the service's own.
func TestSigns(t *testing.T) {
	g := newTarget(t, switches{})
	read := func(raw string) *forge.Token {
		own, err := forge.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return own
	}
	own := read(g.mint("s1"))
	k, err := forge.NewKey("HS256")
	if err != nil {
		t.Fatal(err)
	}
	a := &attempt{run: &run{token: own}}
	a.signs("a file", &keyed{header: own.Header.Set("kid", "../x"), key: k})
	raw, err := a.run.signer.sign(own.Header.Set("typ", "logout+jwt"), own.Payload)
	if err != nil {
		t.Fatal(err)
	}
	got := read(raw)
	if got.Header.Text("typ") != "logout+jwt" || got.Header.Text("kid") != "../x" {
		t.Errorf("got %s", got.Header.Bytes())
	}
}
