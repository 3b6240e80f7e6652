package bank

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"
)

// A User is somebody who can log in. The passwords are no secret: they are in
// this repository, and so nowhere else.
type User struct {
	Name     string
	Password string
	Scopes   []string
	Accounts []string
}

// Users lists who banks here: customers, one who may only look, and a clerk.
func Users() []User {
	full := []string{scopeRead, scopeTransfer}
	return []User{
		{"alice", "alice-drinks-black-coffee", full, []string{"A-1001", "A-1002"}},
		{"bob", "bob-mends-old-clocks", full, []string{"A-2001"}},
		{"carol", "carol-sails-at-dawn", full, []string{"A-3001"}},
		{"dave", "dave-only-ever-looks", []string{scopeRead}, []string{"A-4001"}},
		{"erin", "erin-keeps-the-books", []string{scopeRead, scopeAdmin}, nil},
	}
}

type account struct {
	ID     string `json:"id"`
	Owner  string `json:"owner"`
	Cents  int64  `json:"cents"`
	Frozen bool   `json:"frozen"`
}

type transfer struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Cents int64  `json:"cents"`
	By    string `json:"by"`
}

// maxJournal bounds the memory of past transfers.
const maxJournal = 1000

// A ledger holds users, accounts and transfers in memory, and serves them.
type ledger struct {
	customers map[string]User
	hashes    map[string][]byte // by user; read only

	mu       sync.Mutex
	accounts map[string]*account
	past     []transfer
}

func newLedger() *ledger {
	l := &ledger{customers: map[string]User{}, hashes: hashes(), accounts: map[string]*account{}}
	for _, u := range Users() {
		l.customers[u.Name] = u
		for _, id := range u.Accounts {
			l.accounts[id] = &account{ID: id, Owner: u.Name, Cents: 1_000_000}
		}
	}
	return l
}

// hashes are those of the users' passwords. The cheapest cost will do: whoever
// has the hashes has the source too.
var hashes = sync.OnceValue(func() map[string][]byte {
	m := map[string][]byte{}
	for _, u := range Users() {
		hash, err := bcrypt.GenerateFromPassword([]byte(u.Password), bcrypt.MinCost)
		if err != nil {
			panic(err) // a password over 72 bytes in the list above
		}
		m[u.Name] = hash
	}
	return m
})

// credentials are the body of POST /login.
type credentials struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// authenticate finds the user whose password c holds.
func (l *ledger) authenticate(c credentials) (User, bool) {
	hash, known := l.hashes[c.User]
	if !known {
		hash = l.hashes["alice"] // as slow for strangers as for friends
	}
	wrong := bcrypt.CompareHashAndPassword(hash, []byte(c.Password)) != nil
	return l.customers[c.User], known && !wrong
}

// A caller is who a verified token speaks for.
type caller struct {
	Name   string
	Scopes []string
}

type callerKey struct{}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// callerOf panics when no verification ran before: a route without one must not
// serve anybody.
func callerOf(r *http.Request) caller { return r.Context().Value(callerKey{}).(caller) }

func (l *ledger) me(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	answer(w, http.StatusOK, map[string]any{"user": c.Name, "scopes": c.Scopes, "accounts": l.customers[c.Name].Accounts})
}

func (l *ledger) list(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, l.copies(func(a *account) bool { return a.Owner == callerOf(r).Name }))
}

func (l *ledger) show(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	mine := l.copies(func(a *account) bool { return a.ID == id && a.Owner == callerOf(r).Name })
	if len(mine) == 0 {
		refuse(w, http.StatusNotFound, "no such account")
		return
	}
	answer(w, http.StatusOK, mine[0])
}

func (l *ledger) transfer(w http.ResponseWriter, r *http.Request) {
	var t transfer
	if !read(w, r, &t) {
		return
	}
	t.By = callerOf(r).Name
	l.mu.Lock()
	defer l.mu.Unlock()
	from, to := l.accounts[t.From], l.accounts[t.To]
	switch {
	case from == nil || from.Owner != t.By || to == nil:
		refuse(w, http.StatusNotFound, "no such account")
	case from.Frozen || to.Frozen:
		refuse(w, http.StatusConflict, "account is frozen")
	case t.Cents <= 0 || t.Cents > from.Cents:
		refuse(w, http.StatusUnprocessableEntity, "amount cannot be moved")
	default:
		from.Cents -= t.Cents
		to.Cents += t.Cents
		l.past = append(l.past, t)
		if len(l.past) > maxJournal {
			l.past = slices.Delete(l.past, 0, len(l.past)-maxJournal)
		}
		answer(w, http.StatusCreated, t)
	}
}

func (l *ledger) users(w http.ResponseWriter, _ *http.Request) {
	type row struct {
		User     string   `json:"user"`
		Scopes   []string `json:"scopes"`
		Accounts []string `json:"accounts"`
	}
	var rows []row
	for _, u := range Users() {
		rows = append(rows, row{u.Name, u.Scopes, u.Accounts})
	}
	answer(w, http.StatusOK, rows)
}

func (l *ledger) all(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, l.copies(func(*account) bool { return true }))
}

func (l *ledger) journal(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	past := slices.Clone(l.past)
	l.mu.Unlock()
	answer(w, http.StatusOK, past)
}

func (l *ledger) freeze(frozen bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		a := l.accounts[chi.URLParam(r, "id")]
		if a == nil {
			refuse(w, http.StatusNotFound, "no such account")
			return
		}
		a.Frozen = frozen
		answer(w, http.StatusOK, *a)
	}
}

// copies gives the accounts that match, by id.
func (l *ledger) copies(match func(*account) bool) []account {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []account{}
	for _, a := range l.accounts {
		if match(a) {
			found = append(found, *a)
		}
	}
	slices.SortFunc(found, func(a, b account) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return found
}

// maxBody bounds a request body.
const maxBody = 64 << 10

// read takes a JSON body, or answers 400.
func read(w http.ResponseWriter, r *http.Request, to any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	if err := d.Decode(to); err != nil {
		refuse(w, http.StatusBadRequest, "body is not the JSON that this route takes")
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // the client has gone when it fails
}

// refuse answers alike whatever the cause, unless the caller says more.
func refuse(w http.ResponseWriter, status int, why string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, status, map[string]string{"error": why})
}
