package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A property is one switch or log mode of the lab, as lab -list prints it.
type property struct {
	Name  string   `json:"name"`
	Group string   `json:"group"`
	About string   `json:"about"`
	Finds []string `json:"finds"`
	May   []string `json:"may"`
	Key   bool     `json:"key"`
	Alg   string   `json:"alg"`
}

// manifest is what a running lab says of itself.
type manifest struct {
	URL       string `json:"url"`
	User      string `json:"user"`
	Password  string `json:"password"`
	Algorithm string `json:"algorithm"`
	Secret    string `json:"secret"`
	Key       string `json:"key"`
	Public    string `json:"public"`
	Log       string `json:"log"`
	FlushMS   int    `json:"flush_ms"`
	GraceMS   int    `json:"grace_ms"`
	Carrier   string `json:"carrier"`
	Status    int    `json:"status"`
	Proof     string `json:"proof"`
	Sessions  bool   `json:"sessions"`
}

// programs are the two that are measured, built once.
type programs struct{ jotsight, lab string }

// build builds both into dir.
func build(ctx context.Context, dir string) (programs, error) {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	p := programs{filepath.Join(dir, "jotsight"), filepath.Join(dir, "lab")}
	for out, pkg := range map[string]string{p.jotsight: "./cmd/jotsight", p.lab: "./examples/targets/lab"} {
		c := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
		c.Dir = root
		if text, err := c.CombinedOutput(); err != nil {
			return p, fmt.Errorf("build %s: %w: %s", pkg, err, text)
		}
	}
	return p, nil
}

// list asks the lab for its switches and log modes.
func (p programs) list(ctx context.Context) (all []property, err error) {
	out, err := exec.CommandContext(ctx, p.lab, "-list").Output()
	if err != nil {
		return nil, fmt.Errorf("lab -list: %w", err)
	}
	return all, json.Unmarshal(out, &all)
}

// A measure is what one scan of one case gave.
type measure struct {
	says     manifest
	report   report
	text     string // the report as it was written
	seconds  float64
	memory   int64 // peak, in bytes; 0: unknown
	requests int
}

// report is what is read of jotsight's own JSON.
type report struct {
	Findings []reported `json:"findings"`
	Runs     []struct {
		Check   string `json:"check"`
		Verdict string `json:"verdict"`
		Why     string `json:"why"`
	} `json:"runs"`
	Stats struct {
		Requests int `json:"requests"`
	} `json:"stats"`
}

type reported struct {
	ID         string   `json:"id"`
	Severity   string   `json:"severity"`
	Message    string   `json:"message"`
	Evidence   []string `json:"evidence"`
	Implied    string   `json:"implied"`
	Suppressed any      `json:"suppressed"`
}

// measure starts a lab as c says, scans it and ends it. dir is its own.
func (p programs) measure(ctx context.Context, c testcase, dir string) (m measure, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	hook := ""
	if c.alerts {
		if hook, err = freeAddress(); err != nil {
			return m, err
		}
	}
	args := []string{"-until-eof", "-switch", strings.Join(c.switches, ","), "-log", c.log, "-dir", dir}
	if hook != "" {
		args = append(args, "-alerts", "http://"+hook+"/")
	}
	lab := exec.CommandContext(ctx, p.lab, args...)
	lab.Stderr = os.Stderr
	in, err := lab.StdinPipe()
	if err != nil {
		return m, err
	}
	out, err := lab.StdoutPipe()
	if err != nil {
		return m, err
	}
	if err := lab.Start(); err != nil {
		return m, err
	}
	defer func() { in.Close(); lab.Wait() }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return m, fmt.Errorf("lab %v: %w", c.switches, err)
	}
	says := &m.says
	if err := json.Unmarshal(line, says); err != nil {
		return m, fmt.Errorf("lab %v: %w", c.switches, err)
	}
	recipe, result := filepath.Join(dir, "jotsight.yaml"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(recipe, []byte(recipeOf(*says, c, hook)), 0o600); err != nil {
		return m, err
	}
	scan := exec.CommandContext(ctx, p.jotsight, "scan", "--config", recipe, "--format", "json", "--output", result, "--fail-on", "none")
	scan.Env = append(os.Environ(), "SCAN_PASSWORD="+says.Password, "SCAN_SECRET="+says.Secret, "SCAN_NEW_PASSWORD=Next-"+rand.Text())
	began := time.Now()
	text, err := scan.CombinedOutput()
	m.seconds = time.Since(began).Seconds()
	if code := scan.ProcessState.ExitCode(); err != nil && code != 1 && code != 3 {
		return m, fmt.Errorf("scan: %w: %s", err, lastLine(text))
	}
	m.memory = peak(scan.ProcessState)
	b, err := os.ReadFile(result)
	if err != nil {
		return m, fmt.Errorf("scan wrote no report: %s", lastLine(text))
	}
	m.text = string(b)
	if err := json.Unmarshal(b, &m.report); err != nil {
		return m, fmt.Errorf("report: %w", err)
	}
	m.requests = m.report.Stats.Requests
	return m, nil
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// peak is the most memory that a process held. Darwin counts bytes, others KiB.
func peak(s *os.ProcessState) int64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// recipeOf describes a lab as its owner would. The password and the secret come
// from the environment.
func recipeOf(m manifest, c testcase, hook string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("target: %s", m.URL)
	line(`vars: {user: %s, password: "${SCAN_PASSWORD}", new_password: "${SCAN_NEW_PASSWORD}"}`, m.User)
	take := `{access: $.access_token, refresh: $.refresh_token}`
	with := `headers: {Authorization: "Bearer {{access}}"}`
	renew := `json: {refresh_token: "{{refresh}}"}, `
	switch m.Carrier {
	case "cookie":
		take, with, renew = `{access: "cookie:at", refresh: "cookie:rt"}`, `cookies: {at: "{{access}}"}`, ``
		line("carrier: cookie at")
	case "x-token":
		with = `headers: {X-Token: "{{access}}"}`
		line(`carrier: "header X-Token: {t}"`)
	}
	if !m.Sessions {
		take = `{access: $.access_token}`
	}
	line("login:\n  - request: POST /login\n    json: {user: \"{{user}}\", password: \"{{password}}\"}\n    take: %s", take)
	proof := ""
	if m.Proof != "" {
		proof = fmt.Sprintf(", proof: %q", m.Proof)
	}
	line("protected: {request: GET /me, ok: %d%s}", m.Status, proof)
	if m.Sessions {
		line("refresh: {request: POST /refresh, %stake: %s, grace: %dms}", renew, take, m.GraceMS)
		line("logout: {request: POST /logout, %s}", with)
	}
	line("forbidden: {request: GET /admin, %s}", with)
	if m.Sessions {
		line(`password_change: {request: POST /password, json: {old: "{{password}}", new: "{{new_password}}"}, %s}`, with)
	}
	keys := []string{}
	if m.Public != "" {
		keys = append(keys, "jwks: /.well-known/jwks.json", fmt.Sprintf("public: %q", m.Public))
	}
	switch {
	case c.key && m.Key != "":
		keys = append(keys, fmt.Sprintf("pem: %q", m.Key))
	case c.key:
		keys = append(keys, `secret: "${SCAN_SECRET}"`)
	}
	if len(keys) > 0 {
		line("keys: {%s}", strings.Join(keys, ", "))
	}
	line("logs: [{id: app, file: %q, flush: %dms}]", m.Log, m.FlushMS)
	if hook != "" {
		line("alerts: {webhook: %q, within: 3s}", hook)
	}
	line("limits: {rps: 0, burst: 60, logins_per_minute: 0}")
	return b.String()
}
