package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
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

Without a recipe, scan URL takes a token from JOTSIGHT_TOKEN or --token-file and
does what can be done with it. A recipe (jotsight.yaml) says more:

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

Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage or recipe,
3 inconclusive or the target or a log cannot be used.`,
		Example: `  jotsight scan --config jotsight.yaml --plan
  jotsight scan --config jotsight.yaml --logs run/app.log --format json --output report.json
  JOTSIGHT_TOKEN=... jotsight scan http://127.0.0.1:8080/me`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return s.run(c, args) },
	}
	f := c.Flags()
	f.StringVar(&s.config, "config", "", "recipe `FILE` (default jotsight.yaml, if it is there and no URL is given)")
	f.StringArrayVar(&s.logs, "logs", nil, "a log `FILE` of the service, - for the standard input; may be repeated")
	f.StringVar(&s.tokenFile, "token-file", "", "`FILE` with the token, for a scan without recipe")
	f.BoolVar(&s.plan, "plan", false, "print what would be sent, and send nothing")
	f.StringVar(&s.format, "format", "text", "`FORMAT` of the report: text or json")
	f.StringVar(&s.output, "output", "", "write the report to `FILE`, readable by you alone")
	f.StringVar(&s.failOn, "fail-on", "high", "exit with 1 if there is a finding of this `LEVEL` or above: low, medium, high, critical; or none")
	f.BoolVar(&s.authorized, "i-am-authorized", false, "you may attack a target that is not this machine")
	return c
})

// scanCommand holds the flags of scan.
type scanCommand struct {
	config, tokenFile, format, output, failOn string
	logs                                      []string
	plan, authorized                          bool
}

const defaultRecipe = "jotsight.yaml"

func (s *scanCommand) run(c *cobra.Command, args []string) error {
	least, err := catalog.ParseSeverity(s.failOn)
	if err != nil {
		return usage(fmt.Errorf("--fail-on: %w", err), "")
	}
	if s.format != "text" && s.format != "json" {
		return usage(fmt.Errorf("--format %q: not one of text, json", s.format), "")
	}
	recipe, err := s.recipe(args)
	if err != nil {
		return err
	}
	for _, l := range s.logs {
		if err := recipe.AddLog(l); err != nil {
			return usage(err, "")
		}
	}
	if s.plan {
		return scan.WritePlan(c.OutOrStdout(), recipe)
	}
	report, err := scan.Run(c.Context(), recipe, scan.Options{
		Version: Version(), Authorized: s.authorized, Progress: progress(c.ErrOrStderr()), Stdin: c.InOrStdin(),
	})
	if report == nil {
		return scanError(err, "nothing was decided; start the target and name its log, then scan again")
	}
	if err := s.write(c.OutOrStdout(), report); err != nil {
		return err
	}
	if err != nil {
		return scanError(err, "the report above is whole; the monitor has not got it")
	}
	return verdict(report, least)
}

// recipe reads the recipe, or makes one of what the command line says.
func (s *scanCommand) recipe(args []string) (*scan.Recipe, error) {
	name := s.config
	if name == "" && len(args) == 0 {
		if _, err := os.Stat(defaultRecipe); err != nil {
			return nil, usage(errors.New("scan: neither a URL nor a recipe"), "jotsight scan --config jotsight.yaml, or jotsight scan URL with a token in JOTSIGHT_TOKEN")
		}
		name = defaultRecipe
	}
	if name == "" {
		return s.bare(args[0])
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

// bare makes the recipe of a scan without file. The token never stands in argv,
// where every user of the machine could read it.
func (s *scanCommand) bare(target string) (*scan.Recipe, error) {
	token := os.Getenv("JOTSIGHT_TOKEN")
	if s.tokenFile != "" {
		text, err := os.ReadFile(s.tokenFile)
		if err != nil {
			return nil, usage(fmt.Errorf("--token-file: %w", err), "")
		}
		token = string(text)
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return nil, usage(errors.New("scan: no token"), "set JOTSIGHT_TOKEN, use --token-file, or describe the login in a recipe and use --config")
	}
	r, err := scan.ForURL(target, token)
	if err != nil {
		return nil, usage(err, "")
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

func (s *scanCommand) write(out io.Writer, r *finding.Report) error {
	var b bytes.Buffer
	var err error
	if s.format == "json" {
		err = finding.WriteJSON(&b, r)
	} else {
		o := finding.Terminal(out, os.Getenv)
		if s.output != "" {
			o = finding.TextOptions{}
		}
		err = finding.WriteText(&b, r, o)
	}
	if err != nil {
		return err
	}
	if s.output == "" {
		_, err = out.Write(b.Bytes())
		return err
	}
	if err := writePrivate(s.output, b.Bytes()); err != nil {
		return usage(fmt.Errorf("--output: %w", err), "")
	}
	return nil
}

// writePrivate writes a file that only its owner can read, also if it was there
// before and others could.
func writePrivate(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.Chmod(0o600)
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

// progress prints one line a probe, once it has ended.
func progress(talk io.Writer) func(scan.Progress) {
	return func(p scan.Progress) {
		if p.Verdict != "" {
			fmt.Fprintf(talk, "jotsight: %2d/%d %s: %s\n", p.Done, p.Total, p.Probe, p.Verdict)
		}
	}
}

// verdict turns a report into an exit code. What is inconclusive does not pass.
func verdict(r *finding.Report, least catalog.Severity) error {
	for _, f := range r.Findings {
		if f.Suppressed == nil && least > catalog.None && f.Severity >= least {
			return exit(ExitFindings)
		}
	}
	for _, run := range r.Runs {
		if run.Verdict == finding.Inconclusive {
			return exit(ExitInconclusive)
		}
	}
	return nil
}
