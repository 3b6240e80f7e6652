package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/detect"
)

// browserPath finds a browser. The Debian command chromium-headless-shell is a
// script that does not replace itself, so that the browser would outlive the
// test: the program of that name in lib is started instead.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{
		"/usr/lib/chromium/chromium-headless-shell",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: install the package chromium-headless-shell or chromium (Debian, Ubuntu), or Google Chrome")
	return ""
}

// A tab is one page of a real browser. Everything that the browser complains
// about fails the test: errors of scripts, of loading, of the security policy.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex // the browser may complain at any time
	provoke string     // complaints that hold this are what the test wants

}

func newBrowser(t *testing.T) *tab {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browserPath(t)), chromedp.WindowSize(1440, 900),
		chromedp.Env("TZ=Europe/Vienna"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)                         // waits until the browser has gone
	if err := chromedp.Run(ctx); err != nil { // starts it; it lives as long as this ctx
		t.Fatal(err)
	}
	ctx, cancelTime := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancelTime)
	b := &tab{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.complain("exception: " + ev.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.APITypeError || ev.Type == runtime.APITypeWarning {
				b.complain(fmt.Sprintf("console: %s", ev.Args[0].Value))
			}
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.LevelError || ev.Entry.Level == log.LevelWarning {
				b.complain(fmt.Sprintf("log: %s %s", ev.Entry.Text, ev.Entry.URL))
			}
		}
	})
	b.run(log.Enable(), runtime.Enable())
	return b
}

func (b *tab) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.provoke == "" || !strings.Contains(text, b.provoke) {
		b.t.Errorf("browser: %s", text)
	}
}

// provoking lets the browser complain about text.
func (b *tab) provoking(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.provoke = text
}

// sub runs f as a subtest of the same tab.
func (b *tab) sub(name string, f func()) {
	outer := b.t
	defer b.become(outer)
	outer.Run(name, func(t *testing.T) { b.become(t); f() })
}

func (b *tab) become(t *testing.T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.t = t
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// wait evaluates the expression until it is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 15*time.Second)
	defer cancel()
	for {
		var ok bool
		err := chromedp.Run(ctx, chromedp.Evaluate(expression, &ok))
		if ok && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("never true: %s (%v)", expression, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (b *tab) text(expression string) (s string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &s))
	return s
}

func (b *tab) number(expression string) (n float64) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &n))
	return n
}

func (b *tab) size(width int) {
	b.run(emulation.SetDeviceMetricsOverride(int64(width), 900, 1, width < 700))
}

func (b *tab) scheme(name string) {
	b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}))
}

// picture keeps a screenshot of the whole page: in the folder that the variable
// JOTSIGHT_PICTURES names, else in the test's artifacts.
func (b *tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("JOTSIGHT_PICTURES")
	if dir == "" {
		dir = b.t.ArtifactDir()
	}
	var png []byte
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).Do(ctx)
		if err == nil && len(png) == 0 {
			err = errors.New("empty picture")
		}
		return err
	}))
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

// TestBrowser is what a person does: open the set-up link, look at the empty
// page, see the first event and the first alert arrive without a reload, read
// the details, and log out.
func TestBrowser(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Now = time.Now })
	b := newBrowser(t)

	b.run(chromedp.Navigate(s.SetupURL()))
	b.picture("setup")
	b.run(
		chromedp.SendKeys(`input[name=name]`, "ada"),
		chromedp.SendKeys(`input[name=password]`, goodPassword),
		chromedp.SendKeys(`input[name=again]`, goodPassword),
		chromedp.Submit(`form`),
		chromedp.WaitVisible(`#main .connect`),
	)
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	b.picture("never-connected")

	// The first event flips the page that waits for it.
	now := time.Now()
	s.history.mu.Lock()
	s.scene(now)
	all, alerts := s.history.events, s.history.alerts
	s.history.events, s.history.alerts = all[:5], nil
	s.history.mu.Unlock()
	b.run(chromedp.Evaluate(`window.sameDocument = true`, nil))
	s.hub.Add(Totals{Events: 5})
	b.wait(`document.querySelectorAll("#events tbody tr").length === 5`)

	// A live alert appears, and is announced.
	s.history.mu.Lock()
	s.history.events, s.history.alerts = all, alerts
	s.history.mu.Unlock()
	s.hub.Add(Totals{Events: uint64(len(all) - 5), Alerts: 5, Scans: 3})
	b.wait(`document.querySelector("#alerts tbody tr")?.dataset.key === "a-reuse"`)
	b.wait(`document.getElementById("say").textContent === "5 new alerts"`)
	b.wait(`document.querySelectorAll("article.scan").length === 3`)
	b.wait(`document.querySelectorAll("#events tbody tr").length === 50`)
	b.wait(`window.sameDocument === true`)

	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int{360, 768, 1440, 1920} {
			b.size(width)
			b.run(chromedp.Navigate(s.server.URL + "/"))
			b.wait(`document.getElementById("live").dataset.state === "live"`)
			if over := b.number(`document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("overview at %d px: %v px too wide", width, over)
			}
			b.picture(fmt.Sprintf("overview-%s-%d", scheme, width))
			for _, path := range []string{"/alerts/a-brute", "/events/" + alerts[1].Events[0]} {
				b.run(chromedp.Navigate(s.server.URL + path))
				if over := b.number(`document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s at %d px: %v px too wide", path, width, over)
				}
				b.picture(fmt.Sprintf("%s-%s-%d", strings.Split(path, "/")[1], scheme, width))
			}
		}
	}
	b.size(1440)

	// Times: Vienna by the reader's clock, UTC by the switch, which the URL keeps.
	at := all[len(all)-1].Time
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.Navigate(s.server.URL + "/"))
	clock := `document.querySelector("#events tbody time").textContent.slice(-8)`
	if got, want := b.text(clock), newest(all).Time.In(vienna).Format("15:04:05"); got != want {
		t.Errorf("local time of the newest event: %s, want %s (of %v)", got, want, at)
	}
	b.run(chromedp.Click(`#zone-utc`), chromedp.WaitVisible(`#zone-utc[aria-current]`))
	if got, want := b.text(clock), newest(all).Time.UTC().Format("15:04:05"); got != want {
		t.Errorf("UTC of the newest event: %s, want %s", got, want)
	}
	if got := b.text(`location.search`); got != "?tz=utc" {
		t.Errorf("URL keeps %q, want ?tz=utc", got)
	}

	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.sub("contrast in "+scheme, func() { canBeRead(b, s, alerts) })
	}
	b.sub("keyboard", func() { showsFocus(b, s) })
	b.sub("no script", func() { worksWithoutScript(b, s) })
	b.sub("pointer", func() { holdsStill(b, s) })
	b.sub("pause", func() { pauses(b, s) })
	b.sub("reconnect", func() { reconnects(b, s) })
	b.sub("hostile", func() { staysInert(b, s) })
	b.sub("silent", func() { fallsSilent(b, s) })

	b.sub("session", func() { tellsThatTheSessionEnded(b, s) })

	b.run(chromedp.Navigate(s.server.URL+"/?tz=utc"),
		chromedp.SendKeys(`input[name=name]`, "ada"),
		chromedp.SendKeys(`input[name=password]`, goodPassword),
		chromedp.Submit(`form`), chromedp.WaitVisible(`#zone-utc[aria-current]`))
	b.run(chromedp.Click(`.out button`), chromedp.WaitVisible(`.entry input[name=password]`))
	b.picture("login")
}

// canBeRead measures the contrast of every text (WCAG 2.2 success criterion
// 1.4.3: at least 4.5 to 1).
func canBeRead(b *tab, s *site, alerts []AlertView) {
	const faint = `(() => {
		const rgb = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 || m[3] > 0 ? m : null; };
		const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126*r + .7152*g + .0722*b; };
		const ground = (n) => { for (; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor); if (c) return c; } return [255, 255, 255]; };
		const seen = new Set();
		for (const n of document.querySelectorAll("body *")) {
			const own = Array.from(n.childNodes).some((c) => c.nodeType === 3 && c.textContent.trim());
			if (!own || !n.checkVisibility() || n.closest("svg")) continue;
			const [a, z] = [lum(rgb(getComputedStyle(n).color)), lum(ground(n))];
			const ratio = (Math.max(a, z) + .05) / (Math.min(a, z) + .05);
			if (ratio < 4.5) seen.add(n.tagName + "." + n.className + " " + ratio.toFixed(2));
		}
		return Array.from(seen).join(", ");
	})()`
	for _, path := range []string{"/", "/?reason=canary", "/alerts/a-brute", "/events/" + alerts[1].Events[0]} {
		b.run(chromedp.Navigate(s.server.URL + path))
		if got := b.text(faint); got != "" {
			b.t.Errorf("%s is too faint: %s", path, got)
		}
	}
}

// showsFocus walks the page by the tabulator: the first stop skips to the
// content, every stop is visible, and "/" goes to the filter.
func showsFocus(b *tab, s *site) {
	b.run(chromedp.Navigate(s.server.URL + "/"))
	const active = `document.activeElement`
	for i := range 25 {
		b.run(chromedp.KeyEvent(kb.Tab))
		if i == 0 {
			if got := b.text(active + `.className`); got != "skip" {
				b.t.Errorf("the first stop is %q", got)
			}
		}
		if got := b.text(`getComputedStyle(` + active + `).outlineStyle + " " + ` + active + `.checkVisibility()`); got != "solid true" {
			b.t.Errorf("stop %d, %s: outline %s", i+1, b.text(active+`.outerHTML.slice(0, 80)`), got)
		}
	}
	b.run(chromedp.Evaluate(active+`.blur()`, nil), input.DispatchKeyEvent(input.KeyRawDown).WithKey("/"))
	b.wait(active + `.name === "address"`)
	b.run(chromedp.KeyEvent("203.0.113.7"+kb.Enter), chromedp.WaitReady(`.filter a`))
	b.wait(`new URLSearchParams(location.search).get("address") === "203.0.113.7" && document.querySelectorAll("#events tbody tr").length === 25`)
}

func worksWithoutScript(b *tab, s *site) {
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(s.server.URL+"/?reason=bad_signature"))
	var rows []*cdp.Node
	var at string
	b.run(chromedp.Nodes(`#events tbody tr`, &rows, chromedp.ByQueryAll),
		chromedp.Text(`#events tbody time`, &at, chromedp.ByQuery),
		chromedp.WaitNotVisible(`#pause`))
	if len(rows) != 24 {
		b.t.Errorf("%d rows, want 24", len(rows))
	}
	first, err := s.history.Events(context.Background(), EventQuery{Reason: event.ReasonBadSignature, Limit: 1})
	if err != nil {
		b.t.Fatal(err)
	}
	if want := first[0].Time.UTC().Format("15:04:05"); !strings.HasSuffix(at, want) {
		b.t.Errorf("time %s, want %s UTC", at, want)
	}
	b.run(emulation.SetScriptExecutionDisabled(false))
}

// arrive adds an event that nothing else has brought.
func (s *site) arrive(seed byte) string {
	now := time.Now()
	e := event.Event{Time: now, ID: event.NewIDs([32]byte{seed}).Next(now), Kind: event.Missing, Reason: event.ReasonMissing, Outcome: event.Failure, ServiceName: "accounts-api"}
	s.history.mu.Lock()
	s.history.events = append(s.history.events, e)
	s.history.mu.Unlock()
	s.hub.Add(Totals{Events: 1})
	return fmt.Sprintf(`document.querySelector("#events tbody tr").dataset.key === %q`, e.ID)
}

func pauses(b *tab, s *site) {
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	b.run(chromedp.Click(`#pause`))
	b.wait(`document.getElementById("live").dataset.state === "paused"`)
	shown := s.arrive(21)
	for len(s.Web.streams) > 0 { // no stream is left that could bring it
		time.Sleep(10 * time.Millisecond)
	}
	var there bool
	b.run(chromedp.Evaluate(shown, &there))
	if there {
		b.t.Error("a paused page changes")
	}
	b.run(chromedp.Click(`#pause`))
	b.wait(shown)
}

// reconnects loses the connection, as when the monitor is started again.
func reconnects(b *tab, s *site) {
	b.provoking("ERR_")
	defer b.provoking("")
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	s.server.CloseClientConnections()
	b.wait(`document.getElementById("live").dataset.state === "lost"`)
	shown := s.arrive(22)
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	b.wait(shown)
}

func tellsThatTheSessionEnded(b *tab, s *site) {
	b.provoking("401")
	defer b.provoking("")
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	s.accounts.mu.Lock()
	clear(s.accounts.sessions)
	s.accounts.mu.Unlock()
	s.arrive(23)
	b.wait(`!document.getElementById("lost").hidden && document.getElementById("lost").textContent.startsWith("Your session has ended")`)
	b.run(chromedp.Navigate(s.server.URL + "/login")) // other parts of the page were refused too, and say so until then
}

// holdsStill checks that what is under the pointer does not move.
func holdsStill(b *tab, s *site) {
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.getElementById("live").dataset.state === "live"`)
	b.run(chromedp.ScrollIntoView(`#events tbody tr:nth-child(9)`, chromedp.ByQuery))
	const row = `document.querySelector("#events tbody tr:nth-child(9)")`
	x := b.number(row + `.getBoundingClientRect().left + 300`)
	y := b.number(row + `.getBoundingClientRect().top + 5`)
	b.run(chromedp.MouseEvent("mouseMoved", x, y))
	const under = `document.querySelector("#events tbody tr:hover").dataset.key`
	const top = `document.querySelector("#events tbody tr:hover").getBoundingClientRect().top`
	key, at := b.text(under), b.number(top)
	height := b.number(`document.querySelector("#alerts").offsetHeight`)

	now := time.Now()
	e := event.Event{Time: now, ID: event.NewIDs([32]byte{9}).Next(now), Kind: event.CanaryUsed, Reason: event.ReasonCanary, Outcome: event.Failure, ServiceName: "accounts-api"}
	s.history.mu.Lock()
	s.history.events = append(s.history.events, e)
	for _, id := range []string{"a-1", "a-2", "a-3", "a-4", "a-5", "a-canary"} { // enough to push the list down
		s.history.alerts = append(s.history.alerts, AlertView{State: "firing", Alert: detect.Alert{ID: id, Rule: "canary-used", Severity: "critical", First: now, Last: now, Count: 1, Events: []string{e.ID.String()}}})
	}
	s.history.mu.Unlock()
	s.hub.Add(Totals{Events: 1, Alerts: 1})

	b.wait(`document.querySelector("#alerts tbody tr").dataset.key === "a-canary"`)
	b.wait(`document.querySelector("#events .fresh").textContent === "1 new"`)
	if grown := b.number(`document.querySelector("#alerts").offsetHeight`) - height; grown < 50 {
		b.t.Errorf("the alerts above grew by %v px: too little to show anything", grown)
	}
	if got := b.text(under); got != key {
		b.t.Errorf("under the pointer: %s, was %s", got, key)
	}
	if got := b.number(top); math.Abs(got-at) > 1 { // scrolling rounds to whole pixels
		b.t.Errorf("what is under the pointer moved from %v to %v", at, got)
	}
	b.picture("held")
	b.run(chromedp.MouseEvent("mouseMoved", 700, 20))
	b.wait(fmt.Sprintf(`document.querySelector("#events tbody tr").dataset.key === %q`, e.ID))
}

// staysInert looks at pages on which every text is an attack. Whatever runs, or
// is refused by the policy, fails the test; so does a text that moves others.
func staysInert(b *tab, s *site) {
	id := s.hostile()
	for _, path := range []string{"/", "/events/" + id, "/alerts/" + pathEscape(hostileText)} {
		b.run(chromedp.Navigate(s.server.URL + path))
		b.wait(`document.body.innerText.includes("onerror=alert(1)")`)
		if n := b.number(`document.querySelectorAll("img, script:not([src]), [onerror], iframe").length`); n != 0 {
			b.t.Errorf("%s: %v elements made of text", path, n)
		}
		if over := b.number(`document.documentElement.scrollWidth - innerWidth`); over > 0 {
			b.t.Errorf("%s: %v px too wide", path, over)
		}
	}
	b.picture("hostile")
}

// fallsSilent looks at the two other empty pages.
func fallsSilent(b *tab, s *site) {
	s.history.mu.Lock()
	s.history.events, s.history.alerts, s.history.scans = nil, nil, nil
	s.history.services = []Service{{"accounts-api", time.Now().Add(-3 * time.Second)}}
	s.history.mu.Unlock()
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.querySelector("#events .empty").textContent.startsWith("Quiet")`)
	b.picture("quiet")
	s.history.mu.Lock()
	s.history.services[0].Last = time.Now().Add(-7 * time.Minute)
	s.history.mu.Unlock()
	b.scheme("light")
	b.run(chromedp.Navigate(s.server.URL + "/"))
	b.wait(`document.querySelector(".banner.silent").textContent.includes("Gone silent")`)
	b.picture("silent")
}

func newest(all []event.Event) event.Event {
	best := all[0]
	for _, e := range all {
		if e.Time.After(best.Time) {
			best = e
		}
	}
	return best
}
