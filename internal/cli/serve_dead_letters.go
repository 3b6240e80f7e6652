package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jotsight/jotsight/internal/monitor"
)

// deadLettersCommand shows what could not be delivered.
func deadLettersCommand(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "dead-letters",
		Short: "List the alerts that a channel could not deliver and has given up",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := os.Stat(*data); err != nil {
				return usage(fmt.Errorf("data %w", err), "")
			}
			list, err := monitor.DeadLetters(c.Context(), *data, 1000)
			if err != nil {
				return usage(err, "")
			}
			for _, d := range list {
				fmt.Fprintf(c.OutOrStdout(), "%s\t%s\t%s %s\t%s\tafter %d attempts: %s\n",
					d.Created.Format(time.RFC3339), d.Channel, d.Severity, d.Rule, d.ID, d.Attempts, d.Problem)
			}
			return nil
		},
	}
}
