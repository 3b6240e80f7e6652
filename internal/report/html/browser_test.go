package html

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/reporttest"
)

// browserPath finds a browser that does not outlive the test, which the Debian
// command of that name would.
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

// faint lists what cannot be read: texts with a contrast under 4.5 to 1 (WCAG 2.2
// success criterion 1.4.3).
const faint = `(() => {
	const rgb = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 || m[3] > 0 ? m : null; };
	const lum = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126*r + .7152*g + .0722*b; };
	const ground = (n) => { for (; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor); if (c) return c; } return [255, 255, 255]; };
	const seen = new Set();
	for (const n of document.querySelectorAll("body *")) {
		const own = Array.from(n.childNodes).some((c) => c.nodeType === 3 && c.textContent.trim());
		if (!own || !n.checkVisibility()) continue;
		const [a, z] = [lum(rgb(getComputedStyle(n).color)), lum(ground(n))];
		const ratio = (Math.max(a, z) + .05) / (Math.min(a, z) + .05);
		if (ratio < 4.5) seen.add(n.tagName + "." + n.className + " " + ratio.toFixed(2));
	}
	return Array.from(seen).join(", ");
})()`

// TestInABrowser reads the page as people do: the browser has nothing to complain
// about, every text can be read by day and by night, nothing runs over the edge
// of a telephone, and the filters hide what they say. With hostile text it is the
// same page.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browserPath(t)))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stop()
	ctx, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, late := context.WithTimeout(ctx, 2*time.Minute)
	defer late()
	chromedp.ListenTarget(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("exception: %s", ev.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			t.Errorf("the browser complains: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	})
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(expression string) (text string) {
		t.Helper()
		run(chromedp.Evaluate("String("+expression+")", &text))
		return text
	}
	run(log.Enable(), runtime.Enable())
	hostile := rich(t)
	reporttest.Spoil(hostile)
	for name, r := range map[string]*finding.Report{"rich": rich(t), "hostile": hostile} {
		file := filepath.Join(t.TempDir(), name+".html")
		if err := os.WriteFile(file, write(t, r), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1440, 400} {
				at := fmt.Sprintf("%s, %s, %d columns of pixels", name, scheme, width)
				run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+file),
					chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true })`, nil))
				if got := ask(faint); got != "" {
					t.Errorf("%s: too faint: %s", at, got)
				}
				if got := ask(`document.documentElement.scrollWidth <= innerWidth`); got != "true" {
					t.Errorf("%s: runs over the edge: %s of %s", at, ask(`document.documentElement.scrollWidth`), ask(`innerWidth`))
				}
				if got := ask(`getComputedStyle(document.querySelector(".card")).display`); got != "grid" {
					t.Errorf("%s: the style does not hold: %s", at, got)
				}
			}
		}
		const shown = `Array.from(document.querySelectorAll(".finding")).filter((n) => n.checkVisibility()).length`
		if got, want := ask(shown), fmt.Sprint(len(r.Findings)); got != want {
			t.Errorf("%s: %s findings are shown, want %s", name, got, want)
		}
		run(chromedp.Evaluate(`document.querySelector(".show-high").click(), document.querySelector(".show-aside").click()`, nil))
		want := 0
		for _, f := range r.Findings {
			if f.Severity.String() != "high" && f.Suppressed == nil && f.Implied == "" {
				want++
			}
		}
		if got := ask(shown); got != fmt.Sprint(want) {
			t.Errorf("%s: %s findings are left by the filters, want %d", name, got, want)
		}
		if got := ask(`document.querySelectorAll("script, img, form, a:not(.skip)").length`); got != "0" {
			t.Errorf("%s: %s elements of the target's", name, got)
		}
	}
}
