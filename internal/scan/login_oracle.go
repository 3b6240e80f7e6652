package scan

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// leastLogin is the least difference that is called one for logins: a password
// hash takes some ten milliseconds or more.
const leastLogin = 10 * time.Millisecond

// loginRounds is how often the known user is tried: few enough not to lock an
// account that is locked after three failures.
const loginRounds = 2

// longestLogins is how long the probe waits for the login budget.
const longestLogins = 30 * time.Second

var _ = add(Probe{
	Name:     "login-oracle",
	Weakness: catalog.TimingOracle,
	Title:    "wrong passwords for a user who is known and for users who are not",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedLogin},
	Requests: func(r *Recipe) int {
		in, _ := r.passwordLogin()
		return 3 * loginRounds * in.requests()
	},
	Logins: requests(1),
	Run:    loginOracle,
})

// nobody gives a user name that nobody has, of the form of one that somebody
// has: an address stays one of the same domain, digits stay digits.
func nobody(known string) string {
	local, domain, mail := strings.Cut(known, "@")
	digits := strings.Trim(local, "+0123456789") == "" && local != ""
	alphabet := "abcdefghijkmnpqrstuvwxyz"
	if digits {
		alphabet = "0123456789"
	}
	b := make([]byte, max(len(local), 10))
	for i := range b {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		b[i] = alphabet[n.Int64()]
	}
	if mail {
		return string(b) + "@" + domain
	}
	return string(b)
}

// A loginKind is one kind of user and how wrong passwords for it were answered.
type loginKind struct {
	took    []time.Duration
	answers []*response
}

func loginOracle(ctx context.Context, a *attempt) {
	r := a.run
	in, ok := r.recipe.passwordLogin()
	known := ""
	if ok {
		known = in.name(r.main)
	}
	if known == "" {
		a.skip("no step of the login names its user and sends a password, in JSON or in a form")
		return
	}
	if wait := r.logins.ReserveN(time.Now(), 3*loginRounds); !wait.OK() || wait.Delay() > longestLogins {
		wait.Cancel()
		a.skip("needs %d logins at once: raise limits.logins_per_minute", 3*loginRounds)
		return
	} else if !sleep(ctx, wait.Delay()) {
		return
	}
	password := "Aa1-" + newCanary()
	var stranger1, stranger2, friend loginKind
	for range loginRounds {
		for _, x := range []struct {
			to   *loginKind
			user string
		}{{&stranger1, nobody(known)}, {&friend, known}, {&stranger2, nobody(known)}} {
			res, got, err := a.wrongPassword(ctx, in, x.user, password)
			if res == nil || got != refused {
				a.inconclusive("a wrong password is %s", orError(got, err))
				return
			}
			x.to.took = append(x.to.took, res.took)
			x.to.answers = append(x.to.answers, res)
		}
	}
	// A good login ends the count of failures that the account may keep.
	if s, err := r.open(ctx); err == nil {
		s.v.close()
	}
	place := in.place()
	report := func(id catalog.ID, message, evidence string) {
		a.fail("%s", evidence)
		r.find(found{id: id, confidence: finding.Firm, step: place, message: message, evidence: []string{a.probe.Name + ": " + evidence}})
	}
	times := compare(stranger1.took, stranger2.took, friend.took, leastLogin)
	if told := tellApart(friend.answers, slices.Concat(stranger1.answers, stranger2.answers)); told != "" {
		report(catalog.VerboseError, "the answer to a wrong password tells whether the user exists", "known and unknown users are answered differently: "+r.vault.quote(told))
	}
	if times.clear {
		report(catalog.TimingOracle, "the time of a login tells whether the user exists",
			fmt.Sprintf("a known user takes %+d µs against unknown ones, noise floor %s", times.difference.Microseconds(), micros(times.floor)))
	}
	switch {
	case times.floor > mostFloor:
		a.skip("users are answered alike; the time needs a quieter machine or network: a difference would be below the noise floor of %s", micros(times.floor))
	default:
		a.pass("known and unknown users are answered alike, and no difference of time is above the noise floor of %s", micros(times.floor))
	}
}

// wrongPassword tries one login from an address of its own. Names are taken out
// of the answer: an echo tells nothing, and the known name may be a word like any
// other.
func (a *attempt) wrongPassword(ctx context.Context, in passwordLogin, user, password string) (*response, answer, error) {
	r := a.run
	r.know("a password that the scan tried", password, standing)
	s, err := r.newSession(nil)
	if err != nil {
		return nil, unclear, err
	}
	defer s.v.close()
	res, err := s.logIn(ctx, in.with(&user, &password))
	if res == nil {
		return nil, unclear, err
	}
	r.known = append(r.known, res.canary)
	switch {
	case res.status == http.StatusTooManyRequests:
		return res, limited, nil
	case res.status >= 500:
		return res, broken, nil
	case err == nil && s.access() != "":
		return res, took, nil
	}
	for _, name := range []string{user, in.name(r.main)} {
		local, _, _ := strings.Cut(name, "@")
		for _, text := range []string{name, strings.ReplaceAll(name, "@", "%40"), local} {
			if text != "" {
				res.body = bytes.ReplaceAll(res.body, []byte(text), nil)
			}
		}
	}
	return res, refused, nil
}

// tellApart says in what every answer of one kind differs from every answer of
// the other; empty: in nothing. What has digits in it may differ by itself.
func tellApart(these, those []*response) string {
	always := func(list []*response) (all, any map[string]bool) {
		any = map[string]bool{}
		for i, r := range list {
			m := maps.Clone(marks(r))
			m[fmt.Sprintf("status %d", r.status)] = true
			if i == 0 {
				all = maps.Clone(m)
			}
			maps.DeleteFunc(all, func(k string, _ bool) bool { return !m[k] })
			maps.Copy(any, m)
		}
		maps.DeleteFunc(all, func(k string, _ bool) bool {
			word, isWord := strings.CutPrefix(k, "word ")
			return isWord && strings.ContainsFunc(word, unicode.IsDigit) || strings.ContainsFunc(value(k), unicode.IsDigit)
		})
		return all, any
	}
	allThese, anyThese := always(these)
	allThose, anyThose := always(those)
	only := func(all, any map[string]bool) string {
		maps.DeleteFunc(all, func(k string, _ bool) bool { return any[k] })
		return strings.Join(slices.Sorted(maps.Keys(all))[:min(len(all), 4)], ", ")
	}
	a, b := only(allThese, anyThose), only(allThose, anyThese)
	switch {
	case a == "" && b == "":
		return ""
	case a == "":
		return "only unknown users: " + b
	case b == "":
		return "only known users: " + a
	}
	return a + " against " + b
}
