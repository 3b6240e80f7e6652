package scan

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Plan is what a scan would send at most, before anything is sent. What a
// limiter or a broken server answers is sent once more, which is not counted.
type Plan struct {
	Controls int // good requests and refusals that everything is compared with
	Logins   int
	Probes   []Planned
}

// Planned is one probe of a Plan.
type Planned struct {
	Name     string
	Title    string
	Requests int
	To       []string // methods and paths
	Why      string   // why it will be skipped, as far as the recipe tells
}

// PlanOf says what Run would send.
func PlanOf(r *Recipe) Plan {
	p := Plan{Controls: 6, Logins: 1}
	for _, probe := range Probes() {
		n := Planned{Name: probe.Name, Title: probe.Title, Requests: probe.Requests(r)}
		for _, need := range probe.Needs {
			if n.Why == "" {
				n.Why = need.absent(r)
			}
		}
		if n.Why == "" && probe.Logins != nil && len(r.Login) > 0 {
			p.Logins += probe.Logins(r)
		}
		if n.Why != "" {
			n.Requests = 0
		} else {
			p.Controls++ // the control that follows every probe
			for _, s := range probe.to(r) {
				n.To = append(n.To, s.name())
			}
		}
		p.Probes = append(p.Probes, n)
	}
	each, once := 0, 0
	for _, s := range r.Login {
		each += s.requests()
		if s.OAuth != nil && s.OAuth.wantsMetadata() {
			once += oauthMetadata
		}
	}
	p.Logins = p.Logins*each + once
	return p
}

// Requests is the most that Run would send.
func (p Plan) Requests() int {
	n := p.Controls + p.Logins
	for _, x := range p.Probes {
		n += x.Requests
	}
	return n
}

// WritePlan prints the budget of a scan, for people.
func WritePlan(w io.Writer, r *Recipe) error {
	p := PlanOf(r)
	var b strings.Builder
	fmt.Fprintf(&b, "target %s\n", r.Target.Redacted())
	for _, s := range r.Login {
		fmt.Fprintf(&b, "  login      %s\n", s.name())
	}
	if r.Mint != nil {
		fmt.Fprintf(&b, "  mint       %s tokens, nothing is asked for them\n", r.Mint.Alg)
	}
	for _, p := range append([]Protected{r.Protected}, r.Also...) {
		fmt.Fprintf(&b, "  protected  %s\n", p.name())
	}
	for _, s := range []struct {
		name string
		step *Step
	}{{"refresh", r.refreshStep()}, {"logout", r.Logout}, {"revoke", r.Revoke}} {
		if s.step != nil {
			fmt.Fprintf(&b, "  %-9s  %s\n", s.name, s.step.name())
		}
	}
	for _, l := range r.Logs {
		fmt.Fprintf(&b, "  log        %s\n", l.place())
	}
	if r.Alerts != nil {
		how := map[string]string{"webhook": "listen on", "file": "read"}[r.Alerts.Kind]
		fmt.Fprintf(&b, "  alerts     %s %s, wait %s\n", cmp.Or(how, "ask"), r.Alerts.place(), r.Alerts.Within)
	}
	fmt.Fprintf(&b, "\nat most  probe                     what is sent\n%7d  %-24s  %s\n%7d  %-24s  %s: %s\n", p.Logins, "login", "sessions of the scan's own", p.Controls, "controls", "good requests, and refusals to compare with", r.Protected.name())
	for _, x := range p.Probes {
		if x.Why != "" {
			fmt.Fprintf(&b, "%7s  %-24s  skipped: %s\n", "-", x.Name, x.Why)
			continue
		}
		fmt.Fprintf(&b, "%7d  %-24s  %s: %s\n", x.Requests, x.Name, x.Title, strings.Join(x.To, ", "))
	}
	fmt.Fprintf(&b, "%7d  requests in all", p.Requests())
	if l := r.Limits; l.RPS > 0 {
		over := max(0, p.Requests()-l.Burst)
		fmt.Fprintf(&b, ", %g a second after a burst of %d: about %s", l.RPS, l.Burst, (time.Duration(float64(over) / l.RPS * float64(time.Second))).Round(time.Second))
	}
	b.WriteString("\n")
	if l := r.Limits; l.LoginsPerMinute > 0 && p.Logins > 0 {
		wait := max(0, p.Logins-l.LoginsPerMinute)
		fmt.Fprintf(&b, "%7d  logins of them, %d a minute after the first %[2]d: about %[3]s\n", p.Logins, l.LoginsPerMinute, (time.Duration(wait) * time.Minute / time.Duration(l.LoginsPerMinute)).Round(time.Second))
	}
	b.WriteString("What a limiter or a server error answers is sent once more.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// name is the step as people write it.
func (s Step) name() string {
	if s.OAuth != nil {
		return "oauth " + s.OAuth.Grant + " at " + cmp.Or(s.Path, s.OAuth.Issuer)
	}
	if s.Path == "" {
		return s.Method + " the endpoint that the issuer names"
	}
	return s.Method + " " + withoutQuery(s.Path)
}

func (r *Recipe) refreshStep() *Step {
	if r.Refresh == nil {
		return nil
	}
	return &r.Refresh.Step
}

// WriteDiscoveryPlan prints what a discovery would send, for people. What it
// finds decides about the scan, whose plan cannot be known before.
func WriteDiscoveryPlan(w io.Writer, target string, h Hints) error {
	u, err := parseTarget(target)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "target %s\n\nat most  what is sent to find out more\n", u.Redacted())
	row := func(n int, what string, paths []string) {
		fmt.Fprintf(&b, "%7d  %s", n, what)
		if len(paths) > 0 {
			fmt.Fprintf(&b, ": GET %s", strings.Join(paths, " "))
		}
		b.WriteString("\n")
	}
	row(1, "a path that cannot exist", nil)
	if h.OpenAPI == "" {
		row(len(openAPIPaths), "OpenAPI document", openAPIPaths)
	} else if strings.Contains(h.OpenAPI, "://") {
		row(1, "OpenAPI document, from the given address", nil)
	}
	row(len(metadataPaths("")), "metadata", metadataPaths(""))
	row(len(jwksPaths), "public keys", jwksPaths)
	switch {
	case h.Token != "":
		fmt.Fprintf(&b, "      -  login: skipped, a token was given\n")
	case h.User == "":
		fmt.Fprintf(&b, "      -  login: skipped, needs --user and --password-env\n")
	default:
		row(len(loginPages), "sign-in forms", loginPages)
		fmt.Fprintf(&b, "%7d  is there a login: POST {} %s\n", len(loginPaths), strings.Join(loginPaths, " "))
		fmt.Fprintf(&b, "%7d  the user's password, to what looks like a login, as JSON or form\n", maxAttempts)
		fmt.Fprintf(&b, "%7d  are there refresh and logout: OPTIONS %s %s\n", 2+len(refreshPaths)+len(logoutPaths), strings.Join(refreshPaths, " "), strings.Join(logoutPaths, " "))
		fmt.Fprintf(&b, "      3  the refresh that was found, with the token of the login\n")
	}
	if h.Token == "" && h.User == "" {
		fmt.Fprintf(&b, "      -  protected resource: skipped, needs a token\n")
	} else {
		fmt.Fprintf(&b, "   rest  protected resource, with and without token: GET operations of the document, links of GET /, %s\n", strings.Join(callerPaths, " "))
	}
	fmt.Fprintf(&b, "%7d  requests in all", maxDiscovery)
	if l := h.limits(); l.RPS > 0 {
		fmt.Fprintf(&b, ", %g a second after a burst of %d", l.RPS, l.Burst)
	}
	b.WriteString("\n")
	b.WriteString("Nothing is sent to another host, and nothing that is named like a logout, OPTIONS apart.\nWhat the scan sends then depends on what is found: --init writes it down, and --config FILE --plan prints it.\n")
	_, err = io.WriteString(w, b.String())
	return err
}
