package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/scan"
)

var _ = add(func() *cobra.Command {
	s := &scanCommand{}
	c := &cobra.Command{
		Use:   "scan [URL]",
		Short: "Attack a service's tokens, and prove what was refused, recorded and alerted",
		Long: `Scan attacks a running service with broken tokens. For every attack it says
whether it was refused, whether the service's log recorded it, and whether
anybody was alerted.

Without a recipe, scan URL takes a token from JOTSIGHT_TOKEN or --token-file, or
logs in with --user and --password-env, and looks for the rest: an OpenAPI
document, metadata, the login, a protected resource. --init writes what it found
as a recipe (jotsight.yaml), which says more than can be found:

  target: http://127.0.0.1:8080
  vars: {user: alice, password: "${SCAN_PASSWORD}"}
  login:
    - request: POST /login
      json: {user: "{{user}}", password: "{{password}}"}
      take: {access: $.access_token, refresh: $.refresh_token}
  protected: {request: GET /me, ok: 200, proof: $.id}
  refresh: {request: POST /refresh, json: {refresh: "{{refresh}}"}, take: {access: $.access_token, refresh: $.refresh_token}}
  logout: {request: POST /logout, headers: {Authorization: "Bearer {{access}}"}}
  logs: [{file: run/app.log}]
  alerts: {webhook: "127.0.0.1:9099", secret: "${WEBHOOK_SECRET}"}

Only target, protected, and one of login and token are required. proof is
something that only a real user's answer holds.

Findings that suppress in the recipe or --baseline names stay in every report
and in the grade, and do not fail the run. Ctrl-C ends the scan and reports what
was done.

Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage or recipe,
3 inconclusive, interrupted, or the target or a log cannot be used.`,
		Example: `  jotsight scan --config jotsight.yaml --plan
  jotsight scan --config jotsight.yaml --logs run/app.log --report sarif=out.sarif --report html=report.html
  JOTSIGHT_TOKEN=... jotsight scan http://127.0.0.1:8080/me
  jotsight scan http://127.0.0.1:8080 --user alice --password-env SCAN_PASSWORD --init`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return s.run(c, args) },
	}
	f := c.Flags()
	f.StringVar(&s.config, "config", "", "recipe `FILE` (default jotsight.yaml, if it is there and no URL is given)")
	f.StringArrayVar(&s.logs, "logs", nil, "a log `FILE` of the service, - for the standard input; may be repeated")
	s.asks.flags(f)
	f.StringVar(&s.keyFile, "key-file", "", "`FILE` with the key that signs the service's tokens, PEM or a secret: unlocks probes of claims")
	f.StringVar(&s.callback, "callback", "", "`HOST:PORT` of this machine that the target reaches, for keys that it may fetch (default a free port, for a target on this machine)")
	f.DurationVar(&s.patience, "patience", 0, "wait up to `DURATION` for a token to expire, if it lives no longer (limits.patience)")
	f.Float64Var(&s.rate, "rate", 0, "`N` requests a second, 0 for as many as there can be (default 10, or limits.rps of the recipe)")
	f.BoolVar(&s.plan, "plan", false, "print what would be sent, and send nothing")
	s.reporting.flags(f)
	f.BoolVar(&s.quiet, "quiet", false, "say nothing while it runs")
	f.BoolVar(&s.authorized, "i-am-authorized", false, "you may attack a target that is not this machine")
	return c
})

// scanCommand holds the flags of scan.
type scanCommand struct {
	reporting
	asks
	config                  string
	keyFile, callback       string
	rate                    float64
	logs                    []string
	patience                time.Duration
	plan, authorized, quiet bool
}

const defaultRecipe = "jotsight.yaml"

func (s *scanCommand) run(c *cobra.Command, args []string) error {
	defer s.tidy()
	if err := s.check(); err != nil {
		return err
	}
	recipe, err := s.recipe(c, args)
	if err != nil || recipe == nil {
		return err
	}
	for _, l := range s.logs {
		if err := recipe.AddLog(l); err != nil {
			return usage(err, "")
		}
	}
	if s.keyFile != "" {
		if err := recipe.SetKeyFile(s.keyFile); err != nil {
			return usage(fmt.Errorf("--key-file: %w", err), "")
		}
	}
	if c.Flags().Changed("rate") {
		if err := recipe.SetRate(s.rate); err != nil {
			return usage(fmt.Errorf("--rate: %w", err), "")
		}
	}
	if s.callback != "" {
		if err := recipe.SetCallback(s.callback); err != nil {
			return usage(fmt.Errorf("--callback %q: %w", s.callback, err), "")
		}
	}
	switch {
	case s.patience < 0:
		return usage(fmt.Errorf("--patience %s: not a time to wait", s.patience), "")
	case s.patience > 0:
		recipe.Limits.Patience = s.patience
	}
	if s.plan {
		return scan.WritePlan(c.OutOrStdout(), recipe)
	}
	m := newMeter(c.ErrOrStderr(), s.quiet)
	spoken := context.AfterFunc(c.Context(), func() { m.say("ending; what was done is reported. Ctrl-C once more ends at once") })
	report, err := scan.Run(c.Context(), recipe, scan.Options{
		Version: Version(), Authorized: s.authorized, Progress: m.step, Stdin: c.InOrStdin(),
	})
	spoken()
	m.end()
	if report == nil && c.Context().Err() != nil {
		return inconclusive(errors.New("interrupted before the first probe; nothing is known"), "")
	}
	if report == nil {
		return scanError(err, "nothing was decided; start the target and name its log, then scan again")
	}
	status := s.finish(c.OutOrStdout(), c.ErrOrStderr(), report)
	if err != nil {
		return scanError(err, "the report is whole; the monitor has not got it")
	}
	return status
}

// recipe reads the recipe, or makes one of what the command line says. A nil
// recipe without error says that all is done.
func (s *scanCommand) recipe(c *cobra.Command, args []string) (*scan.Recipe, error) {
	name := s.config
	if flag := s.asks.used(); flag != "" && (len(args) == 0 || name != "" && !s.asks.init) {
		return nil, usage(fmt.Errorf("%s: for a scan without recipe", flag), "jotsight scan URL, without --config")
	}
	if s.asks.init {
		return s.bare(c, args[0])
	}
	if name == "" && len(args) == 0 {
		if _, err := os.Stat(defaultRecipe); err != nil {
			return nil, usage(errors.New("scan: neither a URL nor a recipe"), "jotsight scan --config jotsight.yaml, or jotsight scan URL with a token in JOTSIGHT_TOKEN")
		}
		name = defaultRecipe
	}
	if name == "" {
		return s.bare(c, args[0])
	}
	r, err := scan.Load(name, os.LookupEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("%s: does not exist", name), "jotsight scan --help shows a scan without recipe")
	}
	if err != nil {
		return nil, usage(err, "jotsight scan --help shows a recipe")
	}
	if len(args) > 0 {
		if err := r.SetTarget(args[0]); err != nil {
			return nil, usage(err, "")
		}
	}
	return r, nil
}

func scanError(err error, hint string) error {
	var u *scan.Unusable
	var m *scan.Mistake
	switch {
	case errors.Is(err, scan.ErrNotAuthorized):
		return usage(err, "add --i-am-authorized if you may")
	case errors.As(err, &m):
		return usage(err, "")
	case errors.As(err, &u):
		return inconclusive(err, hint)
	}
	return inconclusive(err, "")
}
