// Lab is one small service whose weaknesses, oddities and ways of logging are
// switches, so that a scanner can be measured: everything that is off is sound.
//
//	go run ./examples/targets/lab -list                          all switches, as JSON
//	go run ./examples/targets/lab -switch jku-trusted -log late
//
// It listens on a free port of 127.0.0.1 and nowhere else, prints one line of
// JSON that says how it is spoken to (a Manifest), and stays until it is
// interrupted. Log, keys and that line stand in a
// folder that only its owner can read. Some switches run what a request says:
// never let anybody else reach it.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
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
	"slices"
	"syscall"
	"time"

	_ "modernc.org/sqlite"
)

// A Manifest is what a tester is told about a lab that runs.
type Manifest struct {
	URL       string `json:"url"`
	User      string `json:"user"`
	Password  string `json:"password"`
	Algorithm string `json:"algorithm"`
	Secret    string `json:"secret,omitempty"` // of HMAC
	Key       string `json:"key,omitempty"`    // file of the private key
	Public    string `json:"public,omitempty"` // file of the public key
	Log       string `json:"log"`
	FlushMS   int    `json:"flush_ms"` // how late lines of the log may be
	GraceMS   int    `json:"grace_ms,omitempty"`
	Carrier   string `json:"carrier"` // bearer, cookie or x-token
	Status    int    `json:"status"`  // of success
	Proof     string `json:"proof"`   // where the answer names the user; empty: nowhere
	Sessions  bool   `json:"sessions"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, talk io.Writer) error {
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	flags.SetOutput(talk)
	list := flags.Bool("list", false, "print all switches and log modes as JSON, and end")
	names := flags.String("switch", "", "`NAMES` of what is on, with commas between")
	logMode := flags.String("log", "json", "`MODE` of logging")
	webhook := flags.String("alerts", "", "`URL` that alerts are sent to")
	eof := flags.Bool("until-eof", false, "end when the standard input does, so that a program that started the lab cannot leave it behind")
	dir := flags.String("dir", "", "`FOLDER` for log and keys; empty: a temporary one, removed at the end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("argument %q: the lab takes flags only", flags.Arg(0))
	}
	if *list {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(slices.Concat(switches, logModes))
	}
	c, err := choose(*names)
	if err != nil {
		return err
	}
	if !known(logModes, *logMode) {
		return fmt.Errorf("log %q: unknown mode; -list prints all", *logMode)
	}
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "jotsight-lab-"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
	}
	if !*eof {
		in = nil
	}
	return serve(ctx, c, *logMode, *webhook, *dir, in, out)
}

// serve runs a lab in dir until ctx ends, or in if there is one.
func serve(ctx context.Context, c choice, mode, webhook, dir string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alg, err := c.alg()
	if err != nil {
		return err
	}
	k, err := newKeys(c, alg)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, "app.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	s := &server{choice: c, sessions: newSessions(), k: k, log: newRecorder(mode, file),
		alerts:    &alerts{choice: c, url: webhook, bad: map[string]int{}, raised: map[string]bool{}},
		passwords: map[string]string{}}
	defer s.log.close()
	for _, u := range users {
		s.passwords[u] = "Pw-" + random(12)
	}
	m := Manifest{User: users[0], Password: s.passwords[users[0]], Algorithm: alg, Secret: string(k.secret), Log: file.Name(),
		FlushMS: map[string]int{"late": 700, "batch": 1200}[mode], Carrier: "bearer", Status: 200, Proof: "$.id", Sessions: !c.on("stateless") && !c.on("bare-claims")}
	if m.FlushMS == 0 {
		m.FlushMS = 50
	}
	switch {
	case c.on("cookies"):
		m.Carrier = "cookie"
	case c.on("raw-header"):
		m.Carrier = "x-token"
	}
	switch {
	case c.on("empty-body"):
		m.Status, m.Proof = 204, ""
	case c.on("html"):
		m.Proof = "body:id=account>(u-[0-9a-f]+)"
	case c.on("no-proof"):
		m.Proof = ""
	}
	if c.on("grace") {
		m.GraceMS = 1000
	}
	if err := s.store(dir, &m); err != nil {
		return err
	}
	if s.db != nil {
		defer s.db.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	m.URL = "http://" + l.Addr().String()
	if err := json.NewEncoder(out).Encode(m); err != nil {
		return err
	}
	srv := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	if in != nil {
		go func() {
			io.Copy(io.Discard, in)
			cancel()
		}()
	}
	go func() {
		<-ctx.Done()
		srv.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// store lays down what switches and tester need in files: the keys by kid, a
// database with them, and the two programs that the shell may run.
func (s *server) store(dir string, m *Manifest) error {
	s.keyDir = filepath.Join(dir, "keys")
	if err := os.MkdirAll(s.keyDir, 0o700); err != nil {
		return err
	}
	if s.k.private() != nil {
		m.Key, m.Public = filepath.Join(dir, "private.pem"), filepath.Join(dir, "public.pem")
		return errors.Join(os.WriteFile(m.Key, []byte(s.k.privatePEM()), 0o600), os.WriteFile(m.Public, []byte(s.k.publicPEM()), 0o600))
	}
	if err := os.WriteFile(filepath.Join(s.keyDir, keyID), s.k.secret, 0o600); err != nil {
		return err
	}
	if s.on("kid-command") {
		bin := filepath.Join(dir, "bin")
		if err := os.MkdirAll(bin, 0o700); err != nil {
			return err
		}
		for _, name := range []string{"cat", "sleep"} {
			path, err := exec.LookPath(name)
			if err != nil {
				return err
			}
			if err := os.Symlink(path, filepath.Join(bin, name)); err != nil && !os.IsExist(err) {
				return err
			}
		}
	}
	if !s.on("kid-sql") {
		return nil
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	s.db = db
	_, err = db.Exec("CREATE TABLE keys (kid TEXT PRIMARY KEY, secret TEXT NOT NULL)")
	if err == nil {
		_, err = db.Exec("INSERT INTO keys VALUES (?, ?)", keyID, string(s.k.secret))
	}
	return err
}
