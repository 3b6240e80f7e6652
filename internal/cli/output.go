package cli

import (
	"io"
	"os"
)

// openOutput opens what --output names, for its owner alone, or gives stdout. It
// comes before the work, so that nobody waits for a result that cannot be kept.
func openOutput(name string, stdout io.Writer) (out io.Writer, done func() error, err error) {
	if name == "" {
		return stdout, func() error { return nil }, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, usage(err, "")
	}
	return f, f.Close, nil
}
