package scan

import (
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed secrets.txt
var secretList string

// Words and endings from which people make secrets.
var (
	secretWords = strings.Fields(`
		secret key jwt token password passwd admin root user test testing demo example sample default changeme change
		private signing sign signature auth authentication authorization login session cookie api apikey app application
		server service backend access refresh bearer oauth oidc hmac hs256 sha256 crypto secure security safe hidden
		master main super supersecret mysecret mykey myapp mytoken mypassword topsecret verysecret notsecret shared
		production prod staging stage development dev local localhost docker kubernetes node nodejs express nest nestjs next
		nextjs react vue angular django flask fastapi rails laravel symfony spring springboot java python golang go rust php
		ruby dotnet gin echo fiber chi gorilla mongo mongodb mysql postgres postgresql redis graphql apollo hasura supabase
		firebase strapi keycloak auth0 okta tutorial course blog shop store bank wallet chat todo todoapp notes users orders
		foo bar baz foobar hello world helloworld qwerty letmein welcome dragon monkey master football baseball sunshine
		princess iloveyou shadow superman batman trustno1 ninja hunter hunter2 google github company acme contoso
		shh lorem ipsum winter spring summer autumn monday friday january december london paris berlin america england
		god love money magic matrix star starwars pokemon computer internet system network database cloud
		abc abcd abcdef xyz asdf asdfgh zxcvbn qazwsx pass string value random replace replaceme`)
	secretEndings = strings.Fields(`1 12 123 1234 12345 123456 1234567890 ! !! @123 @ # 01 007 11 111 2020 2021 2022 2023 2024 2025 2026
		-key _key key -secret _secret secret Secret Key -token _token -jwt _jwt -123 _123 -123456 -dev -prod`)
	secretBeginnings = strings.Fields(`my- my_ my the- your- your_ your jwt- jwt_ app- super- super_ super very- a- new-`)
)

// weakSecrets yields every candidate: nothing at all, the defaults and examples
// of frameworks, libraries and tutorials, then words with what people add to
// them. A candidate may come twice.
func weakSecrets(yield func(string) bool) {
	if !yield("") {
		return
	}
	for line := range strings.Lines(secretList) {
		s := strings.TrimRight(line, "\r\n")
		if s == "" || strings.HasPrefix(s, "## ") {
			continue
		}
		if !yield(s) {
			return
		}
		for _, meant := range readings(s) {
			if !yield(meant) {
				return
			}
		}
	}
	for _, w := range secretWords {
		for _, v := range []string{w, strings.ToUpper(w), capital(w)} {
			if !yield(v) {
				return
			}
			for _, end := range secretEndings {
				if !yield(v + end) {
					return
				}
			}
			for n := 1; n <= 8; n++ { // secrettt, shhhhhh
				if !yield(v + strings.Repeat(v[len(v)-1:], n)) {
					return
				}
			}
		}
		for _, begin := range secretBeginnings {
			for _, end := range []string{"", "-key", "_key", "-secret", "_secret", "123"} {
				if !yield(begin + w + end) {
					return
				}
			}
		}
	}
	for c := rune(' '); c <= '~'; c++ { // one character, alone or up to the length that a library asks for
		for _, n := range []int{1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64} {
			if !yield(strings.Repeat(string(c), n)) {
				return
			}
		}
	}
}

// readings are the secrets that a text stands for where it is taken for
// hexadecimal or base64, as many a tutorial does.
func readings(s string) (list []string) {
	if len(s) < 16 {
		return nil
	}
	if b, err := hex.DecodeString(s); err == nil {
		list = append(list, string(b))
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(strings.TrimRight(s, "=")); err == nil && (len(list) == 0 || list[len(list)-1] != string(b)) {
			list = append(list, string(b))
		}
	}
	return list
}

func capital(w string) string {
	r, n := utf8.DecodeRuneInString(w)
	return string(unicode.ToUpper(r)) + w[n:]
}

// candidates is how many weakSecrets yields.
var candidates = sync.OnceValue(func() (n int) {
	for range weakSecrets {
		n++
	}
	return n
})
