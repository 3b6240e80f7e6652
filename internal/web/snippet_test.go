package web

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// TestSnippetsWork runs what the empty page tells newcomers to paste: the Go
// compiles against guard as it is, the line that curl sends is an event.
func TestSnippetsWork(t *testing.T) {
	s := newSite(t)
	v := s.member()
	var snippets []string
	for _, m := range regexp.MustCompile(`(?s)<pre><code>(.*?)</code></pre>`).FindAllStringSubmatch(v.page("/fragments/events"), -1) {
		snippets = append(snippets, plain(m[1]))
	}
	if len(snippets) != 2 {
		t.Fatalf("%d snippets on the empty page, want 2", len(snippets))
	}

	file := filepath.Join(t.TempDir(), "main.go")
	source := "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n\n\t\"github.com/jotsight/jotsight/guard\"\n)\n\n" +
		"type chain struct{}\n\nfunc (chain) Use(...func(http.Handler) http.Handler) {}\n\n" +
		"func main() {\n\tvar secret []byte\n\tvar router chain\n" + snippets[0] + "\n\t_ = err\n}\n"
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("the Go snippet: %v\n%s\n%s", err, out, snippets[0])
	}

	// In place of curl, a function that prints its last argument.
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "curl() { for last; do :; done; printf %s \"$last\"; }\n"+snippets[1]).Output()
	var e event.Event
	if err == nil {
		_, err = e.Decode(string(out))
	}
	if err != nil || e.Reason != event.ReasonBadSignature || e.ServiceName != "orders" || time.Since(e.Time) > time.Minute {
		t.Errorf("the curl snippet: %v\n%s\n%s", err, out, snippets[1])
	}
	if !strings.Contains(snippets[1], s.c.BaseURL+"/v1/events") {
		t.Errorf("the curl snippet sends elsewhere:\n%s", snippets[1])
	}
}
