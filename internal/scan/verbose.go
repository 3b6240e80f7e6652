package scan

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// maxHeard is how much of a body is searched for words.
const maxHeard = 16 << 10

var (
	// detailed finds the words of libraries and frameworks that tell why a token
	// was refused, and traces of a program's insides. The challenge of RFC 6750
	// and the example of its section 3.1 are none.
	detailed = regexp.MustCompile(`(?i)signature is invalid|invalid signature|signature (?:verification failed|mismatch|does not match|is not valid)|signature key was not found|` +
		`jwt malformed|jwt expired|jwt not active|jwt signature|jwt audience invalid|jwt issuer invalid|token is expired|token has expired|token used before|token is malformed|token is unverifiable|` +
		`no header in signature|signing method|illegal base64|unexpected token .{0,40}in json|invalid number of segments|not enough segments|invalid algorithm|algorithm is not (?:allowed|supported)|` +
		`hmac-?sha|could not deserialize key|no suitable key|unable to find a signing key|lifetime validation failed|\bIDX1\d{4}\b`)
	stackTrace = regexp.MustCompile(`Traceback \(most recent call last\)|\bgoroutine \d+ \[|\bat [\w.$<> ]{1,80} ?\([^()\s]{1,200}:\d+(?::\d+)?\)|\bat (?:file://)?/[^\s()]{1,200}:\d+:\d+|` +
		`\.java:\d+\)|\bat .{1,120}\.[cm]?js:\d+:\d+|\bat [\w.<>]+\(.{0,200}\) in .{1,200}:line \d+|File "[^"\n]{1,200}", line \d+|\.cs:line \d+|\.go:\d+ \+0x|\.rb:\d+:in |\b(?:io\.jsonwebtoken|com\.auth0\.jwt|com\.nimbusds|org\.jose4j)\.[\w.]+|\bJsonWebTokenError\b|\bTokenExpiredError\b|Microsoft\.IdentityModel\.|` +
		`\b(?:java|javax|org\.springframework|System)\.[\w.]{1,80}(?:Exception|Error)\b`)
	// reasonish finds words that only a reason for refusing a token has.
	reasonish = regexp.MustCompile(`(?i)signature|expired|\bkid\b|key.?id|unknown.?key|\balg|audience|issuer|malformed|segment|revoked|not.?before|not.?yet|\bnbf\b|decod|pars(?:e|ing)\b`)
)

// listen keeps the first answer that is no success and tells its reason. What an
// answer to no token at all says as well is no reason.
func (r *run) listen(res *response, got answer) {
	if r.told != "" || got == took {
		return
	}
	usual, text := heard(r.controls.none), heard(res)
	if text == usual {
		return
	}
	for _, re := range []*regexp.Regexp{stackTrace, detailed} {
		if m := re.FindString(text); m != "" && !strings.Contains(usual, m) {
			r.told = m
			return
		}
	}
}

// heard is the text of an answer: its body, its challenge and where it sends to.
func heard(res *response) string {
	to, err := url.QueryUnescape(res.header.Get("Location"))
	if err != nil {
		to = ""
	}
	return string(res.body[:min(len(res.body), maxHeard)]) + "\n" + strings.Join(res.header.Values("WWW-Authenticate"), "\n") + "\n" + to
}

// verbose finds what the answers told: a reason in the words of a library, or
// other words for other reasons.
func (r *run) verbose() {
	step := r.recipe.Protected.Step
	if r.told != "" {
		r.find(found{id: catalog.VerboseError, confidence: finding.Firm, step: step,
			message: "the answer tells why the token was refused", evidence: []string{"answer: " + r.vault.quote(r.told)}})
		return
	}
	usual := reasons(r.controls.none)
	type said struct {
		check string
		truth []event.Reason
		words string
	}
	var first *said
	for _, a := range r.attempts {
		if len(a.probe.Truth) == 0 || slices.Contains(a.probe.Needs, NeedRefresh) {
			continue
		}
		for _, res := range a.refusals {
			words := reasons(res)
			maps.DeleteFunc(words, func(w string, _ bool) bool { return usual[w] })
			s := &said{a.probe.Name, a.probe.Truth, strings.Join(slices.Sorted(maps.Keys(words)), ", ")}
			switch {
			case first == nil:
				first = s
			case first.words != s.words && !slices.ContainsFunc(s.truth, func(e event.Reason) bool { return slices.Contains(first.truth, e) }):
				r.find(found{id: catalog.VerboseError, confidence: finding.Firm, step: step, message: "refusals tell their reasons apart",
					evidence: []string{fmt.Sprintf("%s: %q", first.check, r.vault.quote(first.words)), fmt.Sprintf("%s: %q", s.check, r.vault.quote(s.words))}})
				return
			}
		}
	}
}

// reasons are the words of an answer that only a reason has.
func reasons(res *response) map[string]bool {
	out := map[string]bool{}
	for m := range marks(&response{body: res.body[:min(len(res.body), maxHeard)]}) {
		text, isWord := strings.CutPrefix(m, "word ")
		if !isWord {
			text = value(m)
		}
		if reasonish.MatchString(text) {
			out[text] = true
		}
	}
	for _, m := range challenge.FindAllStringSubmatch(strings.Join(res.header.Values("WWW-Authenticate"), "\n"), -1) {
		if reasonish.MatchString(m[1]) {
			out[m[1]] = true
		}
	}
	return out
}

var challenge = regexp.MustCompile(`(?i)error_description="([^"]{1,200})"`)
