// Command jotsight makes attacks on JSON Web Tokens visible.
package main

import (
	"os"

	"github.com/jotsight/jotsight/internal/cli"
)

func main() { os.Exit(cli.Main()) }
