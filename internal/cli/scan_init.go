package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jotsight/jotsight/internal/scan"
)

// asks are the flags of a scan that begins without recipe.
type asks struct {
	tokenFile, openAPI, user, passwordEnv string
	init                                  bool
}

func (a *asks) flags(f *pflag.FlagSet) {
	f.StringVar(&a.tokenFile, "token-file", "", "`FILE` with the token, for a scan without recipe")
	f.StringVar(&a.openAPI, "openapi", "", "OpenAPI document of the service, a `FILE` or an address (default: looked for at the usual paths)")
	f.StringVar(&a.user, "user", "", "`NAME` to log in with, for a scan without recipe; about ten usual logins are tried")
	f.StringVar(&a.passwordEnv, "password-env", "", "`VARIABLE` of the environment that holds the password of --user")
	f.BoolVar(&a.init, "init", false, "write a recipe of what is found at URL, and attack nothing")
}

// used names a flag that only a scan without recipe has; empty: none was given.
func (a *asks) used() string {
	for name, set := range map[string]bool{"--openapi": a.openAPI != "", "--user": a.user != "", "--password-env": a.passwordEnv != "", "--init": a.init} {
		if set {
			return name
		}
	}
	return ""
}

// hints reads what the flags and the environment say. Neither a token nor a
// password ever stands in argv, where every user of the machine could read it.
func (a *asks) hints(authorized bool) (scan.Hints, error) {
	h := scan.Hints{Authorized: authorized, OpenAPI: a.openAPI, User: a.user, PasswordEnv: a.passwordEnv}
	h.Token, h.TokenField = os.Getenv("JOTSIGHT_TOKEN"), "${JOTSIGHT_TOKEN}"
	if a.tokenFile != "" {
		text, err := os.ReadFile(a.tokenFile)
		if err != nil {
			return h, usage(fmt.Errorf("--token-file: %w", err), "")
		}
		h.Token, h.TokenField = string(text), "file:"+a.tokenFile
	}
	if h.Token = strings.TrimSpace(h.Token); h.Token == "" {
		h.TokenField = ""
	}
	switch {
	case (a.user == "") != (a.passwordEnv == ""):
		return h, usage(errors.New("--user and --password-env belong together"), "put the password into a variable, and name the variable")
	case a.user != "" && h.Token != "":
		return h, usage(errors.New("--user: stands beside a token; a scan has one of them"), "unset JOTSIGHT_TOKEN or leave --token-file out")
	case a.passwordEnv != "":
		if h.Password = os.Getenv(a.passwordEnv); h.Password == "" {
			return h, usage(fmt.Errorf("--password-env %s: the variable is not set", a.passwordEnv), "")
		}
	}
	return h, nil
}

// bare makes the recipe of a scan without file. An address with a path and a
// token is all that a scan needs; everything else is looked for. A nil recipe
// without error says that all is done.
func (s *scanCommand) bare(c *cobra.Command, target string) (*scan.Recipe, error) {
	h, err := s.asks.hints(s.authorized)
	if err != nil {
		return nil, err
	}
	if c.Flags().Changed("rate") {
		if err := new(scan.Recipe).SetRate(s.rate); err != nil {
			return nil, usage(fmt.Errorf("--rate: %w", err), "")
		}
		if h.Rate = s.rate; s.rate == 0 {
			h.Rate = -1
		}
	}
	if h.Token == "" && h.User == "" && !s.asks.init {
		return nil, usage(errors.New("scan: no token"), "set JOTSIGHT_TOKEN, use --token-file, log in with --user and --password-env, or describe the login in a recipe and use --config")
	}
	u, err := url.Parse(target)
	if err == nil && h.Token != "" && strings.Trim(u.Path, "/") != "" && s.asks.used() == "" {
		r, err := scan.ForURL(target, h.Token)
		if err != nil {
			return nil, usage(err, "")
		}
		return r, nil
	}
	if s.plan {
		return nil, scan.WriteDiscoveryPlan(c.OutOrStdout(), target, h)
	}
	if s.asks.init {
		return nil, s.writeRecipe(c, target, h)
	}
	d, err := scan.Discover(c.Context(), target, h)
	if err != nil {
		return nil, discoveryError(err)
	}
	say(c.ErrOrStderr(), "jotsight: ", d)
	if !d.Complete() {
		return nil, inconclusive(fmt.Errorf("target %s: not enough was found to scan it", u.Host), "the same command with --init writes what was found, for you to complete")
	}
	r, err := d.Recipe("recipe of "+u.Host, os.LookupEnv)
	if err != nil {
		return nil, usage(err, "")
	}
	return r, nil
}

func discoveryError(err error) error {
	var u *scan.Unusable
	if errors.Is(err, scan.ErrNotAuthorized) || errors.As(err, &u) {
		return scanError(err, "nothing was found; start the target and try again")
	}
	return usage(err, "")
}

// writeRecipe writes the recipe of what is found. It never replaces one: somebody may
// have worked on it.
func (s *scanCommand) writeRecipe(c *cobra.Command, target string, h scan.Hints) error {
	name := s.config
	if name == "" {
		name = defaultRecipe
	}
	if _, err := os.Lstat(name); err == nil {
		return usage(fmt.Errorf("--init: %s is there already", name), "name another file with --config")
	}
	d, err := scan.Discover(c.Context(), target, h)
	if err != nil {
		return discoveryError(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usage(fmt.Errorf("--init: %w", err), "")
	}
	_, err = f.Write(d.Text)
	if err := errors.Join(err, f.Close()); err != nil {
		return usage(fmt.Errorf("--init: %w", err), "")
	}
	out := c.OutOrStdout()
	say(out, "", d)
	fmt.Fprintf(out, "wrote    %s after %d requests\n", name, d.Requests)
	if d.Complete() {
		_, err = fmt.Fprintf(out, "next     jotsight scan --config %s --plan\n", name)
	} else {
		_, err = fmt.Fprintf(out, "next     complete %s where it says #, then jotsight scan --config %[1]s --plan\n", name)
	}
	return err
}

func say(w io.Writer, before string, d *scan.Discovery) {
	for _, f := range d.Found {
		fmt.Fprintf(w, "%sfound    %s\n", before, f)
	}
	for _, m := range d.Missing {
		fmt.Fprintf(w, "%smissing  %s\n", before, m)
	}
}
