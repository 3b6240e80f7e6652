package scan

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jotsight/jotsight/internal/scan/forge"
)

const defaultLifetime = 5 * time.Minute

// token signs a token that is right in everything, as the service's clients do.
func (m *Mint) token(r *Recipe, now time.Time) (string, error) {
	key, err := m.key(r)
	if err != nil {
		return "", err
	}
	header, err := objectOf(m.Header)
	if err != nil {
		return "", err
	}
	if !header.Has("typ") {
		header = header.Set("typ", "JWT")
	}
	payload, err := objectOf(m.Claims)
	if err != nil {
		return "", err
	}
	for _, c := range []struct {
		name  string
		value any
	}{{"iat", now.Unix()}, {"exp", now.Add(m.Lifetime).Unix()}, {"jti", newCanary()}} {
		if !payload.Has(c.name) {
			payload = payload.Set(c.name, c.value)
		}
	}
	return forge.Sign(m.Alg, key, forge.Unsigned(header.Set("alg", m.Alg), payload))
}

func (m *Mint) key(r *Recipe) (forge.Key, error) {
	if m.PEM == "" {
		return []byte(m.Secret), nil
	}
	text, err := os.ReadFile(r.file(m.PEM))
	if err != nil {
		return nil, plainError(err)
	}
	return forge.ParsePrivateKey(text)
}

func objectOf(members map[string]any) (forge.Object, error) {
	if len(members) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return forge.ParseObject(text)
}

// mint opens the session of a service whose clients sign their own tokens.
func (s *session) mint() error {
	token, err := s.run.recipe.Mint.token(s.run.recipe, time.Now())
	if err != nil {
		return fmt.Errorf("mint: %w", err)
	}
	s.vars["access"] = token
	s.run.know("a token that the recipe mints", token, live)
	return nil
}

// renewOneTime puts a token that nobody has seen yet into the session and the
// run, if the service takes each only once: what is sent then is judged for
// itself, and not for being sent again.
func (r *run) renewOneTime() {
	m := r.recipe.Mint
	if m == nil || !m.OneTime || r.main == nil {
		return
	}
	if err := r.main.mint(); err == nil { // it worked the first time
		r.adopt()
	}
}
