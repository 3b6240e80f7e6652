package scan

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// Options are what a caller of Run may choose. The zero value is right.
type Options struct {
	Version    string // of the tool, for the report
	Authorized bool   // the user may attack a target beyond loopback
	// Progress is told of every step; nil: nobody is. It is called from the
	// goroutine of Run and must not wait.
	Progress func(Progress)
	// FoldWait is how long a service may take to write out records that it folds
	// under a burst; 0 means 12 seconds.
	FoldWait time.Duration
	// GraceWait is how long after its exchange a refresh token may still work
	// where the recipe names no grace; 0 means 11 seconds.
	GraceWait time.Duration
	// Leeway is how long after exp a sound verifier may still take a token; 0
	// means 5 minutes.
	Leeway time.Duration
	Stdin  io.Reader // what a log source named - is read from; nil: nothing
}

// Progress is one step of a scan.
type Progress struct {
	Done, Total int    // probes
	Probe       string // the probe that ended, or that begins
	Verdict     finding.Verdict
}

// ErrNotAuthorized says that the target is not this machine and that nobody said
// that it may be attacked.
var ErrNotAuthorized = errors.New("not a loopback address, and nobody said that you may attack it")

// Unusable says that the target, a log or another source cannot be used, so that
// the scan has no result.
type Unusable struct {
	What string
	Err  error
}

func (e *Unusable) Error() string { return e.What + ": " + e.Err.Error() }
func (e *Unusable) Unwrap() error { return e.Err }

// A Mistake is a file that the recipe names and that is not there or not what it
// should be.
type Mistake struct {
	What string // where the recipe names it
	Err  error
}

func (e *Mistake) Error() string { return e.What + ": " + e.Err.Error() }
func (e *Mistake) Unwrap() error { return e.Err }

// run is one scan under way. One goroutine owns it.
type run struct {
	recipe   *Recipe
	opts     Options
	client   *client
	book     *book
	inbox    bell
	logins   *rate.Limiter
	prints   *event.Fingerprinter
	vault    vault
	main     *session
	token    *forge.Token // the main session's access token; nil: it is not a JWT
	jti      string
	controls controls
	base     *baseline
	negative attempt // the controls, seen as traffic that must raise no alert
	signer   *signer
	told     string        // what a refusal says about its reason
	waited   time.Duration // for limiters that then did not let go
	dead     string        // why the valid token does not work any more; empty: it does
	gone     bool          // for good
	logged   int           // logins that a dead session made necessary
	unread   bool          // controls were refused, and their records may still come
	deferred bool          // the log is late, and its records carry our canaries: it is read in the end
	known    []string      // canaries of controls that were sent among attacks
	public   []publicKey   // of the service
	pair     forge.Key     // the scan's own, for tokens that bring their key along; nil until it is needed
	callback *outpost      // nil: the target cannot be pointed to this machine

	anySignature bool // a random signature is taken, so that no key matters

	attempts []*attempt
	found    []found
	unseen   []lifecycle // steps that seemed to leave no record

	held       *session // opened early, to be used after its token's exp
	early      bool     // a session died before its token's exp
	heldGood   bool     // its token worked shortly before exp
	survivor   bool     // an access token outlived the replay of its family's refresh token
	endsAccess *bool    // whether the end of a session ends its access token; nil: nobody knows

	report *finding.Report
}

// Run scans the target of a recipe. The error is ErrNotAuthorized, a *Mistake, an
// *Unusable, or the context's. With an error there is no report, unless it is the monitor
// alone that did not take it. The report holds no token, password or secret.
//
// When ctx ends while probes run, what was found until then is reported, and the
// report says in Partial that it is not whole.
func Run(ctx context.Context, recipe *Recipe, o Options) (*finding.Report, error) {
	if err := recipe.allowed(ctx, o.Authorized); err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.FoldWait == 0 {
		o.FoldWait = 12 * time.Second
	}
	if o.Leeway == 0 {
		o.Leeway = maxLeeway
	}
	if o.GraceWait == 0 {
		o.GraceWait = 11 * time.Second
	}
	key := make([]byte, 32)
	rand.Read(key)
	prints, err := event.NewFingerprinter("1", key)
	if err != nil {
		return nil, err
	}
	r := &run{recipe: recipe, opts: o, prints: prints}
	r.vault.prints = prints
	r.logins = rate.NewLimiter(rate.Inf, 1)
	if n := recipe.Limits.logins(); n > 0 {
		r.logins = rate.NewLimiter(rate.Limit(float64(n)/60), n)
	}
	r.report = &finding.Report{
		Tool: "jotsight", Version: o.Version, Schema: finding.Schema, Command: "scan",
		Target: recipe.Target.Redacted(), Started: time.Now().UTC(),
	}
	for _, s := range recipe.secrets {
		r.know("a secret of the recipe", s, standing)
	}
	if err := r.prepare(ctx); err != nil {
		r.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, r.clean(err)
	}
	defer r.close()
	if err := r.probe(ctx); err != nil {
		return nil, r.clean(err)
	}
	ctx, done := r.last(ctx)
	defer done()
	if r.inbox != nil && r.inbox.err() != nil && r.report.Partial == "" {
		return nil, r.clean(&Unusable{r.recipe.Alerts.name(), r.inbox.err()})
	}
	if err := r.book.err(); err != nil && r.report.Partial == "" {
		return nil, r.clean(err)
	}
	if err := r.finish(ctx); err != nil {
		return nil, r.clean(err)
	}
	if m := recipe.Monitor; m != nil && r.report.Partial == "" {
		if err := post(ctx, m, r.report); err != nil {
			return r.report, r.clean(&Unusable{"monitor " + m.URL, err})
		}
	}
	return r.report, nil
}

func (r *run) close() {
	if r.book != nil {
		r.book.close()
	}
	if r.inbox != nil {
		r.inbox.close()
	}
	if r.callback != nil {
		r.callback.close()
	}
}

// prepare opens everything that the scan reads before it sends anything but
// good requests: logs, the alert receiver, a session, the controls.
func (r *run) prepare(ctx context.Context) (err error) {
	if r.client, err = newClient(r.recipe); err != nil {
		return err
	}
	if r.book, err = openBook(ctx, r.recipe, r.opts.Stdin); err != nil {
		return err
	}
	if r.recipe.Alerts != nil {
		if r.inbox, err = openBell(ctx, r.recipe); err != nil {
			return &Unusable{r.recipe.Alerts.name(), err}
		}
	}
	if r.recipe.Callback != "" || isLoopback(ctx, r.recipe.Target.Hostname()) {
		if r.callback, err = openCallback(r.recipe.Callback); err != nil {
			return err
		}
	}
	r.client.isolate(ctx)
	if err := r.resolve(ctx); err != nil {
		return r.unreachable(err)
	}
	mark := r.book.mark()
	if r.main, err = r.open(ctx); err != nil {
		return r.unreachable(err)
	}
	r.adopt()
	if err := r.control(ctx, mark); err != nil {
		return err
	}
	return r.givenKey()
}

// resolve asks the authorization server for the endpoints that the recipe leaves out.
func (r *run) resolve(ctx context.Context) error {
	v := r.client.visitor()
	defer v.close()
	with, err := r.recipe.resolve(ctx, v)
	if err == nil {
		r.recipe = with
	}
	return err
}

// adopt reads the main session's token.
func (r *run) adopt() {
	r.token, r.jti = nil, ""
	if t, err := forge.Parse(r.main.access()); err == nil {
		r.token, r.jti = t, t.Payload.Text("jti")
	}
}

func (r *run) unreachable(err error) error {
	return &Unusable{"target " + r.recipe.Target.Host, err}
}

// control sends the controls and learns from them what success, refusal and
// ordinary log lines look like.
func (r *run) control(ctx context.Context, begin int) error {
	a := &r.negative
	a.run, a.v, a.mark = r, r.client.visitor(), begin
	defer a.v.close()
	if r.main.login != nil {
		a.marker.add(r.main.login.canary, r.main.v)
	}
	c := &r.controls
	c.ok, c.proof = r.recipe.Protected.OK, r.recipe.Protected.Proof
	c.identity = identities(r.token, r.recipe.Vars)

	r.book.learn(ctx, begin, &a.marker)
	loginLines := r.book.since(begin)
	mark := r.book.mark()
	valid := func(i int) (err error) {
		r.renewOneTime()
		if c.valid[i], err = a.once(ctx, a.v, "", func(q *request) { r.recipe.Carrier.put(q, r.main.access()) }); err == nil {
			err = c.check(c.valid[i])
		}
		return err
	}
	for i := range 2 {
		if err := valid(i); err != nil {
			return r.unreachable(err)
		}
	}
	r.book.learn(ctx, mark, &a.marker)
	if r.book.assessed() {
		good := r.book.records(r.book.since(mark))
		r.base = newBaseline(good, &a.marker)
		r.issuance(r.book.records(loginLines))
	}
	mark = r.book.mark()
	var err error
	if c.none, err = a.once(ctx, a.v, "", func(*request) {}); err != nil {
		return r.unreachable(err)
	}
	garbage := garbage()
	if c.garbage, err = a.once(ctx, a.v, garbage, func(q *request) { r.recipe.Carrier.put(q, garbage) }); err != nil {
		return r.unreachable(err)
	}
	if err := valid(2); err != nil {
		return r.unreachable(err)
	}
	if err := c.learn(); err != nil {
		return r.unreachable(err)
	}
	if err := r.otherCookies(ctx, a); err != nil {
		return r.unreachable(err)
	}
	for _, res := range []*response{c.none, c.garbage} {
		if c.serves(res) {
			r.served(res)
		}
	}
	r.book.learn(ctx, mark, &a.marker)
	r.book.taught()
	r.deferred = r.base != nil && r.book.flush() >= slowLog && slices.ContainsFunc(r.book.records(r.book.since(mark)), func(rec *record) bool {
		return strings.Contains(rec.raw, c.garbage.canary) && !r.base.plain(rec, &a.marker)
	})
	return nil
}

// garbage is a text that no verifier takes for a token.
func garbage() string { return newCanary() + "." + newCanary() + "." + newCanary() }

// otherCookies asks, when the resource seems to be open and the session has
// other cookies, whether it is they that open it.
func (r *run) otherCookies(ctx context.Context, a *attempt) error {
	if r.recipe.Carrier.kind != "cookie" || !r.controls.open() {
		return nil
	}
	req := newRequest(r.recipe.Protected.Step, r.main.expand)
	a.marker.add(req.canary, a.v)
	res, err := a.v.do(ctx, req)
	if err != nil {
		return err
	}
	bare := r.controls
	if bare.none = res; !bare.open() {
		return errors.New("another cookie of the session opens the resource, whatever the one that the recipe calls the carrier holds")
	}
	return nil
}

// probe runs every probe, stage by stage.
func (r *run) probe(ctx context.Context) error {
	list := Probes()
	r.hold(ctx)
	for i, p := range list {
		found, unseen := len(r.found), len(r.unseen)
		r.opts.Progress(Progress{Done: i, Total: len(list), Probe: p.Name})
		a := r.attempt(ctx, p)
		if ctx.Err() != nil {
			r.interrupted(list[i:], found, unseen)
			return nil
		}
		r.attempts = append(r.attempts, a)
		r.opts.Progress(Progress{Done: i + 1, Total: len(list), Probe: p.Name, Verdict: a.result.Verdict})
	}
	return nil
}

// attempt runs a probe and the control that could refute its verdict. Where that
// shows that the verdict was none, and that it was mended, the probe runs again.
func (r *run) attempt(ctx context.Context, p Probe) *attempt {
	before := r.client.sent.Load()
	found, signer := len(r.found), r.signer
	a := r.once(ctx, p)
	if r.doubt(ctx, a, found, signer) {
		r.withdraw(found)
		r.known = append(r.known, a.canaries...)
		a = r.once(ctx, p)
		r.doubt(ctx, a, found, signer)
	}
	a.v.close()
	a.result.Requests = int(r.client.sent.Load() - before)
	return a
}

// once runs a probe and reads what the log held of it.
func (r *run) once(ctx context.Context, p Probe) *attempt {
	if r.unread { // a record without a canary would be taken for one of the next attack
		r.settle(ctx)
		r.unread = false
	}
	a := &attempt{run: r, probe: p, v: r.client.visitor(), mark: r.book.mark()}
	a.result.Check, a.result.Weakness, a.result.Title = p.Name, p.Weakness, p.Title
	if why := r.lacks(p); why != "" {
		a.skip("%s", why)
	} else if why := r.usable(ctx); why != "" {
		a.inconclusive("%s", why)
	} else {
		p.Run(ctx, a)
		a.inconclusive("the probe came to no verdict")
	}
	a.look(ctx)
	return a
}

// lacks says what a probe needs and does not have.
func (r *run) lacks(p Probe) string {
	for _, n := range p.Needs {
		if why := n.missing(r); why != "" {
			return why
		}
	}
	if r.controls.empty() && !slices.Contains(p.Needs, NeedRefresh) {
		return "the valid answer is empty, and so is that without a token: name a resource with a body, or a proof"
	}
	if r.controls.open() && p.Weakness != catalog.UnauthenticatedAccess && !slices.Contains(p.Needs, NeedRefresh) {
		return "the resource answers anybody, so that no token can be judged by it"
	}
	return ""
}

// finish turns the attempts into the report.
func (r *run) finish(ctx context.Context) error {
	for _, s := range r.book.secrets() {
		r.know("a session of a log source", s, standing)
	}
	r.lookLate(ctx)
	r.alerts(ctx)
	r.conclude(ctx)
	for _, a := range r.attempts {
		r.report.Runs = append(r.report.Runs, a.result)
	}
	r.report.Findings = r.findings()
	finding.Suppress(r.report, r.recipe.Suppress, r.report.Started)
	r.report.Ended = time.Now().UTC()
	r.report.Stats = finding.Stats{
		Requests:   int(r.client.sent.Load()),
		DurationMS: r.report.Ended.Sub(r.report.Started).Milliseconds(),
		Files:      len(r.book.sources),
		Lines:      r.book.mark(),
	}
	var record, alert []float64
	for _, a := range r.attempts {
		if ms := a.result.Seen.TimeToRecord; ms != nil {
			record = append(record, *ms)
		}
		if ms := a.result.Alerted.TimeToAlert; ms != nil {
			alert = append(alert, *ms)
		}
	}
	r.report.Stats.TimeToRecord, r.report.Stats.TimeToAlert = spread(record), spread(alert)
	if err := r.vault.scrub(r.report); err != nil {
		return err
	}
	finding.GradeReport(r.report)
	return nil
}

// clean scrubs an error, whatever it wraps.
func (r *run) clean(err error) error {
	var u *Unusable
	if errors.As(err, &u) {
		return &Unusable{u.What, errors.New(r.vault.redact(u.Err.Error()))}
	}
	var m *Mistake
	if errors.As(err, &m) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New(r.vault.redact(err.Error()))
}

// post hands the report to the monitor.
func post(ctx context.Context, m *Monitor, report *finding.Report) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	body, err := json.Marshal(report)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, "POST", m.URL+"/v1/scans", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+m.Key)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which the caller names
		}
		return err
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	if res.StatusCode >= 300 {
		return fmt.Errorf("POST /v1/scans answered %d", res.StatusCode)
	}
	return nil
}

// givenKey reads the key of the recipe and checks that it is the right one.
func (r *run) givenKey() error {
	if r.token == nil {
		return nil
	}
	alg := r.token.Header.Text("alg")
	k := r.recipe.Keys
	switch {
	case k.Secret != "":
		secret, ok := forge.SecretOf(r.token, k.Secret)
		if !ok {
			return &Unusable{"keys.secret", errors.New("does not sign the service's own token")}
		}
		r.signer = keySigner("the secret of the recipe", alg, secret)
	case k.PEM != "":
		text, err := os.ReadFile(r.recipe.file(k.PEM))
		if err != nil {
			return &Mistake{"keys.pem: " + k.PEM, plainError(err)}
		}
		key, err := forge.ParsePrivateKey(text)
		if err != nil {
			return &Unusable{"keys.pem " + k.PEM, err}
		}
		if _, err := forge.Sign(alg, key, "x"); err != nil {
			return &Unusable{"keys.pem " + k.PEM, err}
		}
		if !forge.Verifies(r.token, forge.PublicOf(key)) {
			return &Unusable{"keys.pem " + k.PEM, errors.New("does not sign the service's own token")}
		}
		r.signer = keySigner("the key of the recipe", alg, key)
	}
	return nil
}

// spread gives median and maximum; nil for none.
func spread(ms []float64) *finding.Spread {
	if len(ms) == 0 {
		return nil
	}
	slices.Sort(ms)
	return &finding.Spread{MedianMS: ms[len(ms)/2], MaxMS: ms[len(ms)-1]}
}
