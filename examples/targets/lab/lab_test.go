package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
)

// Every finding that a switch names is one of the catalogue, and names are unique.
func TestSwitches(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range slices.Concat(switches, logModes) {
		if seen[s.Name] {
			t.Errorf("%s: twice", s.Name)
		}
		seen[s.Name] = true
		for _, id := range slices.Concat(s.Finds, s.May) {
			if _, ok := catalog.WeaknessOf(catalog.ID(id)); !ok {
				t.Errorf("%s: %s is not in the catalogue", s.Name, id)
			}
		}
		if s.Group == protection && len(s.Finds) == 0 {
			t.Errorf("%s: a weakness without a finding", s.Name)
		}
	}
	if _, err := choose("none-lower,no-such"); err == nil {
		t.Error("an unknown switch is taken")
	}
	if _, err := (choice{"psychic": true, "jwk-trusted": true}).alg(); err == nil {
		t.Error("two algorithms at once are taken")
	}
}

// start runs a lab for the length of a test.
func start(t *testing.T, names, mode string) Manifest {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	args := []string{"-switch", names, "-log", mode, "-dir", t.TempDir()}
	go func() { ended <- run(ctx, args, nil, in, io.Discard); in.Close() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// do sends a request and gives status and body.
func do(t *testing.T, method, url, token, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got := map[string]any{}
	json.NewDecoder(res.Body).Decode(&got)
	return res.StatusCode, got
}

func login(t *testing.T, m Manifest) map[string]any {
	t.Helper()
	status, p := do(t, "POST", m.URL+"/login", "", `{"user":"`+m.User+`","password":"`+m.Password+`"}`)
	if status != 200 {
		t.Fatalf("login: %d", status)
	}
	return p
}

// forged gives a token with another header under the signature that sign makes.
func forged(t *testing.T, raw, header string, sign func(signing string) string) string {
	t.Helper()
	signing := segment([]byte(header)) + "." + strings.Split(raw, ".")[1]
	return signing + "." + sign(signing)
}

// Each row is an attack made by hand: the sound lab refuses it, and with the
// switch on it gets in. So the truth that scans are measured by is itself tested.
func TestTruth(t *testing.T) {
	none := func(string) string { return "" }
	with := func(secret string) func(string) string {
		return func(s string) string { return segment(mac("HS256", []byte(secret), s)) }
	}
	tests := []struct {
		name   string
		attack func(t *testing.T, m Manifest, raw string) string
	}{
		{"no-verification", func(t *testing.T, m Manifest, raw string) string { return raw[:len(raw)-5] + "AAAAA" }},
		{"empty-signature", func(t *testing.T, m Manifest, raw string) string { return raw[:strings.LastIndexByte(raw, '.')+1] }},
		{"truncated-signature", func(t *testing.T, m Manifest, raw string) string { return raw[:strings.LastIndexByte(raw, '.')+5] }},
		{"none-lower", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"none","typ":"at+jwt"}`, none)
		}},
		{"none-title", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"None","typ":"at+jwt"}`, none)
		}},
		{"none-upper", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"NONE","typ":"at+jwt"}`, none)
		}},
		{"none-mixed", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"nOnE","typ":"at+jwt"}`, none)
		}},
		{"none-signed", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"none","typ":"at+jwt"}`, with("x"))
		}},
		{"alg-missing", func(t *testing.T, m Manifest, raw string) string { return forged(t, raw, `{"typ":"at+jwt"}`, none) }},
		{"second-key-weak", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt"}`, with("secret"))
		}},
		{"confusion-pem", func(t *testing.T, m Manifest, raw string) string {
			pub, err := os.ReadFile(m.Public)
			if err != nil {
				return "HS256 lab" // the sound lab of this row has a secret
			}
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt"}`, with(string(pub)))
		}},
		{"psychic", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"ES256","typ":"at+jwt"}`, func(string) string { return segment(make([]byte, 64)) })
		}},
		{"kid-path", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt","kid":"../../../../../../../../dev/null"}`, with(""))
		}},
		{"kid-sql", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt","kid":"x' UNION SELECT 'known"}`, with("known"))
		}},
		{"kid-command", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt","kid":"none; echo known"}`, with("known\n"))
		}},
		{"crit-ignored", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt","crit":["x"],"x":1}`, with(m.Secret))
		}},
		{"fail-open-key", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":"HS256","typ":"at+jwt","kid":"unknown"}`, with("x"))
		}},
		{"fail-open-panic", func(t *testing.T, m Manifest, raw string) string {
			return forged(t, raw, `{"alg":7,"typ":"at+jwt"}`, with("x"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, c := range []struct {
				names string
				want  bool
			}{{"", false}, {test.name, true}} {
				m := start(t, c.names, "json")
				raw := login(t, m)["access_token"].(string)
				if status, _ := do(t, "GET", m.URL+"/me", raw, ""); status != 200 {
					t.Fatalf("-switch %q: the good token is answered %d", c.names, status)
				}
				status, _ := do(t, "GET", m.URL+"/me", test.attack(t, m, raw), "")
				if got := status == 200; got != c.want {
					t.Errorf("-switch %q: got %v (%d), want %v", c.names, got, status, c.want)
				}
			}
		})
	}
}

// The sound lab rotates, revokes a family at the first replay, and ends sessions.
func TestSessions(t *testing.T) {
	m := start(t, "", "json")
	renew := func(token any) (int, map[string]any) {
		return do(t, "POST", m.URL+"/refresh", "", `{"refresh_token":"`+token.(string)+`"}`)
	}
	p := login(t, m)
	status, next := renew(p["refresh_token"])
	if status != 200 || next["refresh_token"] == p["refresh_token"] {
		t.Fatalf("refresh: %d", status)
	}
	if status, _ := renew(p["refresh_token"]); status != 401 {
		t.Errorf("replay: %d", status)
	}
	if status, _ := renew(next["refresh_token"]); status != 401 {
		t.Errorf("the newest token of a family that was replayed: %d", status)
	}
	p = login(t, m)
	if status, _ := do(t, "POST", m.URL+"/logout", p["access_token"].(string), ""); status != 204 {
		t.Errorf("logout: %d", status)
	}
	if status, _ := do(t, "GET", m.URL+"/me", p["access_token"].(string), ""); status != 401 {
		t.Errorf("access after logout: %d", status)
	}
	if status, _ := renew(p["refresh_token"]); status != 401 {
		t.Errorf("refresh after logout: %d", status)
	}
}

// In no log mode but those that leak does a token stand in the log.
func TestLogs(t *testing.T) {
	for _, mode := range logModes {
		t.Run(mode.Name, func(t *testing.T) {
			m := start(t, "", mode.Name)
			raw := login(t, m)["access_token"].(string)
			bad := raw[:len(raw)-5] + "AAAAA"
			do(t, "GET", m.URL+"/me", raw, "")
			do(t, "GET", m.URL+"/me?token="+raw, bad, "")
			if mode.Name == "late" || mode.Name == "batch" || mode.Name == "silent" || mode.Name == "sampled" {
				return // what is there depends on the clock, or nothing is
			}
			text, err := os.ReadFile(m.Log)
			if err != nil || len(text) == 0 {
				t.Fatalf("the log is empty: %v", err)
			}
			leaks := bytes.Contains(text, []byte(raw)) || bytes.Contains(text, []byte(bad))
			want := mode.Name == "leak-token" || mode.Name == "leak-refused" || mode.Name == "leak-query"
			if leaks != want {
				t.Errorf("a token in the log: got %v, want %v", leaks, want)
			}
		})
	}
}

func TestList(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), []string{"-list"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var got []Switch
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got) != len(switches)+len(logModes) {
		t.Errorf("got %d switches (%v), want %d", len(got), err, len(switches)+len(logModes))
	}
}
