package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Secrets and tokens that stand in the source that is read are in no report: not
// the value of a weak secret, not the text of a line that holds one.
func TestLintGivesNoSecretAway(t *testing.T) {
	const canary = "CANARY-4f9d"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app.js": `const jwt = require('jsonwebtoken');
const express = require('express');
const app = express();
const SECRET = 'CANARY-4f9d-secret';
app.get('/a', (req, res) => {
  try { res.json(jwt.verify(req.headers.authorization, SECRET)); } catch (e) {
    console.log('CANARY-4f9d', req.headers.authorization, 'eyJhbGciOiJIUzI1NiJ9.CANARY-4f9d.sig');
    res.sendStatus(401);
  }
});
app.post('/login', (req, res) => res.json({ t: jwt.sign({ password: 'CANARY-4f9d' }, 'CANARY-4f9d-inline') }));
`,
		"app.go": `package app

import "github.com/golang-jwt/jwt/v5"

var secret = []byte("CANARY-4f9d-secret")

func issue() (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"password": "CANARY-4f9d"}).SignedString(secret)
}
`,
		"app.clj": `(ns app (:require [buddy.sign.jwt :as jwt]))
(defn issue [] (jwt/sign {:password "CANARY-4f9d"} "CANARY-4f9d-secret"))
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"--map"}, {"--map", "--format", "json"}, {"--map", "--format", "html"}} {
		hunt(t, canary, "jwt", append([]string{"lint", dir}, args...))
	}
	for format := range formats {
		hunt(t, canary, "weak-secret", []string{"lint", dir, "--profile", "strict", "--fail-on", "none", "--format", format})
	}
}

// hunt runs a command and looks for a canary; sign must be there, so that an empty
// output is no success.
func hunt(t *testing.T, canary, sign string, args []string) {
	t.Helper()
	var out, talk bytes.Buffer
	if code := Run(t.Context(), args, nil, &out, &talk); code != ExitClean {
		t.Errorf("%q: exit %d: %s", args, code, &talk)
	}
	if strings.Contains(out.String()+talk.String(), canary) {
		t.Errorf("%q prints a secret of the source", args)
	}
	if !strings.Contains(out.String(), sign) {
		t.Errorf("%q prints no %s", args, sign)
	}
}
