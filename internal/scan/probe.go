package scan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// A Probe is one attack. It registers itself with add in its own file.
type Probe struct {
	Name     string     // of the check; also the name of its file, with underscores
	Weakness catalog.ID // what it proves when the attack gets in
	Title    string     // what is sent, for people
	Stage    Stage
	Needs    []Need
	// Requests is how many it sends at most, for the budget, without those of Logins.
	Requests func(r *Recipe) int
	// Logins is how many sessions it opens at most; nil: none.
	Logins func(r *Recipe) int
	// To is where it sends; nil: to the protected resource and to what Needs names.
	To func(r *Recipe) []Step
	// Truth are the reasons that a right record of the attack may give; the first
	// is the best. Its class decides at which level it should be written.
	Truth []event.Reason
	// Silent is the finding when nothing records the attack though it is refused;
	// empty: the attack cannot be told from good traffic, and the log is not judged.
	Silent catalog.ID
	// Alert is the detection that must fire. Empty: none needs to.
	Alert catalog.ID
	Run   func(ctx context.Context, a *attempt)
}

// A Stage orders the probes: what disturbs the service comes last.
type Stage int

const (
	StageRefusal   Stage = iota // tokens that must be refused
	StageKey                    // what finds a way to sign
	StageClaims                 // tokens signed in that way
	StageLifecycle              // sessions that are used up
	StageBurst                  // floods
	StageEnd                    // what waits, or changes the account
	StageBrute                  // wrong passwords, which may lock it
)

// A Need is something without which a probe is skipped.
type Need int

const (
	NeedJWT            Need = iota // the access token is a JWT
	NeedKey                        // a way to sign tokens: given, or found by an earlier probe
	NeedLogin                      // the recipe logs in, so that sessions can be opened and used up
	NeedRefresh                    // the recipe has refresh, and the login gives a refresh token
	NeedLogout                     // the recipe has logout or revoke
	NeedLog                        // a source of log lines
	NeedRoutes                     // more than one protected resource
	NeedCallback                   // an address of this machine that the target reaches
	NeedForbidden                  // a resource that the user may not open
	NeedPasswordChange             // the recipe changes the password
)

// absent says what a recipe lacks of a need; empty: nothing, as far as the recipe tells.
func (n Need) absent(r *Recipe) string {
	switch {
	case n == NeedLogin && len(r.Login) == 0:
		return "the recipe has no login"
	case n == NeedRefresh && r.Refresh == nil:
		return "the recipe has no refresh"
	case n == NeedLogout && r.Logout == nil && r.Revoke == nil:
		return "the recipe has neither logout nor revoke"
	case n == NeedLog && len(r.Logs) == 0:
		return "needs a log source"
	case n == NeedRoutes && len(r.Also) == 0:
		return "the recipe names one protected resource"
	case n == NeedCallback && r.Callback == "" && !local(r.Target.Hostname()):
		return noCallback
	case n == NeedForbidden && r.Forbidden == nil:
		return "the recipe names no forbidden resource"
	case n == NeedPasswordChange && r.PasswordChange == nil:
		return "the recipe has no password_change"
	}
	return ""
}

// missing says what a run lacks of a need.
func (n Need) missing(r *run) string {
	switch {
	case n == NeedJWT && r.token == nil:
		return "the access token is not a JWT"
	case n == NeedKey && r.signer == nil:
		return "needs the signing key: give keys.secret, keys.pem or --key-file"
	case n == NeedCallback:
		if r.callback == nil {
			return noCallback
		}
		return "" // also where the name of this machine did not tell
	case n == NeedRefresh && r.recipe.Refresh != nil && r.main.refresh() == "":
		return "the login takes no refresh token"
	}
	return n.absent(r.recipe)
}

// to is where the probe sends, logins included, each place once.
func (p Probe) to(r *Recipe) (list []Step) {
	add := func(steps ...Step) {
		for _, s := range steps {
			if !slices.ContainsFunc(list, func(x Step) bool { return x.Method == s.Method && x.Path == s.Path }) {
				list = append(list, s)
			}
		}
	}
	if p.To != nil {
		add(p.To(r)...)
		return list
	}
	add(r.Protected.Step)
	for _, n := range p.Needs {
		switch n {
		case NeedLogin:
			add(r.Login...)
		case NeedRefresh:
			add(r.Refresh.Step)
		case NeedLogout:
			for _, s := range []*Step{r.Logout, r.Revoke} {
				if s != nil {
					add(*s)
				}
			}
		case NeedRoutes:
			list = nil
			for _, x := range r.Also {
				add(x.Step)
			}
		case NeedForbidden:
			add(r.Forbidden.Step)
		case NeedPasswordChange:
			add(*r.PasswordChange)
		}
	}
	return list
}

// probes is filled by the files of the probes.
var probes []Probe

func add(p Probe) struct{} {
	if slices.ContainsFunc(probes, func(q Probe) bool { return q.Name == p.Name }) {
		panic("scan: probe " + p.Name + " twice")
	}
	probes = append(probes, p)
	return struct{}{}
}

// Probes lists every probe in the order in which they run.
func Probes() []Probe {
	return slices.SortedFunc(slices.Values(probes), func(a, b Probe) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), strings.Compare(a.Name, b.Name))
	})
}

func requests(n int) func(*Recipe) int { return func(*Recipe) int { return n } }
