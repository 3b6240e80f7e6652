package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/demo"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(func() *cobra.Command {
	var once bool
	var format, output string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the closed loop on this machine, nothing else needed",
		Long: `Demo starts three servers on free ports of the loopback interface: a small bank
API that is blind, the same API behind guard, and the monitor. Users and
attackers visit both banks, then scan attacks both and asks their logs and the
monitor's alerts what was seen. It takes less than a minute, and stays up until
Ctrl-C so that the monitor's page can be looked at. Its data is in a temporary
folder, which goes with it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return usage(fmt.Errorf("--format %q: neither text nor json", format), "")
			}
			return runDemo(c, once, format, output)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "print the result and exit")
	c.Flags().StringVar(&format, "format", "text", "`FORMAT` of the result: text or json")
	c.Flags().StringVar(&output, "output", "", "write the result to `FILE` instead of stdout")
	return c
})

func runDemo(c *cobra.Command, once bool, format, output string) error {
	ctx, talk := c.Context(), c.ErrOrStderr()
	say := func(line string) { fmt.Fprintln(talk, "jotsight:", line) }
	out, done, err := openOutput(output, c.OutOrStdout())
	if err != nil {
		return err
	}
	defer done()
	say("starting a blind bank, the same bank behind guard, and the monitor; half a minute to go")
	d, err := demo.Start(ctx, demo.Config{
		Version: Version(),
		Say:     say,
		Log:     slog.New(slog.NewTextHandler(talk, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Seed:    1,
	})
	if err != nil {
		return interrupted(ctx, err, "the demo needs the loopback interface and a temporary folder that it may write to")
	}
	defer func() {
		if err := d.Stop(context.WithoutCancel(ctx)); err != nil {
			say("ending: " + err.Error())
		}
	}()
	res, err := d.Run(ctx)
	if err != nil {
		return interrupted(ctx, err, "")
	}
	if format == "json" {
		err = demoJSON(out, res)
	} else {
		err = demo.WriteText(out, res, finding.Terminal(out, os.Getenv))
	}
	if err != nil || once {
		return err
	}
	say("the monitor shows all of it, live: " + d.SetupURL())
	say("the link works once: it makes the first user; Ctrl-C ends the demo and removes its data")
	d.Live(ctx)
	<-ctx.Done()
	say("ending")
	return nil
}

// interrupted tells Ctrl-C from trouble: somebody who ends the demo early need
// not be told that something ended early.
func interrupted(ctx context.Context, err error, hint string) error {
	if ctx.Err() != nil {
		return exit(ExitInterrupted)
	}
	return inconclusive(fmt.Errorf("demo: %w", err), hint)
}

// demoJSON writes both reports in their promised form, and the alerts.
func demoJSON(w io.Writer, res *demo.Result) error {
	var doc struct {
		Blind   json.RawMessage `json:"blind"`
		Guarded json.RawMessage `json:"guarded"`
		Alerts  any             `json:"alerts"`
	}
	for _, part := range []struct {
		report *finding.Report
		to     *json.RawMessage
	}{{res.Blind.Report, &doc.Blind}, {res.Guarded.Report, &doc.Guarded}} {
		var b bytes.Buffer
		if err := finding.WriteJSON(&b, part.report); err != nil {
			return err
		}
		*part.to = b.Bytes()
	}
	doc.Alerts = res.Alerts
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}
