package scan

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
)

// TestCallbackServesOffersAlone holds that the listener answers under the
// addresses that it gave out, with what was offered, and to nothing else.
func TestCallbackServesOffersAlone(t *testing.T) {
	t.Parallel()
	c, err := openCallback("")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	first := c.offer("text/plain", []byte("one"), found{id: catalog.UntrustedKeyHeader})
	second := c.offer("text/plain", []byte("two"), found{id: catalog.KIDInjection})
	ask := func(method, address string) (int, string) {
		q, err := http.NewRequestWithContext(t.Context(), method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	for _, tt := range []struct {
		method, address string
		status          int
		body            string
	}{
		{"GET", c.base + "/", 404, ""},
		{"GET", c.base + "/.well-known/jwks.json", 404, ""},
		{"GET", first.url + "x", 404, ""},
		{"POST", first.url, 404, ""},
		{"GET", first.url + "?a=b", 200, "one"},
	} {
		if status, body := ask(tt.method, tt.address); status != tt.status || body != tt.body {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.address, status, body, tt.status, tt.body)
		}
	}
	if !first.came() || second.came() {
		t.Errorf("came: %v and %v, want the first alone", first.came(), second.came())
	}
	if late := c.late(); len(late) != 0 {
		t.Errorf("%d late, and the probe knows of all", len(late))
	}
	ask("GET", second.url)
	if late := c.late(); len(late) != 1 || late[0].id != catalog.KIDInjection {
		t.Errorf("late: %v", late)
	}
}

// TestCallbackAddress listens at an address that is given, and on its port where
// the address is not this machine's own but leads to it.
func TestCallbackAddress(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "192.0.2.7"} {
		var c *outpost
		var port string
		err := errors.New("not tried")
		for try := 0; try < 5 && err != nil; try++ { // another test may have taken the port meanwhile
			_, port, _ = net.SplitHostPort(freeAddress(t))
			c, err = openCallback(net.JoinHostPort(host, port))
		}
		if err != nil {
			t.Fatal(err)
		}
		o := c.offer("text/plain", nil, found{})
		u, err := url.Parse(o.url)
		if err != nil || u.Host != net.JoinHostPort(host, port) {
			t.Errorf("the target is pointed to %s", o.url)
		}
		res, err := http.Get("http://127.0.0.1:" + port + u.Path)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != 200 {
			t.Errorf("%s: %d", host, res.StatusCode)
		}
		c.close()
	}
	for _, bad := range []string{"", "host", ":80", "host:", "host:0", "host:no-such-service", "ho/st:80", "a@b:80"} {
		if err := checkCallback(bad); err == nil {
			t.Errorf("%q is taken for HOST:PORT", bad)
		}
	}
}

// TestCallbackNeedsAnAddress skips the probes that point the target here, where
// it cannot come here.
func TestCallbackNeedsAnAddress(t *testing.T) {
	t.Parallel()
	recipe, err := ForURL("http://192.0.2.1/me", "a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	skipped := func() (names []string) {
		for _, p := range PlanOf(recipe).Probes {
			if p.Why == noCallback {
				names = append(names, p.Name)
			}
		}
		return names
	}
	if got, want := skipped(), []string{"key-url", "kid-command"}; !slices.Equal(got, want) {
		t.Errorf("skipped %v, want %v", got, want)
	}
	if err := recipe.SetCallback("198.51.100.9:8444"); err != nil {
		t.Fatal(err)
	}
	if got := skipped(); got != nil {
		t.Errorf("skipped %v, with an address", got)
	}
	if why := NeedCallback.missing(&run{recipe: recipe}); why != noCallback {
		t.Errorf("without a listener: %q", why)
	}
}

// TestDisguised holds that an address that looks like a trusted one leads to us.
func TestDisguised(t *testing.T) {
	const ours = "http://127.0.0.1:40000/abc/.well-known/jwks.json"
	for _, trusted := range []string{"http://issuer.test", "https://issuer.test:8443/", "http://127.0.0.1:8080"} {
		got := disguised(ours, trusted)
		u, err := url.Parse(got)
		if err != nil || u.Host != "127.0.0.1:40000" || u.Path != "/abc/.well-known/jwks.json" {
			t.Fatalf("%s leads elsewhere", got)
		}
		if like, _ := url.Parse(trusted); !strings.HasPrefix(got, "http://"+like.Host) || !strings.HasSuffix(got, like.Host+"/.well-known/jwks.json") {
			t.Errorf("%s does not look like %s", got, trusted)
		}
	}
	if got := disguised(ours, "not an address"); got != ours {
		t.Errorf("%s, want the address as it is", got)
	}
}
