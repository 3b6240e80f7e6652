package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// alerts sends what the lab notices to a webhook. Without one, or with the switch
// alert-none, it notices nothing.
type alerts struct {
	choice
	url string

	mu      sync.Mutex
	bad     map[string]int  // bad tokens by address
	raised  map[string]bool // rule and address: one alert each
	pending sync.WaitGroup
}

// attackReasons are serious at the first one.
var attackReasons = []string{"alg_none", "alg_not_allowed", "untrusted_key_header", "kid_injection", "psychic_signature"}

// saw notices a refusal.
func (a *alerts) saw(r *http.Request, e entry) {
	if a.url == "" || a.on("alert-none") {
		return
	}
	rule := ""
	a.mu.Lock()
	defer a.mu.Unlock()
	addr := address(r)
	switch {
	case slices.Contains(attackReasons, e.reason):
		rule = "forged-algorithm"
	case e.kind == "refresh_reuse":
		rule = "refresh-reuse"
	case e.kind == "revoked_use":
		rule = "revoked-use"
	case e.kind == "rate_limited" && r.URL.Path == "/refresh":
		rule = "refresh-abuse"
	case e.kind == "verification_failed" || e.kind == "rate_limited":
		if a.bad[addr]++; a.bad[addr] >= 20 {
			rule = "signature-bruteforce"
		}
	}
	key := rule + " " + addr
	if rule == "forged-algorithm" {
		key += " " + e.reason // another trick is another alert
	}
	switch {
	case a.on("alert-noisy"):
		rule = "token-refused"
	case rule == "" || a.raised[key]:
		return
	}
	a.raised[key] = true
	body, _ := json.Marshal(map[string]any{"rule": rule, "evidence": map[string]any{"client.address": addr, "url.path": r.URL.Path, "error.type": e.reason,
		"user_agent.original": r.UserAgent(), "jotsight.request_id": r.Header.Get("X-Request-Id")}})
	a.pending.Go(func() {
		if a.on("alert-late") {
			time.Sleep(6 * time.Second)
		}
		client := http.Client{Timeout: 2 * time.Second}
		if res, err := client.Post(a.url, "application/json", bytes.NewReader(body)); err == nil {
			res.Body.Close()
		}
	})
}
