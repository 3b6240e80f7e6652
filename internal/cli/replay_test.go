package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const forged = `{"time":"2026-01-05T09:00:00Z","event":"jwt.verification_failed","error.type":"alg_none","client.address":"203.0.113.7"}` + "\n"

// replayed runs "jotsight replay" over files with these contents.
func replayed(t *testing.T, contents ...string) (code int, out, talk string) {
	t.Helper()
	t.Chdir(t.TempDir())
	args := []string{"replay"}
	for i, text := range contents {
		name := string(rune('a'+i)) + ".ndjson"
		if err := os.WriteFile(filepath.Clean(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	var o, e bytes.Buffer
	code = Run(t.Context(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReplayInterrupted ends while standard input gives nothing, and calls a part
// no result.
func TestReplayInterrupted(t *testing.T) {
	for _, given := range []string{"", forged + forged} {
		in, held := io.Pipe()
		defer held.Close()
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			io.WriteString(held, given)
			stop()
		}()
		var out, talk bytes.Buffer
		if got := Run(ctx, []string{"replay", "-"}, in, &out, &talk); got != ExitInterrupted || out.Len() > 0 {
			t.Errorf("after %d bytes: exit %d with output %q, want %d and none", len(given), got, out.String(), ExitInterrupted)
		}
	}
}

// TestReplaySurvivesItsInput holds that whatever stands in a file, the events
// around it count.
func TestReplaySurvivesItsInput(t *testing.T) {
	long := func(n int) string {
		head := `{"time":"2026-01-05T09:00:00Z","event":"jwt.missing","x":"`
		return head + strings.Repeat("x", n-len(head)-2) + `"}`
	}
	for name, c := range map[string]struct {
		files []string
		code  int
		talk  string // stands in it
	}{
		"a line of the greatest length": {[]string{long(64<<10) + "\n" + forged}, 0, "2 events, 0 bad lines"},
		"a line one byte longer":        {[]string{long(64<<10+1) + "\n" + forged}, 0, "a.ndjson:1: longer than 65536 bytes\n"},
		"a line of megabytes":           {[]string{long(3<<20) + "\n" + forged}, 0, "1 event, 1 bad line"},
		"megabytes without an end":      {[]string{forged + strings.Repeat("{", 1<<20)}, 0, "a.ndjson:2: longer than"},
		"no line end at the end":        {[]string{strings.TrimSpace(forged)}, 0, "1 event, 0 bad lines"},
		"line ends of Windows":          {[]string{"\ufeff" + strings.ReplaceAll(forged, "\n", "\r\n")}, 0, "1 event, 0 bad lines"},
		"nul bytes":                     {[]string{"\x00\x00\n" + forged}, 0, "a.ndjson:1: not one JSON object\n"},
		"a gzip":                        {[]string{zipped(t, forged)}, 0, "1 event, 0 bad lines"},
		"a gzip whose head is cut":      {[]string{zipped(t, forged)[:5], forged}, 3, "a.ndjson: unexpected EOF\njotsight: hint: what could be read was replayed"},
		"a gzip that ends too early":    {[]string{zipped(t, forged)[:60], forged}, 3, "a.ndjson: unexpected EOF\n"},
		"two files":                     {[]string{"\n\n" + forged, "junk\n"}, 0, "b.ndjson:1: not one JSON object\n"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, talk := replayed(t, c.files...)
			if code != c.code || !strings.Contains(talk, c.talk) {
				t.Errorf("exit %d, want %d; stderr:\n%s\nwant in it: %s", code, c.code, talk, c.talk)
			}
			if !strings.Contains(out, "forged-algorithm") {
				t.Errorf("the good event was lost; stdout:\n%s", out)
			}
		})
	}
}

// TestReplayPrintsNoControlCharacters holds that a value of a group, which an
// attacker may choose, can neither end a line nor move a cursor.
func TestReplayPrintsNoControlCharacters(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		evil := `"203.0.113.7\n2026-01-05T09:00:00Z  critical  forged\u001b[2J\u202e\u0085"`
		t.Chdir(t.TempDir())
		if err := os.WriteFile("a", []byte(strings.Replace(forged, `"203.0.113.7"`, evil, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, talk bytes.Buffer
		Run(t.Context(), []string{"replay", "--format", format, "a"}, nil, &out, &talk)
		if n := strings.Count(out.String(), "\n"); n != 1 || strings.ContainsAny(out.String(), "\x1b\u202e\u0085") {
			t.Errorf("%s: %d lines, want 1: %q", format, n, out.String())
		}
	}
}
