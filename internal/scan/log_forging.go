package scan

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "log-forging",
	Weakness: catalog.LogInjection,
	Title:    "line breaks, colours, quotes and hidden signs in a token and its request",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT, NeedLog},
	Requests: requests(6),
	Truth: []event.Reason{event.ReasonBadSignature, event.ReasonMalformed, event.ReasonBadEncoding, event.ReasonUnknownKID, event.ReasonKIDInjection,
		event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch, event.ReasonBadClaim, event.ReasonOversized, event.ReasonBadIssuer, event.ReasonBadAudience},
	Silent: catalog.SilentVerifyFailure,
	Run:    logForging,
})

func logForging(ctx context.Context, a *attempt) {
	t := a.run.token
	var all forgeries
	for _, token := range []func() string{
		func() string { return forge.Unsigned(t.Header.Set("kid", all.in(a, "kid").text()), t.Payload) },
		func() string { return forge.Unsigned(t.Header.Set("alg", all.in(a, "alg").text()), t.Payload) },
		func() string { return forge.Unsigned(t.Header, forgedClaims(a, &all)) },
	} {
		_, got, err := a.send(ctx, token()+"."+forge.Encode(randomKey()))
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		a.result.Accepted = a.result.Accepted || got == took
	}
	a.forgeRequest(ctx, &all)
	a.forgeLong(ctx, t, &all)
	a.judgeForgeries(ctx, all, "nothing in a token or its request forges, splits or colours a line")
}

// forgedClaims puts forgeries where a record of the token may quote it.
func forgedClaims(a *attempt, all *forgeries) forge.Object {
	p := a.run.token.Payload
	for _, name := range []string{a.run.recipe.Claims.subject(p), "iss", "aud", "jti"} {
		p = p.Set(name, all.in(a, name).text())
	}
	return p
}

// forgeRequest sends a bad token whose request forges: what fits a header in its
// headers, the rest percent-encoded in query and path. Some servers refuse it
// themselves, and then no line of the service can be forged by it.
func (a *attempt) forgeRequest(ctx context.Context, all *forgeries) {
	step := a.run.recipe.Protected.Step
	token := garbled(a.run.token)
	a.onceAt(ctx, a.v, step, token, func(q *request) {
		a.run.recipe.Carrier.put(q, token)
		q.headers["User-Agent"] = "jotsight/" + q.canary + all.in(a, "User-Agent").printable()
		q.headers["X-Request-Id"] = q.canary + all.in(a, "X-Request-Id").printable()
		q.query["note"] = all.in(a, "the query").text()
	})
	if step.Method == "GET" {
		path, query, _ := strings.Cut(step.Path, "?")
		step.Path = path + "/" + url.PathEscape(all.in(a, "the path").text())
		if query != "" {
			step.Path += "?" + query
		}
		a.onceAt(ctx, a.v, step, token, func(q *request) { a.run.recipe.Carrier.put(q, token) })
	}
}

const filling = "0123456789abcde "

// forgeLong sends a kid of 64 KB, more than a line of most logs takes. Most servers
// refuse such a header.
func (a *attempt) forgeLong(ctx context.Context, t *forge.Token, all *forgeries) {
	f := all.in(a, "kid")
	token := forge.Unsigned(t.Header.Set("kid", "x"+strings.Repeat(filling, 4<<10)+f.tail), t.Payload) + "." + forge.Encode(randomKey())
	a.once(ctx, a.v, token, func(q *request) { a.run.recipe.Carrier.put(q, token) })
}

// judgeForgeries looks for the forgeries in the log and ends the probe.
func (a *attempt) judgeForgeries(ctx context.Context, all forgeries, fine string) {
	a.run.book.settle(ctx)
	hits := all.hits(a.run.book, a.run.book.since(a.mark))
	if len(hits) == 0 {
		a.pass("%s", fine)
		return
	}
	a.result.Seen.ForgedLine = true
	a.fail("%s", strings.Join(hits, "; "))
	f := found{id: catalog.LogInjection, confidence: finding.Certain, step: a.place(), evidence: hits,
		message: "what an attacker sends forges, splits or colours lines of the log"}
	a.run.find(f)
}

// A forgery is a text that forges a log entry in every way at once. Each part
// has a mark of its own, since a logger's own colours and line ends prove nothing.
type forgery struct {
	place string
	// What each mark stands behind: a line break, a colour code, a quote and a
	// comma, a space, NUL, and a value that is too long.
	line, colour, member, pair, null, tail string
	signs                                  []hidden
}

// A hidden sign splits or turns text where it is shown, though not in the file.
type hidden struct{ name, text, mark string }

// forgeries are those of one attempt.
type forgeries []forgery

// in makes a forgery for a place and lets the attempt know its marks.
func (l *forgeries) in(a *attempt, place string) forgery {
	f := forgery{place: place, line: newCanary(), colour: newCanary(), member: newCanary(), pair: newCanary(), null: newCanary(), tail: newCanary()}
	a.planted = append(a.planted, f.line)
	a.canaries = append(a.canaries, f.line, f.colour, f.member, f.pair, f.null, f.tail)
	for _, s := range []hidden{
		{name: "a raw line separator, U+2028", text: "\u2028"}, {name: "a raw paragraph separator, U+2029", text: "\u2029"},
		{name: "a raw next line, U+0085", text: "\u0085"}, {name: "a raw sign that turns the text around, U+202E", text: "\u202e"},
	} {
		s.mark = newCanary()
		a.canaries = append(a.canaries, s.mark)
		f.signs = append(f.signs, s)
	}
	*l = append(*l, f)
	return f
}

func (f forgery) text() string {
	return "x\r\n" + f.line + " ok\x1b[32m" + f.colour + "\x00" + f.null + f.printable()
}

// printable is what of it fits a header.
func (f forgery) printable() string {
	text := ""
	for _, s := range f.signs {
		text += s.text + s.mark
	}
	return text + " " + f.pair + `=1","` + f.member + `":"1`
}

// hits tells what of the forgeries arrived unharmed.
func (l forgeries) hits(b *book, lines []line) (hits []string) {
	once := map[string]bool{}
	for _, f := range l {
		f.found(b, lines, func(how string) {
			if how = f.place + ": " + how; !once[how] {
				once[how] = true
				hits = append(hits, how)
			}
		})
	}
	return hits
}

var pairsFirst = regexp.MustCompile(`^\s*[A-Za-z_@][\w.@/-]*=\S+\s+[A-Za-z_@][\w.@/-]*=`)

func (f forgery) found(b *book, lines []line, hit func(how string)) {
	for _, l := range lines {
		text := unwrap(l.text).text
		if strings.HasPrefix(strings.TrimLeft(plainText(text), "\r \t"), f.line) || strings.Contains(text, "\r"+f.line) {
			hit("a raw line break begins a line of the attacker's own")
		}
		if strings.Contains(text, "\x1b[32m"+f.colour) {
			hit("a raw colour code")
		}
		if strings.Contains(text, "\x00"+f.null) {
			hit("a raw NUL")
		}
		if len(text) > 16 && strings.Contains(filling+filling, text[:16]) && strings.Contains(text, f.tail) {
			hit("a long value is cut and goes on as a line of its own")
		}
	}
	for _, r := range b.records(lines) {
		_, _, json := object(strings.TrimLeft(r.text, " \t")) // within a JSON text every sign is one of the text
		for _, s := range f.signs {
			if !json && strings.Contains(r.text, s.text+s.mark) {
				hit(s.name)
			}
		}
		if _, ok := r.fields[f.member]; ok {
			hit("a quote ends the value, and a member of the attacker's own follows")
		}
		// In a line that begins with pairs: a sentence may quote in ways of its own.
		if _, ok := r.fields[f.pair]; ok && !json && pairsFirst.MatchString(r.text) {
			hit("a space ends the value, and a member of the attacker's own follows")
		}
	}
}
