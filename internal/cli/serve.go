package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/monitor"
)

// defaultData is where serve keeps its files, in the working directory, unless
// told otherwise.
const defaultData = "jotsight-data"

// stopTimeout bounds how long serve drains after SIGTERM.
const stopTimeout = 15 * time.Second

type serveFlags struct {
	config, listen, data string
	webhook, secretEnv   string
	plain                bool
}

var _ = add(func() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Take events, raise alerts and show both",
		Long: `Serve takes events as NDJSON at POST /v1/events, keeps them durably, runs the
detections over them, delivers alerts and shows everything on one page.

On the first start it prints a link that works once and makes the first user.
Guards write with a key of their own, which reads nothing:

  jotsight serve key add orders-api`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := f.monitorConfig(c)
			if err != nil {
				return err
			}
			conf.Log = slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
			return serve(c.Context(), c.OutOrStdout(), conf)
		},
	}
	c.Flags().StringVar(&f.config, "config", "", "read settings from this YAML file")
	c.Flags().StringVar(&f.listen, "listen", monitor.DefaultListen, "address to listen on")
	c.Flags().StringVar(&f.webhook, "webhook", "", "post alerts to this URL")
	c.Flags().StringVar(&f.secretEnv, "webhook-secret-env", "", "environment variable that holds the webhook's signing secret")
	c.Flags().BoolVar(&f.plain, "plain", false, "listen beyond loopback without TLS, because something in front terminates it")
	c.PersistentFlags().StringVar(&f.data, "data", defaultData, "directory that holds everything")
	c.AddCommand(keyCommand(&f.data), deadLettersCommand(&f.data))
	return c
})

// monitorConfig puts the file and the flags together; a flag that was given
// wins.
func (f *serveFlags) monitorConfig(c *cobra.Command) (monitor.Config, error) {
	conf := monitor.Config{Version: Version()}
	if f.config != "" {
		if err := readServeConfig(f.config, os.LookupEnv, &conf); err != nil {
			return conf, usage(err, "")
		}
	}
	if conf.Listen == "" || c.Flags().Changed("listen") {
		conf.Listen = f.listen
	}
	if conf.Data == "" || c.Flags().Changed("data") {
		conf.Data = f.data
	}
	conf.Plain = conf.Plain || f.plain
	switch {
	case f.webhook != "" && f.secretEnv == "":
		return conf, usage(errors.New("--webhook: without --webhook-secret-env"),
			"the receiver cannot tell our alerts from anybody's without a secret; make one: printf 'whsec_%s' \"$(openssl rand -base64 32)\"")
	case f.webhook == "" && f.secretEnv != "":
		return conf, usage(errors.New("--webhook-secret-env: without --webhook"), "")
	case f.webhook != "":
		secret, ok := os.LookupEnv(f.secretEnv)
		if !ok || secret == "" {
			return conf, usage(fmt.Errorf("--webhook-secret-env: variable %s is not set", f.secretEnv), "")
		}
		conf.Webhooks = append(conf.Webhooks, monitor.Webhook{Name: "webhook", URL: f.webhook, Secret: secret})
	}
	return conf, nil
}

// serve runs a monitor until ctx ends or it fails.
func serve(ctx context.Context, out io.Writer, conf monitor.Config) error {
	m, err := monitor.New(conf)
	if errors.Is(err, monitor.ErrExposed) {
		return usage(err, "listen on 127.0.0.1, or set tls in --config, or give --plain if something in front terminates TLS")
	}
	if err != nil {
		return usage(err, "")
	}
	if err := m.Start(ctx); err != nil {
		hint := ""
		if errors.Is(err, monitor.ErrLocked) {
			hint = "another jotsight serve runs on this directory; keys can be made beside it: jotsight serve key add"
		}
		return usage(err, hint)
	}
	fmt.Fprintf(out, "listening on http%s://%s/\n", map[bool]string{true: "s"}[conf.TLS != nil], m.Addr())
	if link := m.SetupURL(); link != "" {
		fmt.Fprintln(out, "set up, once:", link)
	}
	if has, err := m.HasKey(ctx); err == nil && !has {
		fmt.Fprintln(out, "no key for events yet: jotsight serve key add NAME --data", shellQuoted(conf.Data))
	}
	select {
	case <-ctx.Done():
		err = nil
	case err = <-m.Failed():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if stopErr := m.Stop(bounded); err == nil {
		err = stopErr
	}
	if err != nil {
		return inconclusive(err, "")
	}
	return nil
}

// shellQuoted makes a path fit to be pasted.
func shellQuoted(path string) string {
	if clean := filepath.Clean(path); clean != "" && !needsQuotes(clean) {
		return clean
	}
	return "'" + path + "'"
}

func needsQuotes(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '/' || r == '.' || r == '-' || r == '_') {
			return true
		}
	}
	return false
}
