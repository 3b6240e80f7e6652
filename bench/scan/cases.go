package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A testcase is one lab to scan, with what is true of it.
type testcase struct {
	group    string
	switches []string
	log      string
	key      bool // the tester is given the signing key
	alerts   bool
	finds    []string // must be reported
	may      []string // may be
	sound    bool     // nothing but logging and alerts is at fault
}

func (c testcase) name() string {
	s := strings.Join(c.switches, "+")
	if s == "" {
		s = "sound"
	}
	if c.log != "json" {
		s += "/" + c.log
	}
	return s
}

// masks name the switches beside which no other can be seen or exploited in its
// own right, so that they take no part in pairs.
var masks = []string{"no-verification", "open", "serve-401", "serve-302", "life-endless", "exp-millis", "fail-open-panic"}

// hinders says which findings an oddity can keep a scan from, so that in a
// combination they are no longer demanded.
var hinders = map[string][]string{
	"stateless":     {"silent-refresh", "silent-revoked-use", "silent-revocation", "token-in-log"},
	"bare-claims":   {"silent-revoked-use"},
	"opaque":        {"log-injection", "token-in-log", "token-prefix-as-id", "wrong-reason", "lost-events", "silent-rate-limit"},
	"limit-address": {"lost-events", "log-injection", "wrong-reason", "token-in-log"},
	"limit-global":  {"lost-events", "silent-rate-limit", "log-injection", "wrong-reason", "token-in-log"},
	"short-life":    {"silent-revoked-use"},
	"no-key":        {"wrong-reason"},
}

// one is a case of a single property.
func one(p property) testcase {
	c := testcase{group: p.Group, log: "json", key: p.Key, alerts: p.Group == "alert", finds: p.Finds, may: p.May, sound: p.Group != "protection"}
	if p.Group == "log" {
		c.log, c.key = p.Name, true
		return c
	}
	c.switches = []string{p.Name}
	if p.Group == "alert" {
		c.key = true
	}
	return c
}

// join puts two properties together.
func join(group string, p, q property) testcase {
	a, b := one(p), one(q)
	c := testcase{group: group, switches: slices.Concat(a.switches, b.switches), log: "json", key: (a.key || b.key) && !slices.Contains(a.switches, "no-key"), sound: a.sound && b.sound}
	for _, x := range []testcase{a, b} {
		if x.log != "json" {
			c.log = x.log
		}
	}
	hindered := []string{}
	for _, name := range c.switches {
		hindered = append(hindered, hinders[name]...)
	}
	c.may = slices.Concat(a.may, b.may, hindered)
	for _, id := range slices.Concat(a.finds, b.finds) {
		if !slices.Contains(hindered, id) && !slices.Contains(c.finds, id) {
			c.finds = append(c.finds, id)
		}
	}
	return c
}

// cases gives every property by itself, and samples combinations of each sort: an
// oddity with a log mode, two weaknesses, a weakness with an oddity. The same
// seed gives the same sample.
func cases(all []property, samples int, seed uint64) (list []testcase) {
	list = append(list, testcase{group: "odd", log: "json", key: true, sound: true})
	of := map[string][]property{}
	for _, p := range all {
		if p.Name == "json" {
			continue // the default, as above
		}
		c := one(p)
		if slow(p) { // first, so that nobody waits for them in the end
			list = append([]testcase{c}, list...)
			continue
		}
		list = append(list, c)
		if !slices.Contains(masks, p.Name) {
			of[p.Group] = append(of[p.Group], p)
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	taken := map[string]bool{}
	sample := func(group string, from, with []property) {
		for tries, n := 0, 0; n < samples && tries < 50*samples; tries++ {
			p, q := from[rng.IntN(len(from))], with[rng.IntN(len(with))]
			c := join(group, p, q)
			if p.Name == q.Name || taken[c.name()] || !fits(p, q) {
				continue
			}
			taken[c.name()] = true
			list = append(list, c)
			n++
		}
	}
	if samples > 0 {
		sample("odd x log", of["odd"], of["log"])
		sample("pair", of["protection"], of["protection"])
		sample("weak x odd", of["odd"], of["protection"])
	}
	return list
}

// slow reports whether a log mode makes the scan wait at every probe. Such a mode
// is scanned once, and in no combination.
func slow(p property) bool { return p.Name == "late" || p.Name == "batch" }

// fits reports whether two properties can be had at once and seen both.
func fits(p, q property) bool {
	algs := p.Alg != "" && q.Alg != "" && p.Alg != q.Alg
	secret := func(p property) bool { return strings.Contains(p.Name, "secret") }
	secrets := secret(p) && (secret(q) || q.Alg != "") || secret(q) && p.Alg != ""
	if algs || secrets {
		return false
	}
	for _, x := range [][2]property{{p, q}, {q, p}} {
		a, b := x[0].Name, x[1].Name
		kinds := slices.Contains([]string{"opaque", "stateless", "bare-claims", "limit-address", "limit-global", "lockout", "html", "empty-body", "cookies", "short-life", "one-session", "no-key"}, a)
		if kinds && x[1].Group == "protection" || a == "kid-path" && b == "kid-sql" || strings.HasPrefix(a, "kid-") && (x[1].Alg != "" || strings.Contains(b, "secret") || strings.HasPrefix(b, "kid-") || b == "fail-open-key") {
			return false
		}
		if strings.HasPrefix(a, "refresh-") && (strings.HasPrefix(b, "refresh-") || b == "family-survives" || b == "access-as-refresh" || b == "grace" || b == "jwt-refresh") {
			return false
		}
		if (a == "denylist-raw" || a == "url-token") && (strings.HasPrefix(b, "access-") || strings.HasPrefix(b, "url-")) {
			return false
		}
		if strings.HasPrefix(a, "soft-") && (strings.HasPrefix(b, "soft-") || strings.HasPrefix(b, "verbose")) || strings.HasPrefix(a, "re") && x[0].Group == "odd" && strings.HasPrefix(b, "verbose") || a == "guest" && strings.HasPrefix(b, "verbose") || a == "fail-500" && strings.HasPrefix(b, "verbose") {
			return false
		}
	}
	return true
}

// pick keeps the cases that are asked for by name, switch, log mode or group.
func pick(list []testcase, names string) ([]testcase, error) {
	var out []testcase
	for want := range strings.SplitSeq(names, ",") {
		want = strings.TrimSpace(want)
		had := len(out)
		for _, c := range list {
			if c.name() == want || c.name() == "sound/"+want || c.group == want {
				out = append(out, c)
			}
		}
		if len(out) == had {
			return nil, fmt.Errorf("switch %q: no case of this name; -v prints all", want)
		}
	}
	return out, nil
}
