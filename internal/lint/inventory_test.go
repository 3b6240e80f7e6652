package lint

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// A tier is that of the way with the least record; fields are those that every way
// records; a way into unseen code is unknown, not silent.
func TestInventory(t *testing.T) {
	file := &ir.File{Path: "auth.go", Source: "package auth\nverify()\nlog()\nissue()\n"}
	at := func(line int) ir.Span {
		start := int32(len(strings.Join(strings.SplitAfter(file.Source, "\n")[:line-1], "")))
		return ir.Span{File: file, Start: start, End: start + 1}
	}
	fn := &ir.Func{Name: "login.func1", Span: at(1)}
	limiter := resolve.Link{Row: &library.Row{Does: library.Limit}}
	limited := &flow.Root{Func: fn, Routes: []*resolve.Route{{Method: "POST", Path: "/login", Chain: []resolve.Link{limiter, {Func: fn}}}}}
	open := &flow.Root{Func: fn, Routes: []*resolve.Route{{Method: "GET", Path: "/me"}}}
	verify := &flow.Op{Span: at(2), Kind: library.Verify, Func: fn, Name: "jwt.Parse"}
	issue := &flow.Op{Span: at(4), Kind: library.Issue, Func: fn, Name: "jwt.Sign"}
	log := func(fields ...string) []flow.Observation {
		return []flow.Observation{{Span: at(3), Func: fn, Role: library.Log, Level: "warn", Tier: flow.Typed, Fields: fields}}
	}
	a := &Analysis{
		Report: &finding.Report{Target: "."},
		Facts: &flow.Facts{
			Ops: []*flow.Op{issue, verify, {Span: at(3), Guessed: true}},
			Ways: []*flow.Way{
				{Op: verify, Outcome: flow.Failed, Root: limited, Tier: flow.Full, Level: "warn", Seen: log("reason", "address")},
				{Op: verify, Outcome: flow.Failed, Root: open, Tier: flow.Typed, Level: "error", Seen: log("reason")},
				{Op: verify, Outcome: flow.Absent, Root: open, Tier: flow.Typed, EnvOnly: true},
				{Op: verify, Outcome: flow.Succeeded, Exit: flow.Escapes},
				{Op: issue, Outcome: flow.Succeeded, Root: limited, Tier: flow.None},
			},
			Stats: flow.Stats{Calls: 9, Unresolved: 2},
		},
	}
	v := a.Inventory()
	var b bytes.Buffer
	if err := v.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `verify jwt.Parse auth.go:2 login.func1
routes: GET /me, POST /login; limiter: some
failed typed error reason auth.go:3:1
absent none
succeeded unknown (1 of 1 ways unknown)
issue jwt.Sign auth.go:4 login.func1
routes: POST /login; limiter: yes
succeeded none

2 of 9 calls lead to code that could not be told: what they do is not in here.
`
	if diff := cmp.Diff(squeeze(b.String()), want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	b.Reset()
	if err := v.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Inventory
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&back, v); diff != "" {
		t.Errorf("JSON does not give back what it was made of\n%s", diff)
	}
}

// squeeze takes the widths of columns out of a text.
func squeeze(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return b.String()
}

// Names of a program are foreign text: no page and no terminal takes them for more.
func TestInventoryOfHostileNames(t *testing.T) {
	const hostile = "</style><script>alert(1)</script>\x1b[31m\u202e\n"
	v := &Inventory{Target: hostile, Operations: []Operation{{
		Does: "verify", Name: hostile, Use: hostile, Path: hostile, Function: hostile, Routes: []string{hostile}, Limiter: "no",
		Outcomes: []Outcome{{Outcome: "failed", Tier: "none", Level: hostile, Fields: []string{hostile}, Records: []string{hostile}}},
	}}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text": func(b *bytes.Buffer) error { return v.WriteText(b) },
		"json": func(b *bytes.Buffer) error { return v.WriteJSON(b) },
		"html": func(b *bytes.Buffer) error { return v.WriteHTML(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b", "\u202e"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s: %q is in it", name, bad)
			}
		}
		if name == "html" && strings.Contains(b.String(), "<script>") {
			t.Error("html: a script of the program is in it")
		}
	}
}
