package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakesAreNamed holds what somebody is told who starts the bank wrongly.
func TestMistakesAreNamed(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-build", "perfect"}, "neither blind, careful nor guarded"},
		{[]string{"-set", "token-in-url"}, "weakness=on or weakness=off"},
		{[]string{"-set", "no-such=on"}, "there is none; the switches are alg-none-accepted"},
		{[]string{"-build", "guarded", "-set", "weak-secret=on"}, "a guarded bank has none"},
		{[]string{"-monitor", "http://127.0.0.1:1"}, "only a guarded bank"},
		{[]string{"-log", filepath.Join("no", "such", "folder", "bank.log")}, "bank.log"},
		{[]string{"-listen", "256.0.0.1:1"}, "256.0.0.1"},
		{[]string{"surplus"}, "the bank takes flags only"},
		{[]string{"-surplus"}, "flag provided but not defined"},
	} {
		err := run(t.Context(), test.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("bank %q: error %v, want %q in it", test.args, err, test.want)
		}
	}
}

// TestServesAndLogs starts a bank on a free port, asks it once, and ends it.
func TestServesAndLogs(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	log := filepath.Join(t.TempDir(), "bank.log")
	said, talk := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-listen", "127.0.0.1:0", "-build", "careful", "-log", log}, io.Discard, talk)
		talk.Close()
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", err, <-ended)
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(line, "bank: "), " ")
	resp, err := http.Get(url + "/me")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("GET /me without a token: status %d", resp.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	lines, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(lines), `"error.type":"missing"`) {
		t.Errorf("log holds %q, error %v", lines, err)
	}
}
