//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package guard

import (
	"errors"
	"os"
)

const spoolable = false

func lock(*os.File) error { return errors.ErrUnsupported }

func full(error) bool { return false }
