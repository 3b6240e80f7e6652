// Run starts each of the three public targets, scans it with its recipe and its
// log, and compares what the scan says with what is known to be true.
//
//	go run ./examples/targets/run               in a temporary folder
//	go run ./examples/targets/run -dir ~/targets  keeps what was installed for the next time
//
// It needs Go, node, npm, curl and openssl, and the public registries where a
// target is not installed yet. It exits with 1 when scan and truth disagree, and
// with 2 when a target cannot be started.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan"
)

func main() {
	dir := flag.String("dir", "", "`FOLDER` to install the targets into; empty: a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	disagreements, err := run(ctx, *dir, os.Stdout, os.Stderr)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "targets:", err)
		os.Exit(2)
	case disagreements > 0:
		fmt.Printf("%d disagreements\n", disagreements)
		os.Exit(1)
	}
	fmt.Println("scan and truth agree in every cell")
}

var targets = []string{"jwtauth-example", "json-server-auth", "legacy-express-jwt"}

func run(ctx context.Context, dir string, out, talk io.Writer) (disagreements int, err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "jotsight-targets-"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return 0, err
	}
	_, file, _, _ := runtime.Caller(0)
	home := filepath.Dir(filepath.Dir(file))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "target\tcheck\trows\ttruth\tscan\t")
	for _, name := range targets {
		fmt.Fprintln(talk, "targets: start", name)
		report, err := one(ctx, filepath.Join(home, name), filepath.Join(dir, name))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		rows, err := readTruth(filepath.Join(home, name, "truth.tsv"))
		if err != nil {
			return 0, err
		}
		want, err := os.ReadFile(filepath.Join(home, name, "findings.txt"))
		if err != nil {
			return 0, err
		}
		for _, c := range compare(rows, strings.Fields(string(want)), report) {
			mark := "="
			if c.truth != c.scan {
				mark = "DISAGREE"
				disagreements++
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", name, c.check, c.rows, c.truth, c.scan, mark)
		}
	}
	return disagreements, nil
}

// one starts a target, scans it and ends it.
func one(ctx context.Context, home, dir string) (*finding.Report, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(home, "start"), dir, port)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		endGroup(cmd)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
		}
	}()
	if err := ready(ctx, "http://127.0.0.1:"+port+"/", ended); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	env := map[string]string{"PORT": port, "TARGET_DIR": dir, "SCAN_PASSWORD": "Al1ce-Passw0rd"}
	recipe, err := scan.Load(filepath.Join(home, "jotsight.yaml"), func(n string) (string, bool) { v, ok := env[n]; return v, ok })
	if err != nil {
		return nil, err
	}
	recipe.Limits.RPS = 0 // the target is on this machine, and ours
	// A program that answers may still be without its user.
	for try := 0; ; try++ {
		report, err := scan.Run(ctx, recipe, scan.Options{Version: "targets"})
		var unusable *scan.Unusable
		if !errors.As(err, &unusable) || try == 20 {
			return report, err
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// ready waits until the target answers.
func ready(ctx context.Context, url string, ended <-chan error) error {
	for until := time.Now().Add(3 * time.Minute); time.Now().Before(until); {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("start ended: %v", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return errors.New("does not answer")
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// A row is one attack of truth.tsv.
type row map[string]string

func readTruth(name string) ([]row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	all, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, fields := range all[1:] {
		m := row{}
		for i, f := range fields {
			m[all[0][i]] = f
		}
		rows = append(rows, m)
	}
	return rows, nil
}

// checks tells which rows of the truth speak of which check. One without rows
// needs what none of the targets has.
var checks = []struct {
	name string
	rows []string // beginnings of attack names
}{
	{"missing", []string{"A01-"}},
	{"malformed", []string{"A02-", "A02b-"}},
	{"signature-garbled", []string{"A03-"}},
	{"claims-changed", []string{"A03b-"}},
	{"alg-none", []string{"A04-", "A04b-", "A04c-"}},
	{"algorithm-confusion", []string{"A08-"}},
	{"kid-path", []string{"A09-"}},
	{"kid-sql", []string{"A09b-"}},
	{"key-url", []string{"A10-", "A10b-"}},
	{"embedded-key", []string{"A11-"}},
	{"expired", []string{"A05-"}},
	{"wrong-audience", []string{"A06-"}},
	{"wrong-issuer", []string{"A07-"}},
	{"token-in-url", []string{"A21-"}},
	{"log-forging", []string{"A18a-", "A18b-", "A18c-"}},
	{"bad-token-burst", []string{"A15-"}},
	{"refresh-reuse", nil},
	{"refresh-burst", nil},
	{"use-after-logout", nil},
}

// A cell is one comparison.
type cell struct{ check, rows, truth, scan string }

func compare(rows []row, want []string, report *finding.Report) (cells []cell) {
	runs := map[string]finding.Run{}
	for _, r := range report.Runs {
		runs[r.Check] = r
	}
	for _, c := range checks {
		run := runs[c.name]
		got := cell{check: c.name, rows: "-", truth: "skipped", scan: saw(run)}
		var match []row
		for _, r := range rows {
			if slices.ContainsFunc(c.rows, func(p string) bool { return strings.HasPrefix(r["attack"], p) }) {
				match = append(match, r)
			}
		}
		if len(match) > 0 {
			got.rows, got.truth = ids(c.rows), truth(match)
		}
		cells = append(cells, got)
	}
	var found []string
	for _, f := range report.Findings {
		// A difference of time shows on a quiet machine alone, so neither answer is wrong.
		if f.Implied == "" && f.ID != catalog.TimingOracle && !slices.Contains(found, string(f.ID)) {
			found = append(found, string(f.ID))
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	for _, id := range want {
		cells = append(cells, cell{"finding", "-", id, pick(slices.Contains(found, id), id, "none")})
	}
	for _, id := range found {
		if !slices.Contains(want, id) {
			cells = append(cells, cell{"finding", "-", "none", id})
		}
	}
	return cells
}

func ids(prefixes []string) string {
	return strings.ReplaceAll(strings.Join(prefixes, " "), "-", "")
}

// truth puts the rows of one check into one text.
func truth(rows []row) string {
	t := map[string]bool{}
	logged := "none"
	for _, r := range rows {
		t["n/a"] = t["n/a"] || r["accepted"] == "n/a" && strings.Contains(r["note"], "not a finding")
		t["accepted"] = t["accepted"] || r["accepted"] == "yes"
		t["leak"] = t["leak"] || r["raw_leak"] == "full"
		t["forged"] = t["forged"] || strings.Contains(r["injection"], "raw-")
		if r["logged"] == "event" || r["logged"] == "access" && logged == "none" {
			logged = r["logged"]
		}
	}
	if t["n/a"] {
		return "skipped"
	}
	return words(t["accepted"], logged, t["leak"], t["forged"])
}

// saw is the same text for what the scan says.
func saw(r finding.Run) string {
	if r.Verdict == finding.Skipped {
		return "skipped"
	}
	if r.Verdict == finding.Inconclusive || !r.Seen.Assessed {
		return string(r.Verdict) + ": " + r.Why
	}
	logged := map[finding.Tier]string{finding.TierNone: "none", finding.TierAccess: "access"}[r.Seen.Tier]
	if logged == "" {
		logged = "event"
	}
	return words(r.Accepted, logged, r.Seen.Leak, r.Seen.ForgedLine)
}

func words(accepted bool, logged string, leak, forged bool) string {
	w := []string{pick(accepted, "ACCEPTED", "refused"), "log: " + logged}
	if leak {
		w = append(w, "LEAK")
	}
	if forged {
		w = append(w, "FORGED")
	}
	return strings.Join(w, ", ")
}

func pick(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
