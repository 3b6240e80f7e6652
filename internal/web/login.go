package web

import (
	"context"
	"net/http"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// maxForm bounds the forms that strangers can post, in bytes.
const maxForm = 8 << 10

// hashPatience is how long a login waits for others to be hashed.
const hashPatience = 10 * time.Second

// wrong is the one answer to a name that does not exist and to a password that
// is not its own.
const wrong = "That name and password do not belong together."

// ownName is the service.name of the monitor's own audit events.
const ownName = "jotsight"

// entry is what the login and set-up pages show.
type entry struct {
	Title   string
	Name    string
	Next    string
	Action  string
	Problem string
	First   bool // no user yet, and this is not the set-up link
}

func (w *Web) loginForm(rw http.ResponseWriter, r *http.Request) {
	if _, ok, err := w.session(r); err == nil && ok {
		http.Redirect(rw, r, "/", http.StatusSeeOther)
		return
	}
	w.showLogin(rw, http.StatusOK, entry{Next: local(r.URL.Query().Get("next"))})
}

func (w *Web) showLogin(rw http.ResponseWriter, status int, e entry) {
	e.Title, e.First = "Log in", w.setup.token() != ""
	w.pages.write(rw, status, "login", e)
}

func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		w.problem(rw, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	name, password := r.PostForm.Get("name"), r.PostForm.Get("password")
	e := entry{Name: event.Clip(name, event.MaxClaim), Next: local(r.PostForm.Get("next"))}

	if !w.limits.allow(w.c.ClientIP(r), w.c.Now()) {
		w.audit(r, event.UILoginFailed, name, event.ReasonRateLimited)
		rw.Header().Set("Retry-After", "10")
		e.Problem = "Too many attempts. Wait ten seconds, then try again."
		w.showLogin(rw, http.StatusTooManyRequests, e)
		return
	}
	ok, err := w.knows(r.Context(), name, password)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	if !ok {
		w.audit(r, event.UILoginFailed, name, 0)
		e.Problem = wrong
		w.showLogin(rw, http.StatusUnauthorized, e)
		return
	}
	w.setup.arm("") // there is a user, wherever it came from
	if err := w.begin(rw, r, name); err != nil {
		w.fail(rw, r, err)
		return
	}
	w.audit(r, event.UILogin, name, 0)
	http.Redirect(rw, r, e.Next, http.StatusSeeOther)
}

// knows does the same work whether the user exists or not.
func (w *Web) knows(ctx context.Context, name, password string) (bool, error) {
	u, found, err := w.c.Accounts.User(ctx, name)
	if err != nil {
		return false, err
	}
	if !found {
		u.Password = ""
	}
	if len(password) > maxPassword { // no user has such a one, and each is told the same
		password = ""
	}
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	ok, err := w.hasher.matches(ctx, u.Password, password)
	return ok && found, err
}

func (w *Web) logout(rw http.ResponseWriter, r *http.Request) {
	w.end(r)
	w.setCookie(rw, "")
	http.Redirect(rw, r, "/login", http.StatusSeeOther)
}

// audit records an attempt to log in. Only a name whose password was right is
// an actor; any other is a claim.
func (w *Web) audit(r *http.Request, k event.Kind, name string, why event.Reason) {
	now := w.c.Now()
	e := &event.Event{
		Time: now, Observed: now, ID: w.ids.Next(now),
		Kind: k, Severity: event.DefaultSeverity(k, why), Reason: why,
		Message: "dashboard login", Outcome: event.Success,
		ServiceName: ownName, Origin: "monitor", Trust: "trusted",
		ClientAddress: w.c.ClientIP(r), UserAgent: event.Clip(r.UserAgent(), event.MaxText),
		Method: r.Method, Route: r.Pattern[len(r.Method)+1:],
	}
	name = event.Clip(name, event.MaxClaim)
	if k == event.UILogin {
		e.Actor = name
	} else {
		e.Message, e.Outcome, e.ClaimedSubject = "dashboard login failed", event.Failure, name
	}
	w.c.Emit(e)
}
