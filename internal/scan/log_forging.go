package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "log-forging",
	Weakness: catalog.LogInjection,
	Title:    "line breaks, colours and quotes in kid, sub and alg",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT, NeedLog},
	Requests: requests(3),
	Truth: []event.Reason{event.ReasonBadSignature, event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonUnknownKID, event.ReasonKIDInjection,
		event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch, event.ReasonBadClaim, event.ReasonOversized},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		t := a.run.token
		sub := a.run.recipe.Claims.subject(t.Payload)
		places := []struct {
			name  string
			token func(text string) string
		}{
			{"kid", func(text string) string { return forge.Unsigned(t.Header.Set("kid", text), t.Payload) }},
			{"sub", func(text string) string { return forge.Unsigned(t.Header, t.Payload.Set(sub, text)) }},
			{"alg", func(text string) string { return forge.Unsigned(t.Header.Set("alg", text), t.Payload) }},
		}
		var forgeries []forgery
		for _, p := range places {
			f := newForgery(p.name)
			a.planted = append(a.planted, f.line)
			a.canaries = append(a.canaries, f.line, f.colour, f.member, f.separator)
			_, got, err := a.send(ctx, p.token(f.text())+"."+forge.Encode(randomKey()))
			if err != nil {
				a.inconclusive("%s: %v", p.name, err)
				return
			}
			a.result.Accepted = a.result.Accepted || got == took
			forgeries = append(forgeries, f)
		}
		a.run.book.settle(ctx)
		lines := a.run.book.since(a.mark)
		var hits []string
		for _, f := range forgeries {
			hits = append(hits, f.hits(a.run.book, lines)...)
		}
		if len(hits) == 0 {
			a.pass("nothing in kid, sub or alg forges, splits or colours a line")
			return
		}
		a.result.Seen.ForgedLine = true
		a.fail("%s", strings.Join(hits, "; "))
		a.find(catalog.LogInjection, finding.Certain, "what stands in a token forges, splits or colours lines of the log", hits...)
	},
})

// A forgery is a text that forges a log entry in every way at once. Each part
// has a mark of its own, since a logger's own colours and line ends prove nothing.
type forgery struct {
	place                           string
	line, colour, member, separator string
}

func newForgery(place string) forgery {
	return forgery{place, newCanary(), newCanary(), newCanary(), newCanary()}
}

func (f forgery) text() string {
	return "x\r\n" + f.line + " ok\x1b[32m" + f.colour + "\u2028" + f.separator + `","` + f.member + `":"1`
}

// hits tells what of it arrived unharmed.
func (f forgery) hits(b *book, lines []line) (hits []string) {
	once := map[string]bool{}
	hit := func(how string) {
		if !once[how] {
			once[how] = true
			hits = append(hits, fmt.Sprintf("%s: %s", f.place, how))
		}
	}
	for _, l := range lines {
		if strings.HasPrefix(strings.TrimLeft(plainText(l.text), "\r \t"), f.line) || strings.Contains(l.text, "\r"+f.line) {
			hit("a raw line break begins a line of the attacker's own")
		}
		if strings.Contains(l.text, "\x1b[32m"+f.colour) {
			hit("a raw colour code")
		}
		if strings.Contains(l.text, "\u2028"+f.separator) {
			hit("a raw line separator, U+2028")
		}
	}
	for _, r := range b.records(lines) {
		if _, ok := r.fields[f.member]; ok {
			hit("a quote ends the value, and a member of the attacker's own follows")
		}
	}
	return hits
}
