package monitor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/jotsight/jotsight/internal/alert"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// DefaultListen is where a monitor listens unless told otherwise.
const DefaultListen = "127.0.0.1:7460"

// Config is what a monitor needs. Data is required; a zero field means its
// default.
type Config struct {
	Listen string // host:port; DefaultListen
	Data   string // the directory that holds everything, made if it is not there

	// Outside TLS nothing but a loopback address is listened on, unless Plain
	// says that somebody else terminates TLS in front.
	TLS   *tls.Config
	Plain bool

	// BaseURL is where people reach the page, if that is not Listen.
	BaseURL string

	Rules    []*rule.Rule // nil: those that are shipped
	Webhooks []Webhook

	LogAge   time.Duration // how long the log keeps events; 30 days
	LogBytes int64         // and how much of them; 4 GiB
	KeepFor  time.Duration // how long the history keeps events and counts; 90 days

	Version string           // shown on the page
	Log     *slog.Logger     // nil: silent
	Now     func() time.Time // nil: time.Now
}

// A Webhook is a receiver of alerts. Secret signs what is sent, as Standard
// Webhooks wants it: whsec_ and base64 of 24 to 64 bytes.
type Webhook struct {
	Name   string
	URL    string
	Secret string
}

// check fills in the defaults and names every field that cannot be right.
func (c *Config) check() ([]alert.Channel, error) {
	var wrong []error
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Data == "" {
		wrong = append(wrong, errors.New("data: missing"))
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.KeepFor == 0 {
		c.KeepFor = 90 * 24 * time.Hour
	}
	if c.LogAge < 0 || c.LogBytes < 0 || c.KeepFor < 0 {
		wrong = append(wrong, errors.New("retention: below zero"))
	}
	if err := c.checkListen(); err != nil {
		wrong = append(wrong, fmt.Errorf("listen %q: %w", c.Listen, err))
	}
	var channels []alert.Channel
	names := map[string]bool{}
	for i, w := range c.Webhooks {
		switch {
		case w.Name == "":
			wrong = append(wrong, fmt.Errorf("webhook %d: name: missing", i+1))
			continue
		case names[w.Name]:
			wrong = append(wrong, fmt.Errorf("webhook %s: name: twice", w.Name))
			continue
		}
		names[w.Name] = true
		ch, err := alert.NewWebhook(w.Name, w.URL, w.Secret, nil, c.Now)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		channels = append(channels, ch)
	}
	if c.Rules == nil {
		shipped, err := rule.Load(rules.FS)
		if err != nil {
			wrong = append(wrong, err)
		}
		c.Rules = shipped
	}
	return channels, errors.Join(wrong...)
}

// checkListen refuses to carry keys, sessions and events over a network in the
// clear.
func (c *Config) checkListen() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return errors.New("not host:port")
	}
	if c.TLS != nil || c.Plain || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return ErrExposed
}

// ErrExposed says that an address can be reached from outside without TLS.
var ErrExposed = errors.New("reachable from outside without TLS")
