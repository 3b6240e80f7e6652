package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/monitor"
)

// keyCommand makes, lists and revokes ingest keys, also while serve runs.
func keyCommand(data *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Make, list and revoke the keys by which events come in",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	with := func(do func(*cobra.Command, *monitor.Keyring, []string) error) func(*cobra.Command, []string) error {
		return func(c *cobra.Command, args []string) error {
			if c.Name() != "add" { // which may come before the first start, and makes the directory
				if _, err := os.Stat(*data); err != nil {
					return usage(fmt.Errorf("data %w", err), "")
				}
			}
			keys, err := monitor.OpenKeys(c.Context(), *data)
			if err != nil {
				return usage(err, "")
			}
			return errors.Join(do(c, keys, args), keys.Close())
		}
	}
	c.AddCommand(&cobra.Command{
		Use:   "add SOURCE",
		Short: "Make a key and print it, this once",
		Args:  cobra.ExactArgs(1),
		RunE:  with(addKey),
	}, &cobra.Command{
		Use:   "list",
		Short: "List the keys by source; the keys themselves are not kept",
		Args:  cobra.NoArgs,
		RunE:  with(listKeys),
	}, &cobra.Command{
		Use:   "revoke SOURCE",
		Short: "End all keys of a source",
		Args:  cobra.ExactArgs(1),
		RunE:  with(revokeKeys),
	})
	return c
}

func addKey(c *cobra.Command, keys *monitor.Keyring, args []string) error {
	key, err := keys.Add(c.Context(), args[0], time.Now())
	if err != nil {
		return usage(err, "")
	}
	fmt.Fprintln(c.OutOrStdout(), key)
	fmt.Fprintf(c.ErrOrStderr(), "jotsight: %s may write events with this key and read nothing; it is not shown again\n", args[0])
	return nil
}

func listKeys(c *cobra.Command, keys *monitor.Keyring, _ []string) error {
	list, err := keys.List(c.Context())
	if err != nil {
		return usage(err, "")
	}
	for _, k := range list {
		state := "good"
		if !k.Revoked.IsZero() {
			state = "revoked " + k.Revoked.Format(time.RFC3339)
		}
		fmt.Fprintf(c.OutOrStdout(), "%s\tmade %s\t%s\n", k.Source, k.Created.Format(time.RFC3339), state)
	}
	return nil
}

func revokeKeys(c *cobra.Command, keys *monitor.Keyring, args []string) error {
	n, err := keys.Revoke(c.Context(), args[0], time.Now())
	if err != nil {
		return usage(err, "")
	}
	if n == 0 {
		return usage(fmt.Errorf("source %s: no good key", args[0]), "jotsight serve key list shows them")
	}
	return nil
}
