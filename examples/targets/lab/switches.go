package main

import (
	"fmt"
	"slices"
	"strings"
)

// A Switch is one property of the lab: a weakness, an oddity of a sound service,
// a way of alerting, or, in logModes, a way of logging. Findings are named by the
// ids of the catalogue.
type Switch struct {
	Name  string   `json:"name"`
	Group string   `json:"group"` // protection, odd, alert or log
	About string   `json:"about"`
	Finds []string `json:"finds"`         // what a scan must report, all of it
	May   []string `json:"may,omitempty"` // follows from it: reported or not, both is right
	Key   bool     `json:"key,omitempty"` // the tester is given the signing key
	Alg   string   `json:"alg,omitempty"` // of the service's own tokens; empty: HS256
}

const (
	protection = "protection"
	odd        = "odd"
	alerting   = "alert"
	logging    = "log"
)

// unseen may be said of what nobody records because nobody notices.
var unseen = []string{"silent-missing-token", "silent-verify-failure", "incomplete-event"}

// switches lists what -switch takes. What is off is sound.
var switches = slices.Concat(
	weak("signature-not-verified", "",
		"no-verification", "any signature will do",
		"empty-signature", "a token whose signature is empty is taken",
		"truncated-signature", "only as many bytes of the signature are compared as the token has, but at least one",
	),
	weak("alg-none-accepted", "",
		"none-lower", "alg none is taken, in this spelling alone",
		"none-title", "alg None is taken, in this spelling alone",
		"none-upper", "alg NONE is taken, in this spelling alone",
		"none-mixed", "alg none is refused, every other spelling of it is taken",
		"none-signed", "alg none is taken if there is something in place of the signature",
		"alg-missing", "a token without alg, or with an empty one, is not verified",
	),
	weak("weak-secret", "",
		"blank-secret", "the HMAC secret is empty",
		"secret-common", `the secret is "secret"`,
		"secret-tutorial", "the secret is the default of a tutorial's package",
		"secret-long", "the secret is of 32 bytes, and published in an example",
		"secret-hs512", "HS512 with a secret that any list has",
		"second-key-weak", `besides the strong key an old one is taken: "secret"`,
	),
	weak("algorithm-confusion", "RS256",
		"confusion-pem", "the public key's PEM, as it stands in the file, is taken for an HMAC secret",
		"confusion-trimmed", "the same without the last newline",
		"confusion-pkcs1", "the same in PKCS #1 form",
		"confusion-der", "the public key's DER bytes are taken for an HMAC secret",
		"confusion-jwk", "the modulus of the JWK, as its text stands in the key set, is taken for an HMAC secret",
	),
	weak("algorithm-confusion", "ES256",
		"confusion-ec", "the PEM of an EC key is taken for an HMAC secret",
	),
	weak("psychic-signature", "ES256",
		"psychic", "ECDSA is computed without looking at the range of r and s",
	),
	weak("untrusted-key-header", "RS256",
		"jwk-trusted", "the key in the token's own jwk header verifies it",
		"jku-trusted", "the key set that jku names is fetched, and verifies the token",
		"jku-fetched", "the key set that jku names is fetched, and thrown away",
		"x5u-trusted", "the certificate that x5u names is fetched, and verifies the token",
		"x5u-fetched", "the certificate that x5u names is fetched, and thrown away",
		"x5c-trusted", "the first certificate of x5c verifies the token",
	),
	weak("kid-injection", "",
		"kid-path", "kid is joined to a folder, and that file is the secret",
		"kid-sql", "kid is put into an SQL query for the secret",
		"kid-command", "kid is put into a command that prints the secret",
	),
	signed("crit-ignored", "crit-ignored", "crit is not looked at"),
	also(signed("expired-accepted", "expired-accepted", "exp in the past is taken"), "unbounded-lifetime"),
	signed("not-before-ignored", "nbf-ignored", "nbf in the future is taken"),
	signed("issuer-not-checked", "iss-ignored", "any iss is taken"),
	signed("audience-not-checked", "aud-ignored", "any aud is taken"),
	signed("unbounded-lifetime", "exp-optional", "a token without exp is taken; the service's own have one"),
	weak("unbounded-lifetime", "",
		"life-long", "access tokens live for thirty days",
		"life-endless", "access tokens have no exp",
	),
	weak("numericdate-millis", "", "exp-millis", "exp is in milliseconds"),
	weak("sensitive-claims", "", "sensitive-claims", "access tokens hold an e-mail address and a date of birth"),
	weak("token-in-url", "",
		"url-access-token", "the token is taken from the query parameter access_token",
		"url-token", "the token is taken from the query parameter token",
	),
	weak("deny-then-serve", "",
		"serve-401", "401 is written, then the handler goes on",
		"serve-302", "the answer redirects to the sign-in page, and holds the data",
	),
	weak("unauthenticated-access", "",
		"open", "the resource answers without a token",
		"open-method", "tokens are asked for with GET and HEAD alone; every other method is answered without",
	),
	weak("unauthenticated-issuance", "",
		"issue-any-password", "login takes any password",
		"issue-no-password", "login without a password field gives tokens",
		"issue-endpoint", "POST /token of the OpenAPI document gives a token to anybody who names a user",
	),
	weak("refresh-not-rotated", "", "refresh-static", "refresh gives the same refresh token again"),
	weak("refresh-reuse-accepted", "", "refresh-reuse", "refresh gives a new refresh token, and the old ones go on working"),
	weak("family-survives-reuse", "", "family-survives", "after a replay is refused, the family's newest token works"),
	weak("revoked-token-accepted", "",
		"access-survives", "access tokens work after logout",
		"refresh-survives", "refresh tokens work after logout",
		"password-change-survives", "tokens of before a password change work",
	),
	also(weak("raw-token-denylist", "", "denylist-raw", "logout notes the token's text, nothing else ends it; another spelling of it passes"), "family-survives-reuse", "revoked-token-accepted"),
	weak("token-type-confusion", "",
		"refresh-as-access", "a refresh token, a JWT here, opens the resource",
		"access-as-refresh", "an access token is taken at /refresh",
	),
	weak("no-verify-rate-limit", "", "unlimited-verify", "bad tokens can be tried without end"),
	weak("no-login-rate-limit", "", "unlimited-login", "passwords can be tried without end"),
	weak("no-refresh-rate-limit", "", "unlimited-refresh", "refresh can be called without end"),
	weak("verbose-error", "",
		"verbose", "refusals tell what was wrong with the token",
		"verbose-stack", "a malformed token is answered 500, with a stack trace",
	),
	weak("timing-oracle", "",
		"login-timing", "the password is only hashed for users that exist",
	),
	also(weak("verbose-error", "", "login-response", "login tells unknown users from wrong passwords"), "timing-oracle"),
	weak("fail-open", "",
		"fail-open-key", "when the key of a token cannot be found, the request goes through",
	),
	also(weak("fail-open", "",
		"fail-open-panic", "when the verifier panics, as it does over an alg that is no text, the request goes through",
	), "alg-none-accepted"),
	oddity(
		"refuse-403", "refusals are 403",
		"refuse-404", "refusals are 404",
		"refuse-400", "refusals are 400",
		"limit-address", "after 3 bad tokens an address is answered 429, whatever it sends",
		"limit-global", "after 3 bad tokens a second from anywhere, further bad ones are answered 429",
		"lockout", "5 wrong passwords lock a user out for a minute",
		"redirect", "refusals are redirects to the sign-in page",
		"soft-json", "refusals are 200 with a JSON error",
		"soft-html", "refusals are 200 with a sign-in page",
		"guest", "who has no valid token is served as a guest, with the same members",
		"unstable", "no two answers are alike",
		"slow", "answers take 50 to 150 ms",
		"empty-body", "the resource answers 204 without a body",
		"html", "the resource is an HTML page",
		"cookies", "tokens travel in cookies",
		"raw-header", "the token stands in a header of its own, without a scheme",
		"opaque", "access tokens are random strings",
		"jwt-refresh", "refresh tokens are JWTs too, and typ tells them apart",
		"logout-all", "logout ends all sessions of the user",
		"one-session", "a login ends the sessions before it",
		"grace", "a used refresh token works for another second, for the client that lost the answer",
		"fail-500", "a malformed token is answered 500",
		"short-life", "access tokens live for 8 seconds",
		"stateless", "no sessions: no refresh and no logout either",
		"bare-claims", "tokens hold sub, iat and exp, and nothing else is checked",
		"no-proof", "the recipe names no proof",
		"no-key", "the tester is not given the key",
	),
	[]Switch{
		{Name: "rs256", Group: odd, About: "tokens are signed with RS256, the keys published", Finds: []string{}, Key: true, Alg: "RS256"},
		{Name: "es256", Group: odd, About: "tokens are signed with ES256, the keys published", Finds: []string{}, Key: true, Alg: "ES256"},
		{Name: "eddsa", Group: odd, About: "tokens are signed with EdDSA, the keys published", Finds: []string{}, Key: true, Alg: "EdDSA"},
		{Name: "alert-right", Group: alerting, About: "each kind of attack raises one alert at once", Finds: []string{}},
		{Name: "alert-none", Group: alerting, About: "nothing raises an alert", Finds: []string{"no-alert"}},
		{Name: "alert-noisy", Group: alerting, About: "every refusal raises an alert", Finds: []string{"noisy-alert"}},
		{Name: "alert-late", Group: alerting, About: "alerts are right, and 6 seconds late", Finds: []string{"no-alert"}},
	},
)

var silent = []string{"silent-verify-failure", "silent-missing-token", "silent-refresh", "silent-revoked-use", "silent-issuance", "silent-revocation", "silent-rate-limit", "silent-scope-denial"}

// logModes lists what -log takes; the first is the default.
var logModes = []Switch{
	mode("json", "JSON, every field, an event for every refusal and every step of a session"),
	mode("logfmt", "the same as logfmt"),
	mode("guard", "the same as events of package guard/event"),
	mode("text", "the same as lines of text"),
	mode("stacks", "the same as text, each refusal with a stack trace of many lines"),
	mode("plain-reasons", "JSON; a verifier that ignores header keys calls their tokens bad_signature, and every strange kid unknown_kid"),
	mode("no-canary", "JSON without user agent, request id, query, jti and kid: only address, route and fingerprint tell whose record it is"),
	mode("late", "JSON, each line half a second late"),
	mode("batch", "JSON, written once a second"),
	mode("folded", "guard events; like failures of one address are counted, and written as one record each half second"),
	mode("folded-json", "the same as JSON with a member count"),
	mode("silent", "nothing is written", silent...),
	with(mode("access", "an access line in common log format, nothing else", silent...), "incomplete-event"),
	with(mode("generic", `"unauthorized", with address and path`, "incomplete-event"), "silent-rate-limit"),
	mode("typed", "text that tells the reason, address and path, and not which token", "incomplete-event"),
	mode("no-address", "JSON without addresses", "incomplete-event"),
	mode("proxy", "JSON behind a proxy whose address stands for everybody's", "incomplete-event"),
	mode("wrong-reason", "every refusal is called expired", "wrong-reason"),
	mode("debug", "everything at level debug", "wrong-level"),
	with(mode("sampled", "one refusal of ten is written", "lost-events"), append(slices.Clone(silent), "incomplete-event", "wrong-level")...),
	mode("leak-token", "every token is written out", "token-in-log"),
	mode("leak-refused", "refused tokens are written out", "token-in-log"),
	mode("leak-refresh", "refresh tokens are written out", "token-in-log"),
	mode("leak-base64", "refused tokens are written in base64", "token-in-log"),
	mode("leak-signature", "the signature of every token is written", "token-in-log"),
	mode("leak-query", "the query string is written with the path", "token-in-log"),
	mode("leak-password", "wrong and right passwords are written", "token-in-log"),
	with(mode("leak-prefix", "the first 20 characters of a token stand for it", "token-prefix-as-id"), "incomplete-event", "token-in-log"),
	mode("forge-crlf", "text with kid, sub and alg as they came, line breaks included", "log-injection"),
	mode("forge-ansi", "the same with line breaks escaped and colour codes left", "log-injection"),
	mode("forge-json", "JSON put together by hand, quotes not escaped", "log-injection"),
	mode("forge-login", "text in which the user name of a failed login stands as it came", "log-injection"),
}

// weak makes switches of one weakness from names and descriptions.
func weak(id, alg string, pairs ...string) (list []Switch) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, Switch{Name: pairs[i], Group: protection, About: pairs[i+1], Finds: []string{id}, May: unseen, Alg: alg})
	}
	return list
}

// signed is weak for what only somebody with the key can see.
func signed(id, name, about string) []Switch {
	return []Switch{{Name: name, Group: protection, About: about, Finds: []string{id}, May: unseen, Key: true}}
}

// also says what else may be reported of each of a list.
func also(list []Switch, may ...string) []Switch {
	for i := range list {
		list[i].May = slices.Concat(list[i].May, may)
	}
	return list
}

func oddity(pairs ...string) (list []Switch) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, Switch{Name: pairs[i], Group: odd, About: pairs[i+1], Finds: []string{}, Key: pairs[i] != "no-key"})
	}
	return list
}

func mode(name, about string, finds ...string) Switch {
	return Switch{Name: name, Group: logging, About: about, Finds: append([]string{}, finds...)}
}

// with says what else may be reported of s.
func with(s Switch, may ...string) Switch {
	s.May = may
	return s
}

// A choice is the switches that are on.
type choice map[string]bool

// on reports whether a switch is on. The name is a constant of this program.
func (c choice) on(name string) bool {
	if !known(switches, name) {
		panic("lab: no switch " + name)
	}
	return c[name]
}

// choose reads the value of -switch.
func choose(list string) (choice, error) {
	c := choice{}
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !known(switches, name) {
			return nil, fmt.Errorf("switch %q: unknown; -list prints all", name)
		}
		c[name] = true
	}
	return c, nil
}

func known(list []Switch, name string) bool {
	return slices.ContainsFunc(list, func(s Switch) bool { return s.Name == name })
}

// alg is the algorithm that the chosen switches ask for.
func (c choice) alg() (string, error) {
	alg := ""
	for _, s := range switches {
		if !c[s.Name] || s.Alg == "" {
			continue
		}
		if alg != "" && alg != s.Alg {
			return "", fmt.Errorf("switch %q: needs %s, and another one %s", s.Name, s.Alg, alg)
		}
		alg = s.Alg
	}
	switch {
	case c["secret-hs512"] && alg == "":
		return "HS512", nil
	case alg == "":
		return "HS256", nil
	}
	return alg, nil
}
