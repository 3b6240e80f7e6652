package scan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// A Recipe says how a service is spoken to: how to log in, where the token goes,
// which resource it opens, how it is refreshed and revoked, where the log is and
// where alerts arrive. It is the content of jotsight.yaml. Load, Parse and ForURL
// make one; the zero Recipe is not usable.
type Recipe struct {
	Name   string // file that it was read from, as given; empty for ForURL
	Dir    string // files that it names are relative to this
	Target *url.URL
	TLS    TLS
	Vars   map[string]string // values of {{name}} in requests
	Login  []Step            // in order; empty when Token or Mint is given
	Token  TokenSource       // a token that the user supplied; it is never revoked
	Mint   *Mint             // how to sign tokens, of a service whose clients do that
	// Carrier is where the access token goes in a request for Protected.
	Carrier   Carrier
	Protected Protected
	Also      []Protected // further resources behind the same tokens
	Refresh   *Refresh
	Logout    *Step
	Revoke    *Step
	// PasswordChange gives the user of the recipe another password. Where it uses
	// {{new_password}}, the old one is put back in the end.
	PasswordChange *Step
	Forbidden      *Forbidden
	Keys           Keys
	Callback       string // HOST:PORT of this machine that the target reaches; empty: a free port, for a target on this machine
	Claims         Claims
	Logs           []LogSource
	Alerts         *Alerts
	Monitor        *Monitor
	Suppress       []finding.Rule
	Limits         Limits

	secrets  []string // values that no log and no report may hold
	unsought bool     // a password is no secret, since it is also the user name
}

// TLS says whom to believe, and who we are.
type TLS struct {
	CA       string // PEM file of an own root
	Cert     string // PEM file of the client's certificate, with what is between it and the root
	Key      string // PEM file of its key
	Insecure bool   // believe anybody; for a test server alone

	where string // file, line and field that name CA
}

// name is how errors call the file of the own root.
func (t TLS) name() string {
	if t.where != "" {
		return t.where + ": " + t.CA
	}
	return "tls.ca: " + t.CA
}

// A Step is one request of a login, refresh or logout, with what to keep of its answer.
type Step struct {
	Method  string
	Path    string // on the target, or the whole address of another host, which the user thereby names
	JSON    any    // a tree of map[string]any, []any and scalars; nil: none
	Form    map[string]string
	Headers map[string]string
	Cookies map[string]string
	Take    map[string]Extract
	Follow  int    // redirects that are followed at most; only to hosts that the recipe names
	OAuth   *OAuth // a whole OAuth grant in the place of one request; Method and Path are its last

	// File and Line are where the step is described, in a recipe or an OpenAPI
	// document; empty and 0: nowhere.
	File string
	Line int
}

// requests is how many a step sends at most.
func (s Step) requests() int {
	if s.OAuth != nil {
		return s.OAuth.requests()
	}
	return 1 + s.Follow
}

// A Refresh is the step that exchanges the refresh token for the next pair.
type Refresh struct {
	Step
	Grace time.Duration // reuse within it is legal
}

// Protected is the resource whose answer shows whether a token was accepted.
type Protected struct {
	Step
	OK    int     // the status of success; 0: any 2xx
	Proof Extract // something that only a real user's answer holds; zero: none
}

// Forbidden is a resource that the recipe's user may not open.
type Forbidden struct {
	Step
	Status int // with which it refuses
}

// Keys unlock probes that need a validly signed token. All are optional.
type Keys struct {
	Secret string // of HS256, HS384 and HS512
	PEM    string // file of the private key
	JWKS   string // path or URL of the public key set; read by the probes of algorithm confusion
	Public string // the same as one public key in PEM form
}

// Claims name the claims of the service's tokens where they are not the usual ones.
type Claims struct {
	Subject  string // default sub, then user_id, uid, id, whichever the token has
	Session  string
	Audience string
}

// A Mint makes the tokens of a service whose clients sign their own. The signing
// key then is known, and unlocks the probes that need one.
type Mint struct {
	Alg      string
	Secret   string // of HS256, HS384 and HS512
	PEM      string // file of the private key, for the rest
	Header   map[string]any
	Claims   map[string]any // exp, iat and jti are added where they are not stated
	Lifetime time.Duration
	OneTime  bool // the service takes each token once
}

// A LogSource is one log of the service: a file, a command or a store, one of them.
type LogSource struct {
	ID     string
	File   string            // - is the standard input
	Cmd    string            // prints the log
	HTTP   *HTTPLog          // has to be asked for it
	Cursor []step            // where in an entry stands the place behind which the next begins
	Format string            // auto, json, logfmt, clf or text
	Join   *regexp.Regexp    // a line that matches continues the one before
	Level  map[string]string // the service's own levels in the usual words
	Flush  time.Duration     // how long the service may take to write a line

	where string // file, line and field that name it; empty: the command line
}

// An HTTPLog is a log in a store that is asked over HTTP.
type HTTPLog struct {
	Kind           string   // http, loki, elastic or monitor
	Base           *url.URL // nil: the target
	Method, Path   string   // of http, with {{cursor}} or {{since}}
	JSON           any      // body of http; nil: none
	Headers        map[string]string
	Login          []Step // a session of its own
	User, Password string // of Basic authentication, or of the monitor's login
	Query, Index   string // of loki and elastic
	TimeField, Tie string // of elastic
	Items          []step // where the list stands in an answer of http; empty: the answer is the list
	Time, Text     []step // of an item of http; empty: none, and the whole item
}

// Alerts says where the service's alerts arrive: at a receiver of the scan's own,
// in an Alertmanager, a jotsight monitor or a file, one of them.
type Alerts struct {
	Kind           string   // webhook, alertmanager, monitor or file
	Webhook        string   // host:port to listen on
	Secret         string   // of Standard Webhooks; empty: unsigned alerts are taken
	Base           *url.URL // of alertmanager and monitor
	Headers        map[string]string
	User, Password string
	File           string              // JSON, one alert a line
	Rules          map[string][]string // our detections by the names of somebody's own rules
	Within         time.Duration       // an alert that comes later does not count
}

// name is how errors call the source.
func (a *Alerts) name() string { return "alerts." + a.Kind + " " + a.place() }

func (a *Alerts) place() string {
	if a.Base != nil {
		return a.Base.Host
	}
	return a.Webhook + a.File
}

// Monitor receives the finished report.
type Monitor struct {
	URL string
	Key string
}

// Limits bound what a scan does to its target. Parse fills in the defaults.
type Limits struct {
	RPS             float64       // requests a second; 0: no limit
	Burst           int           // requests at once, and the length of the burst of bad tokens
	Refreshes       int           // the length of the refresh burst
	LoginsPerMinute int           // 0: no limit
	Timeout         time.Duration // of one request
	Brute           int           // wrong passwords that are tried; 0: none
	LockoutOK       bool          // they may be tried on the recipe's own user, who may be locked out
	Throwaway       string        // or on this one; empty: on one who does not exist
	Patience        time.Duration // how long to wait for a token to expire

	loginsNamed bool // the recipe says LoginsPerMinute
}

// logins is how many logins a minute are allowed; 0: any number. Who lets go of
// the rate lets go of this too, unless the recipe says otherwise.
func (l Limits) logins() int {
	if l.RPS == 0 && !l.loginsNamed {
		return 0
	}
	return l.LoginsPerMinute
}

const maxRPS = 1e6

// defaultLimits are polite enough for a service that others use.
var defaultLimits = Limits{RPS: 10, Burst: 60, Refreshes: 15, LoginsPerMinute: 8, Timeout: 10 * time.Second, Brute: 20}

// A TokenSource says where a supplied token comes from. The zero value means none.
type TokenSource struct {
	kind string // value, file, cmd or log
	text string
	re   *regexp.Regexp
}

// IsZero reports whether no token was supplied.
func (s TokenSource) IsZero() bool { return s.kind == "" }

// Load reads a recipe from a file. env looks up the variables of ${NAME}, as
// os.LookupEnv does. The error names file, line and field, one line for each
// field that cannot be right.
func Load(path string, env func(string) (string, bool)) (*Recipe, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := Parse(path, text, env)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ForURL makes the recipe of a scan without file: one protected resource, one
// token that the user supplied, no login, no log.
func ForURL(target, token string) (*Recipe, error) {
	u, err := parseTarget(target)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	path := u.RequestURI()
	u.Path, u.RawQuery, u.Fragment = "", "", ""
	r := &Recipe{
		Dir: ".", Target: u, Limits: defaultLimits, Carrier: bearer,
		Protected: Protected{Step: Step{Method: "GET", Path: path}},
		Token:     TokenSource{kind: "value", text: token},
		secrets:   []string{token},
	}
	return r, nil
}

// AddLog names a further log file, relative to the working directory; - is the
// standard input.
func (r *Recipe) AddLog(file string) error {
	if file == "-" {
		r.Logs = append(r.Logs, LogSource{ID: "stdin", File: file, Format: "auto", Flush: defaultFlush})
		return nil
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	r.Logs = append(r.Logs, LogSource{ID: filepath.Base(file), File: abs, Format: "auto", Flush: defaultFlush})
	return nil
}

// SetRate sets the requests a second; 0 means no limit.
func (r *Recipe) SetRate(rps float64) error {
	if !(rps >= 0 && rps <= maxRPS) {
		return errors.New("not a number of requests a second; 0 means no limit")
	}
	r.Limits.RPS = rps
	return nil
}

// SetTarget sends the recipe to another place. A path in the address is refused:
// the recipe names the paths.
func (r *Recipe) SetTarget(target string) error {
	u, err := parseTarget(target)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("target %q: has a path, and the recipe names the paths", u.Redacted())
	}
	r.Target = u
	return nil
}

// hosts are those to which the recipe lets us send: the target, and what a step
// names with its whole address. Nothing that a service says adds to them.
func (r *Recipe) hosts() map[string]bool {
	m := map[string]bool{r.Target.Host: true}
	add := func(address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			m[u.Host] = true
		}
	}
	for _, s := range r.steps() {
		add(s.Path)
		if o := s.OAuth; o != nil {
			for _, a := range []string{o.Issuer, o.Authorize, o.Token, o.Revoke} {
				add(a)
			}
		}
	}
	return m
}

// steps are all requests that the recipe names.
func (r *Recipe) steps() []Step {
	list := append(slices.Clone(r.Login), r.Protected.Step)
	for _, p := range r.Also {
		list = append(list, p.Step)
	}
	if r.Refresh != nil {
		list = append(list, r.Refresh.Step)
	}
	if r.Forbidden != nil {
		list = append(list, r.Forbidden.Step)
	}
	for _, s := range []*Step{r.Logout, r.Revoke, r.PasswordChange} {
		if s != nil {
			list = append(list, *s)
		}
	}
	return list
}

// allowed refuses a recipe that sends to a machine other than this one, unless
// somebody said that it may be attacked.
func (r *Recipe) allowed(ctx context.Context, authorized bool) error {
	if authorized {
		return nil
	}
	for _, host := range slices.Sorted(maps.Keys(r.hosts())) {
		u := url.URL{Host: host}
		if !isLoopback(ctx, u.Hostname()) {
			return fmt.Errorf("target %s: %w", host, ErrNotAuthorized)
		}
	}
	return nil
}

// tokenCookies names the cookies that hold tokens.
func (r *Recipe) tokenCookies() (names []string) {
	if r.Carrier.kind == "cookie" {
		names = append(names, r.Carrier.name)
	}
	steps := r.Login
	if r.Refresh != nil {
		steps = append(slices.Clone(steps), r.Refresh.Step)
	}
	for _, s := range steps {
		for _, name := range []string{"access", "refresh"} {
			if e := s.Take[name]; e.kind == "cookie" {
				names = append(names, e.name)
			}
		}
	}
	return names
}

// name is how errors call the log. A command is called by its first word: the
// rest may hold a password.
func (s LogSource) name() string {
	if s.where != "" {
		return s.where + ": " + s.place()
	}
	return "log " + s.place()
}

func (s LogSource) place() string {
	switch {
	case s.Cmd != "":
		word, _, _ := strings.Cut(strings.TrimSpace(s.Cmd), " ")
		return word
	case s.HTTP != nil && s.HTTP.Base != nil:
		return s.HTTP.Base.Host
	case s.HTTP != nil:
		return s.HTTP.Method + " " + pathOnly(s.HTTP.Path)
	case s.File == "-":
		return "standard input"
	}
	return s.File
}

func (r *Recipe) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.Dir, name)
}

// parseTarget reads the address of a service. The error does not repeat it: it
// can hold a password.
func parseTarget(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("not an http or https address")
	case u.User != nil:
		return nil, errors.New("user and password do not belong into an address")
	}
	return u, nil
}

const (
	defaultFlush  = 250 * time.Millisecond
	storeFlush    = 2 * time.Second // of a store that is filled by a shipper
	defaultWithin = 10 * time.Second
	storeWithin   = time.Minute // of a system that looks at its rules now and then
)
