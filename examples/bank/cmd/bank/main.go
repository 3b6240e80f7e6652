// Bank serves one of the two banks of package bank until it is interrupted.
//
//	go run ./examples/bank/cmd/bank                              the blind one
//	go run ./examples/bank/cmd/bank -set token-in-url=off        with a hole less
//	go run ./examples/bank/cmd/bank -build guarded               behind guard
//	go run ./examples/bank/cmd/bank -build careful -set silent-refresh=on
//
// The HMAC key is taken from BANK_SECRET, the ingest key of a monitor from
// JOTSIGHT_KEY.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jotsight/jotsight/examples/bank"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bank:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out, talk io.Writer) error {
	flags := flag.NewFlagSet("bank", flag.ContinueOnError)
	flags.SetOutput(talk)
	listen := flags.String("listen", "127.0.0.1:8090", "address to serve on")
	build := flags.String("build", "blind", "blind, careful (by hand, no holes) or guarded")
	logFile := flags.String("log", "", "file to append the log to, besides stdout")
	monitor := flags.String("monitor", "", "URL of a jotsight monitor, for the guarded build")
	var sets []string
	flags.Func("set", "weakness=on or weakness=off, as often as needed", func(s string) error {
		sets = append(sets, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("argument %q: the bank takes flags only", flags.Arg(0))
	}

	c := bank.Config{
		Secret:  []byte(os.Getenv("BANK_SECRET")),
		Log:     out,
		Monitor: bank.Monitor{URL: *monitor, Key: os.Getenv("JOTSIGHT_KEY")},
	}
	switch *build {
	case "blind":
		c.Switches = bank.Blind()
	case "careful":
	case "guarded":
		c.Guarded = true
	default:
		return fmt.Errorf("build %q: neither blind, careful nor guarded", *build)
	}
	for _, s := range sets {
		name, state, _ := strings.Cut(s, "=")
		if state != "on" && state != "off" {
			return fmt.Errorf("switch %q: write it as weakness=on or weakness=off", s)
		}
		if err := c.Switches.Set(name, state == "on"); err != nil {
			return err
		}
	}
	if *logFile != "" {
		f, err := os.OpenFile(*logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		c.Log = io.MultiWriter(out, f)
	}
	b, err := bank.New(c)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return errors.Join(err, b.Close(ctx))
	}
	fmt.Fprintf(talk, "bank: http://%s (%s)\n", l.Addr(), *build)
	return serve(ctx, l, b)
}

// serve answers until ctx ends, then lets the last requests finish and the bank
// write out what it holds back.
func serve(ctx context.Context, l net.Listener, b *bank.Bank) error {
	s := &http.Server{Handler: b, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(s.Shutdown(last), b.Close(last))
}
