// Package cli is the command line: one file a command. Flags are parsed here and
// nowhere else, output goes to stdout, talk and hints to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes, the same for every command.
const (
	ExitClean        = 0
	ExitFindings     = 1 // findings at or above --fail-on
	ExitUsage        = 2 // usage or configuration
	ExitInconclusive = 3 // the target or a log source could not be used

	// ExitInterrupted says that somebody ended the command before it was done, as
	// shells count: 128 and SIGINT.
	ExitInterrupted = 130
)

// An exitError carries the exit code with which main ends, and a hint for people.
type exitError struct {
	code int
	err  error // nil: the code alone
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage marks err as the user's to mend. hint may be empty.
func usage(err error, hint string) error { return &exitError{ExitUsage, err, hint} }

// inconclusive marks err as a target or source that could not be used.
func inconclusive(err error, hint string) error { return &exitError{ExitInconclusive, err, hint} }

// exit ends with a code and says nothing more.
func exit(code int) error {
	if code == ExitClean {
		return nil
	}
	return &exitError{code: code}
}

// commands is filled by the files of the commands.
var commands []func() *cobra.Command

func add(c func() *cobra.Command) struct{} {
	commands = append(commands, c)
	return struct{}{}
}

// Main runs the command line of this process and gives its exit code.
func Main() int {
	vet(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not end by itself
	return Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// Run is Main with everything given. Tests call it.
func Run(ctx context.Context, args []string, in io.Reader, out, talk io.Writer) int {
	root := &cobra.Command{
		Use:           "jotsight",
		Short:         "Make attacks on JSON Web Tokens visible",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(talk)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(err, c.CommandPath()+" --help lists the flags")
	})
	running := false
	root.PersistentPreRun = func(*cobra.Command, []string) { running = true }
	for _, c := range commands {
		root.AddCommand(c())
	}
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitClean
	}
	var e *exitError
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(talk, "jotsight: interrupted")
		return ExitInterrupted
	case errors.As(err, &e):
	case running: // what was found out could not be written
		e = &exitError{ExitInconclusive, err, ""}
	default: // cobra's own: an unknown command or a wrong number of arguments
		e = &exitError{ExitUsage, err, c.CommandPath() + " --help says how it is used"}
	}
	if e.err != nil {
		fmt.Fprintln(talk, "jotsight:", e.err)
	}
	if e.hint != "" {
		fmt.Fprintln(talk, "jotsight: hint:", e.hint)
	}
	return e.code
}

// Version is what `jotsight version` prints and reports carry.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
