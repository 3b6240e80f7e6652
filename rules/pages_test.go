package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// A page is one scene: what happens, and which alerts the shipped rules, all of
// them together, make of it.
//
//	# One sentence that says what the scene is about.
//	0s      verification_failed bad_signature client.address=203.0.113.7 x19
//	1s +2s  verification_failed bad_signature client.address=203.0.113.{n} x5
//	-- alerts --
//	30s  signature-bruteforce high client.address=203.0.113.7 count=20
//
// "+2s" spaces the repetitions of "x5", and {n} counts them from 1. The service
// is "api" unless stated. An alert that is emitted again stands there again.
type page struct {
	file   string
	line   int
	title  string
	events []string // in wire form
	alerts []string
}

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func readPages(t *testing.T, file string) (pages []*page) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p *page
	inAlerts, ids := false, event.NewIDs([32]byte{1})
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "#"):
			if p == nil || inAlerts {
				p = &page{file: file, line: i + 1}
				pages = append(pages, p)
				inAlerts = false
			}
			p.title = strings.TrimSpace(p.title + " " + strings.TrimSpace(line[1:]))
		case p == nil:
			t.Fatalf("%s:%d: a page begins with a line of #", file, i+1)
		case line == "-- alerts --":
			inAlerts = true
		case inAlerts:
			p.alerts = append(p.alerts, strings.Join(strings.Fields(line), " "))
		default:
			lines, err := eventLines(line, ids)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			p.events = append(p.events, lines...)
		}
	}
	return pages
}

// eventLines writes out one line of a page.
func eventLines(line string, ids *event.IDs) ([]string, error) {
	words := strings.Fields(line)
	at, err := time.ParseDuration(words[0])
	if err != nil {
		return nil, err
	}
	var step time.Duration
	times := 1
	keys := [][2]string{{"service.name", `"api"`}}
	set := func(k, v string) {
		keys = slices.DeleteFunc(keys, func(have [2]string) bool { return have[0] == k })
		keys = append(keys, [2]string{k, v})
	}
	kind := false // has been stated; a few words name both a kind and a reason
	for _, w := range words[1:] {
		k, v, assigned := strings.Cut(w, "=")
		f, known := event.FieldOf(k)
		_, isKind := event.ParseKind("jwt." + w)
		_, isReason := event.ParseReason(w)
		switch {
		case assigned && !known:
			return nil, fmt.Errorf("key %q: unknown", k)
		case assigned && (f.Type == event.Number || f.Type == event.Bool):
			set(k, v)
		case assigned && f.Type == event.List:
			set(k, `["`+strings.ReplaceAll(v, ",", `","`)+`"]`)
		case assigned:
			set(k, strconv.Quote(v))
			if k == "user.id" || k == "user.hash" {
				set("jwt.verified", "true")
			}
		case strings.HasPrefix(w, "+"):
			if step, err = time.ParseDuration(w[1:]); err != nil {
				return nil, err
			}
		case strings.HasPrefix(w, "x"):
			if times, err = strconv.Atoi(w[1:]); err != nil {
				return nil, err
			}
		case isKind && !kind:
			kind = true
			set("event", `"jwt.`+w+`"`)
		case isReason:
			set("error.type", `"`+w+`"`)
		default:
			return nil, fmt.Errorf("%q: neither a kind, a reason nor key=value", w)
		}
	}
	var lines []string
	for n := range times {
		when := start.Add(at + time.Duration(n)*step)
		parts := []string{`"time":"` + when.Format(time.RFC3339Nano) + `"`, `"id":"` + ids.Next(when).String() + `"`}
		for _, kv := range keys {
			parts = append(parts, strconv.Quote(kv[0])+":"+kv[1])
		}
		lines = append(lines, strings.ReplaceAll("{"+strings.Join(parts, ",")+"}", "{n}", strconv.Itoa(n+1)))
	}
	return lines, nil
}

// run gives the alerts of the page in the form in which it states them. With
// restart, the engine is replaced by its own checkpoint before each event, or on
// long pages about 25 times.
func (p *page) run(t *testing.T, shipped []*rule.Rule, restart bool) (got []string) {
	t.Helper()
	fresh := func() *detect.Engine {
		e, err := detect.New(shipped, detect.Config{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := fresh()
	for i, line := range p.events {
		var ev event.Event
		if _, err := ev.Decode(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if restart && i%(1+len(p.events)/25) == 0 {
			state, err := e.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			e = fresh()
			if err := e.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
		e.Process(&ev, func(a detect.Alert) {
			words := []string{a.Last.Sub(start).String(), a.Rule, a.Severity}
			if len(a.Group) > 0 {
				words = append(words, a.Group.String())
			}
			words = append(words, fmt.Sprintf("count=%d", a.Count))
			if a.Escalated {
				words = append(words, "escalated")
			}
			got = append(got, strings.Join(words, " "))
		})
	}
	return got
}

// TestPages runs the page beside each rule file.
func TestPages(t *testing.T) {
	shipped, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("*.yml")
	for _, file := range files {
		slug := strings.TrimSuffix(file, ".yml")
		t.Run(slug, func(t *testing.T) {
			pages := readPages(t, slug+".page")
			fired, quiet := false, false
			for _, p := range pages {
				for _, restart := range []bool{false, true} {
					got := p.run(t, shipped, restart)
					if diff := cmp.Diff(p.alerts, got); diff != "" {
						t.Errorf("%s:%d: %s\nalerts, restart %v (-want +got):\n%s", p.file, p.line, p.title, restart, diff)
					}
				}
				for _, a := range p.alerts {
					fired = fired || strings.Contains(a, " "+slug+" ")
				}
				quiet = quiet || len(p.alerts) == 0
			}
			if !fired || !quiet {
				t.Errorf("%s.page: needs a scene in which it fires and one in which nothing does", slug)
			}
		})
	}
}
