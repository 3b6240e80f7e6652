package web

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
)

// scene fills a history with an hour of a small bank under attack, the same each
// time it is called with the same now.
func (s *site) scene(now time.Time) {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := event.NewIDs([32]byte{1})
	var last []string
	add := func(ago time.Duration, e event.Event) {
		e.Time = now.Add(-ago)
		e.ID = ids.Next(e.Time)
		if e.Kind.String() != "" && e.Severity == 0 {
			e.Severity = event.DefaultSeverity(e.Kind, e.Reason)
		}
		if e.Outcome == 0 {
			e.Outcome = event.Failure
		}
		e.Origin, e.Trust = "http", "trusted"
		s.history.events = append(s.history.events, e)
		last = append(last, e.ID.String())
	}
	services := []string{"accounts-api", "payments-api"}
	routes := []string{"/accounts/{id}", "/transfers", "/me", "/statements/{month}"}
	for m := range 60 {
		for i, name := range services {
			add(time.Duration(m)*time.Minute+time.Duration(i+5)*time.Second, event.Event{Kind: event.Verified, Outcome: event.Success, ServiceName: name,
				Method: "GET", Route: routes[rng.IntN(4)], ClientAddress: fmt.Sprintf("198.51.100.%d", rng.IntN(200)), Status: 200,
				Verified: true, UserHash: fmt.Sprintf("p1:%06x", rng.IntN(1<<24)), Fingerprint: "f1:" + secretLike(rng), Algorithm: "ES256",
				Count: int64(120 + rng.IntN(160)), Window: 60, Use: event.Access})
		}
		if rng.IntN(3) == 0 {
			add(time.Duration(m)*time.Minute+31*time.Second, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonExpired, ServiceName: services[rng.IntN(2)],
				Method: "GET", Route: routes[rng.IntN(4)], ClientAddress: fmt.Sprintf("198.51.100.%d", rng.IntN(200)), Status: 401,
				ClaimedSubject: fmt.Sprintf("user-%d", rng.IntN(900)), Fingerprint: "f1:" + secretLike(rng), Use: event.Access})
		}
	}
	for i := range 24 {
		add(14*time.Minute-time.Duration(i)*2*time.Second, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, ServiceName: "accounts-api",
			Method: "GET", Route: "/accounts/{id}", ClientAddress: "203.0.113.7", Status: 401, UserAgent: "python-requests/2.32",
			ClaimedSubject: "alice@bank.example", Fingerprint: "f1:" + secretLike(rng), BodyFingerprint: "f1:b0dyb0dyb0dyb0dyb0dyb0", Algorithm: "HS256", Use: event.Access, Source: event.Header})
	}
	guessing := last[len(last)-20:]
	add(6*time.Minute, event.Event{Kind: event.VerificationFailed, Reason: event.ReasonAlgNone, ServiceName: "payments-api", Method: "POST", Route: "/transfers",
		ClientAddress: "203.0.113.7", Status: 401, ClaimedSubject: "admin", Fingerprint: "f1:" + secretLike(rng), Algorithm: "none", Use: event.Access, Source: event.Header,
		UserAgent: "curl/8.19", Attack: []string{"T1606"}, Detail: "unsigned token", RequestID: "req-7f1e"})
	forged := last[len(last)-1:]
	add(3*time.Minute, event.Event{Kind: event.RefreshReuse, Reason: event.ReasonRefreshReuse, ServiceName: "accounts-api", Method: "POST", Route: "/token/refresh",
		ClientAddress: "192.0.2.55", Status: 401, Verified: true, UserHash: "p1:4be1c0", Family: "01KDM5Q3FAMILY", Generation: 7, Fingerprint: "f1:" + secretLike(rng), Use: event.Refresh})
	reuse := last[len(last)-1:]
	add(40*time.Second, event.Event{Kind: event.ScopeDenied, Reason: event.ReasonScopeInsufficient, ServiceName: "payments-api", Method: "DELETE", Route: "/transfers/{id}",
		ClientAddress: "198.51.100.9", Status: 403, Verified: true, UserID: "bob", Scope: []string{"read"}, ScopeRequired: []string{"transfers:write"}, Fingerprint: "f1:" + secretLike(rng)})

	s.history.services = []Service{{"accounts-api", now.Add(-5 * time.Second)}, {"payments-api", now.Add(-7 * time.Second)}}
	s.history.alerts = []AlertView{
		{State: "firing", Alert: detect.Alert{ID: "a-reuse", Rule: "refresh-reuse", Severity: "critical", Group: detect.Labels{{Key: "jwt.family", Value: "01KDM5Q3FAMILY"}},
			First: now.Add(-3 * time.Minute), Last: now.Add(-3 * time.Minute), Count: 1, Events: reuse, Attack: []string{"T1528", "T1550.001"}}},
		{State: "firing", Alert: detect.Alert{ID: "a-forged", Rule: "forged-algorithm", Severity: "critical", Group: detect.Labels{{Key: "client.address", Value: "203.0.113.7"}},
			First: now.Add(-6 * time.Minute), Last: now.Add(-6 * time.Minute), Count: 1, Events: forged, Attack: []string{"T1606"}}},
		{State: "acknowledged", Alert: detect.Alert{ID: "a-brute", Rule: "signature-bruteforce", Severity: "high", Group: detect.Labels{{Key: "client.address", Value: "203.0.113.7"}, {Key: "service.name", Value: "accounts-api"}},
			First: now.Add(-14 * time.Minute), Last: now.Add(-13 * time.Minute), Count: 24, Events: guessing, Attack: []string{"T1110"}}},
		{State: "resolved", Alert: detect.Alert{ID: "a-scope", Rule: "abnormal-lifetime", Severity: "medium", Group: detect.Labels{{Key: "jwt.iss", Value: "https://id.bank.example"}},
			First: now.Add(-29 * time.Hour), Last: now.Add(-28 * time.Hour), Count: 5}},
		{State: "resolved", Alert: detect.Alert{ID: "a-slow", Rule: "slow-verification", Severity: "low", Group: detect.Labels{{Key: "service.name", Value: "payments-api"}},
			First: now.Add(-50 * time.Hour), Last: now.Add(-49 * time.Hour), Count: 12}},
	}
	wrong := false
	run := func(check string, id catalog.ID, v finding.Verdict, accepted bool, tier finding.Tier, reason string, fired bool) finding.Run {
		r := finding.Run{Check: check, Weakness: id, Verdict: v, Accepted: accepted, Seen: finding.Seen{Assessed: true, Tier: tier, Reason: reason}, Alerted: finding.Alerted{Assessed: true, Fired: fired}}
		if reason == "unauthorized" {
			r.Seen.ReasonCorrect = &wrong
		}
		return r
	}
	s.history.scans = []finding.Report{
		{Tool: "jotsight", Command: "scan", Target: "http://127.0.0.1:8081", Started: now.Add(-20 * time.Minute), Ended: now.Add(-19 * time.Minute),
			Grades: finding.Grades{Protection: finding.Grade{Assessed: true, Letter: "F", Score: 21}, Visibility: finding.Grade{Assessed: true, Letter: "F", Score: 8}},
			Findings: []finding.Finding{
				{ID: catalog.SilentVerifyFailure, Severity: catalog.High, Message: "A forged token was refused and no line says so."},
				{ID: catalog.RevokedTokenAccepted, Severity: catalog.Critical, Message: "The access token still works 2 s after logout."},
				{ID: catalog.SilentRefresh, Severity: catalog.High, Message: "15 refreshes in 2 s, and nothing records them."},
				{ID: catalog.WeakSecret, Severity: catalog.Critical, Message: "The HMAC secret is one of the 2,000 published ones."},
				{ID: catalog.RefreshNotRotated, Severity: catalog.Medium, Message: "Refresh returns the same refresh token."},
			},
			Runs: []finding.Run{
				run("alg-none", catalog.AlgNoneAccepted, finding.Pass, false, finding.TierNone, "", false),
				run("signature-garbled", catalog.SignatureNotVerified, finding.Pass, false, finding.TierAccess, "", false),
				run("expired", catalog.ExpiredAccepted, finding.Pass, false, finding.TierPartial, "unauthorized", false),
				run("after-logout", catalog.RevokedTokenAccepted, finding.Fail, true, finding.TierNone, "", false),
			}},
		{Tool: "jotsight", Command: "scan", Target: "http://127.0.0.1:8082", Started: now.Add(-18 * time.Minute), Ended: now.Add(-17 * time.Minute),
			Grades:   finding.Grades{Protection: finding.Grade{Assessed: true, Letter: "A", Score: 100}, Visibility: finding.Grade{Assessed: true, Letter: "A", Score: 97}},
			Findings: []finding.Finding{{ID: catalog.WrongLevel, Severity: catalog.Low, Message: "An expired token is recorded at info."}},
			Runs: []finding.Run{
				run("alg-none", catalog.AlgNoneAccepted, finding.Pass, false, finding.TierComplete, "alg_none", true),
				run("signature-garbled", catalog.SignatureNotVerified, finding.Pass, false, finding.TierComplete, "bad_signature", true),
			}},
		{Tool: "jotsight", Command: "scan", Target: "https://staging.bank.example", Started: now.Add(-30 * time.Hour), Ended: now.Add(-29 * time.Hour),
			Grades: finding.Grades{Protection: finding.Grade{Assessed: true, Letter: "C", Score: 71}, Visibility: finding.Grade{Why: "no log source"}}},
	}
}

func secretLike(rng *rand.Rand) string {
	const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, 22)
	for i := range b {
		b[i] = set[rng.IntN(len(set))]
	}
	return string(b)
}
