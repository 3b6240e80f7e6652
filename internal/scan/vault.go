package scan

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/finding"
)

// A secrecy says what a known text is worth to whoever reads it.
type secrecy int

const (
	forged   secrecy = iota // a token of ours: worthless, but a log that holds it would hold a real one
	standing                // a password or key of the recipe
	live                    // a token that works
)

// A secretText is one text that no report may hold and no log should.
type secretText struct {
	what string
	text string
	kind secrecy

	spellings []spelling
}

// A vault knows every token, password and key that the scan came across.
type vault struct {
	prints *event.Fingerprinter
	texts  []secretText
	index  map[string]int
}

func (r *run) know(what, text string, kind secrecy) {
	if len(text) < 8 || kind == forged && r.vault.within(text) {
		return
	}
	r.vault.know(what, text, kind)
}

// within reports whether a text is a piece of a token that works; whatever holds
// that holds the piece too.
func (v *vault) within(text string) bool {
	return slices.ContainsFunc(v.texts, func(k secretText) bool { return k.kind == live && strings.Contains(k.text, text) })
}

func (v *vault) know(what, text string, kind secrecy) {
	if v.index == nil {
		v.index = map[string]int{}
	}
	if i, ok := v.index[text]; ok {
		if kind > v.texts[i].kind {
			v.texts[i].what, v.texts[i].kind = what, kind
			v.texts[i].spellings = v.texts[i].spell()
		}
		return
	}
	v.index[text] = len(v.texts)
	k := secretText{what: what, text: text, kind: kind}
	k.spellings = k.spell()
	v.texts = append(v.texts, k)
}

// A spelling is a form in which a secret is still the secret.
type spelling struct {
	text string
	how  string // for people; empty: as it is
}

// spell gives the spellings of a secret. In base64 a text looks like one of three,
// by where it stands: the password in a Basic header, a token after "Bearer ".
func (s secretText) spell() []spelling {
	list := []spelling{{s.text, ""}}
	if s.kind == forged {
		return list
	}
	add := func(text, how string) {
		if len(text) >= 8 && !slices.ContainsFunc(list, func(x spelling) bool { return x.text == text }) {
			list = append(list, spelling{text, how})
		}
	}
	for at := range 3 {
		lead, whole := (at*8+5)/6, (at+len(s.text))*8/6 // the signs that the neighbours change are left out
		std := base64.RawStdEncoding.EncodeToString(append(make([]byte, at), s.text...))
		add(std[lead:max(lead, min(whole, len(std)))], ", in base64")
		url := base64.RawURLEncoding.EncodeToString(append(make([]byte, at), s.text...))
		add(url[lead:max(lead, min(whole, len(url)))], ", in base64url")
	}
	add(url.QueryEscape(s.text), ", URL-encoded")
	add(url.PathEscape(s.text), ", URL-encoded")
	if j, err := json.Marshal(s.text); err == nil {
		escaped := string(j[1 : len(j)-1])
		add(escaped, ", JSON-escaped")
		add(strings.ReplaceAll(escaped, "/", `\/`), ", JSON-escaped")
	}
	add(strings.Trim(compact(s.text), `"`), ", JSON-escaped")
	add(hex.EncodeToString([]byte(s.text)), ", in hexadecimal")
	add(strings.ToUpper(hex.EncodeToString([]byte(s.text))), ", in hexadecimal")
	return list
}

// body is header and payload of a token that works, without the signature.
func (s secretText) body() string {
	if s.signature() == "" {
		return ""
	}
	return s.text[:strings.LastIndexByte(s.text, '.')]
}

// signature is the third segment of a token that works: whoever has it and can
// guess the claims has the token.
func (s secretText) signature() string {
	if i := strings.LastIndexByte(s.text, '.'); s.kind == live && strings.Count(s.text, ".") == 2 && len(s.text)-i > 20 {
		return s.text[i+1:]
	}
	return ""
}

var jwtShape = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*`)

// redact puts fingerprints in the place of every known secret, and of whatever
// has the shape of a token.
func (v *vault) redact(s string) string {
	for _, k := range v.byLength() {
		put := func(form string) {
			if form != "" && strings.Contains(s, form) {
				s = strings.ReplaceAll(s, form, "["+k.what+" "+v.prints.Text(k.text)+"]")
			}
		}
		for _, form := range k.spellings {
			put(form.text)
		}
		put(k.body())
		put(k.signature())
	}
	return jwtShape.ReplaceAllStringFunc(s, func(t string) string { return "[a token " + v.prints.Text(t) + "]" })
}

// byLength gives the longest first, so that no secret is cut by one within it.
func (v *vault) byLength() []secretText {
	return slices.SortedFunc(slices.Values(v.texts), func(a, b secretText) int { return len(b.text) - len(a.text) })
}

// quote makes a line of a log fit for a report: redacted, escaped and short.
func (v *vault) quote(line string) string {
	return clip(finding.Escape(strings.Join(strings.Fields(v.redact(line)), " ")), 240)
}

// scrub redacts every text of a report, and refuses it if a secret is still there.
func (v *vault) scrub(r *finding.Report) error {
	texts := []*string{&r.Target}
	for i := range r.Notes {
		texts = append(texts, &r.Notes[i])
	}
	for i := range r.Runs {
		x := &r.Runs[i]
		texts = append(texts, &x.Why, &x.Seen.Reason, &x.Seen.Why, &x.Alerted.Why)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		texts = append(texts, &f.Message, &f.Location.Route)
		if f.Suppressed != nil {
			texts = append(texts, &f.Suppressed.Reason)
		}
		for j := range f.Evidence {
			texts = append(texts, &f.Evidence[j])
		}
	}
	for _, t := range texts {
		*t = v.redact(*t)
	}
	out, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for _, k := range v.texts {
		if strings.Contains(string(out), k.text) {
			return errors.New("report: holds " + k.what + " and is not written")
		}
	}
	return nil
}
