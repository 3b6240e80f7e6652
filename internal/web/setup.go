package web

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jotsight/jotsight/guard/event"
)

// setup holds the secret of the one-time link, while there is no user.
type setup struct {
	mu     sync.Mutex
	secret string
}

func (s *setup) arm(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret = secret
}

func (s *setup) token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secret
}

// takes reports whether secret is that of the link, and the link still good.
func (s *setup) takes(secret string) bool {
	want, got := hashText(s.token()), hashText(secret)
	return secret != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

const usedUp = "This set-up link is not valid. It works once, until the monitor has a user or is started again."

func (w *Web) setupForm(rw http.ResponseWriter, r *http.Request) {
	if !w.setup.takes(r.PathValue("token")) {
		w.problem(rw, r, http.StatusNotFound, usedUp)
		return
	}
	w.showSetup(rw, r, http.StatusOK, entry{})
}

func (w *Web) showSetup(rw http.ResponseWriter, r *http.Request, status int, e entry) {
	e.Title, e.Action = "Set up", r.URL.Path
	w.pages.write(rw, status, "setup", e)
}

func (w *Web) setUp(rw http.ResponseWriter, r *http.Request) {
	if !w.setup.takes(r.PathValue("token")) {
		w.problem(rw, r, http.StatusNotFound, usedUp)
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		w.problem(rw, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	name, password := strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("password")
	if problem := wrongName(name); problem != "" {
		w.showSetup(rw, r, http.StatusUnprocessableEntity, entry{Problem: problem})
		return
	}
	if checkPassword(password) != nil {
		w.showSetup(rw, r, http.StatusUnprocessableEntity,
			entry{Name: name, Problem: "The password needs at least 12 characters, and at most 256 bytes."})
		return
	}
	if password != r.PostForm.Get("again") {
		w.showSetup(rw, r, http.StatusUnprocessableEntity, entry{Name: name, Problem: "The two passwords differ."})
		return
	}
	hash, err := w.hasher.hash(r.Context(), password)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	added, err := w.c.Accounts.AddFirstUser(r.Context(),
		User{Name: name, Role: RoleAdmin, Password: hash, Created: w.c.Now()})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.setup.arm("") // whoever won, there is a user now
	if !added {
		w.problem(rw, r, http.StatusNotFound, usedUp)
		return
	}
	if err := w.begin(rw, r, name); err != nil {
		w.fail(rw, r, err)
		return
	}
	w.audit(r, event.UILogin, name, 0)
	http.Redirect(rw, r, "/", http.StatusSeeOther)
}

// wrongName says what is wrong with the name of a user.
func wrongName(name string) string {
	switch {
	case name == "":
		return "A name is needed."
	case len(name) > 64 || !utf8.ValidString(name) || visible(name) != name:
		return "A name is at most 64 bytes of printable text."
	}
	return ""
}
