package scan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// leaks reports whether a text of a log holds a token or secret as it is.
func (r *run) leaks(text string) bool {
	for _, k := range r.vault.texts {
		if strings.Contains(text, k.text) {
			return true
		}
		if s := k.signature(); s != "" && strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// searchLogs looks through all logs, from the first byte, for what should not
// be there: a start-up line may hold a token.
func (r *run) searchLogs() {
	if r.recipe.unsought {
		r.report.Notes = append(r.report.Notes, "a password of the recipe is also a user name, which every log may hold: whether the log holds the password was not assessed; use a password that is like nothing else")
	}
	f := found{id: catalog.TokenInLog, confidence: finding.Certain, step: r.recipe.Protected.Step,
		message: "the log holds tokens or secrets that whoever reads it can use"}
	prefix := found{id: catalog.TokenPrefixAsID, confidence: finding.Firm, step: f.step,
		message: "the log names tokens by their first characters: the same for every JWT, a leak for an opaque token"}
	query := found{id: catalog.TokenInLog, confidence: finding.Tentative, step: f.step,
		message: "the log holds the query string, and with it whatever token a client puts there"}
	parts := found{id: catalog.TokenInLog, confidence: finding.Tentative, step: f.step,
		message: "the log holds header and payload of tokens as they are encoded: all that a signature has to be added to, and the claims for all to read"}
	told := map[string]bool{}
	tell := func(to *found, e, quote string) {
		if !told[e] {
			told[e] = true
			to.evidence = append(to.evidence, strings.TrimSuffix(e+": "+quote, ": "))
		}
	}
	r.book.whole(8<<10, func(source, text string) {
		for _, k := range r.vault.texts {
			for _, form := range k.spellings {
				i := strings.Index(text, form.text)
				switch {
				case i < 0:
				case k.kind != standing && onlyInQuery(text, form.text): // where the scan itself puts tokens, and no password
					tell(&query, fmt.Sprintf("log %s: %s, in a query string", source, k.what), r.around(text, i, k))
				default:
					tell(&f, fmt.Sprintf("log %s: %s%s", source, k.what, form.how), r.around(text, i, k))
				}
			}
			if s := k.signature(); s != "" && !strings.Contains(text, k.text) {
				if i := strings.Index(text, s); i >= 0 {
					tell(&f, fmt.Sprintf("log %s: the signature of %s", source, k.what), r.around(text, i, k))
				}
			}
			if i := unsigned(text, k.body()); i >= 0 {
				tell(&parts, fmt.Sprintf("log %s: header and payload of %s", source, k.what), r.around(text, i, k))
			}
			if k.kind == live && r.prefixed(text, k.text) {
				tell(&prefix, fmt.Sprintf("log %s: the first characters of %s", source, k.what), "") // which a quote would show
			}
		}
		for _, t := range jwtShape.FindAllString(text, -1) {
			if _, known := r.vault.index[t]; !known && len(t)-strings.LastIndexByte(t, '.') > 16 {
				tell(&f, fmt.Sprintf("log %s: a token that the scan did not send, %s", source, r.prints.Text(t)), "")
			}
		}
	})
	for _, x := range []found{f, parts, query, prefix} {
		if len(x.evidence) > 0 {
			r.find(x)
		}
	}
}

// around quotes the line in which a secret stands at i, redacted.
func (r *run) around(text string, i int, k secretText) string {
	begin := strings.LastIndexByte(text[:i], '\n') + 1
	end := len(text)
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		end = i + n
	}
	line := r.vault.redact(text[max(begin, i-maxLogLine):min(end, i+maxLogLine)])
	if at := strings.Index(line, "["+k.what); at > 80 {
		line = "..." + strings.ToValidUTF8(line[at-80:], "")
	}
	return clip(r.vault.quote(line), 200)
}

// unsigned finds header and payload where no signature follows.
func unsigned(text, body string) int {
	for at := 0; body != ""; {
		i := strings.Index(text[at:], body)
		if i < 0 {
			break
		}
		i += at
		rest := text[i+len(body):]
		if len(rest) < 2 || rest[0] != '.' && !isWord(rest[0]) && rest[0] != '-' || rest[0] == '.' && !isWord(rest[1]) && rest[1] != '-' {
			return i
		}
		at = i + len(body)
	}
	return -1
}

var queryName = regexp.MustCompile(`(?:[?&]|\\u0026|&amp;)[\w.-]+=$`)

// onlyInQuery reports whether every place where a token stands is the value of
// a parameter in a URL.
func onlyInQuery(text, token string) bool {
	for {
		i := strings.Index(text, token)
		if i < 0 {
			return true
		}
		if !queryName.MatchString(text[max(0, i-64):i]) {
			return false
		}
		text = text[i+len(token):]
	}
}

// A prefix that is shorter could be chance, and one that is longer is no id.
const prefixLength, maxPrefix = 10, 64

// prefixed finds the first characters of a token where the token itself, or
// another, does not follow.
func (r *run) prefixed(text, token string) bool {
	if len(token) < 2*prefixLength {
		return false
	}
	head := token[:prefixLength]
	for {
		i := strings.Index(text, head)
		if i < 0 {
			return false
		}
		run := text[i:]
		if end := strings.IndexFunc(run, func(c rune) bool { return c > 127 || !isWord(byte(c)) && c != '-' && c != '.' }); end >= 0 {
			run = run[:end]
		}
		run = strings.TrimRight(run, ".") // an ellipsis
		before := i == 0 || !isWord(text[i-1]) && text[i-1] != '-' && text[i-1] != '.'
		if before && len(run) <= maxPrefix && len(run) < len(token) && strings.HasPrefix(token, run) {
			return true
		}
		text = text[i+max(len(run), 1):]
	}
}
