package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A peer is what another linter took on the same tree.
type peer struct {
	Name string `json:"name"`
	Tree string `json:"tree"`
	cost
	Why string `json:"why,omitempty"` // why there is no figure
}

const (
	staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
	gosec       = "github.com/securego/gosec/v2/cmd/gosec@v2.29.0"
)

// peers times the others with everything compiled and nothing analysed before. A
// peer that cannot be had is named with the reason.
func (b *bench) peers(ctx context.Context) (list []peer) {
	for _, s := range subjects {
		if !s.peers {
			continue
		}
		dir := filepath.Join(b.dir, s.name)
		env := []string{"GOWORK=off", "GOFLAGS=-mod=mod"}
		fmt.Fprintf(b.talk, "lint: %s: compiling it for go vet\n", s.name)
		if c, err := b.time(ctx, dir, env, "go", "build", "./..."); err != nil || c.exit != 0 {
			return append(list, peer{Name: "go vet", Tree: s.name, Why: "it does not build: " + c.tails})
		}
		measure := func(name string, env []string, command string, args ...string) {
			fmt.Fprintf(b.talk, "lint: %s: %s\n", s.name, name)
			c, err := b.time(ctx, dir, env, command, args...)
			p := peer{Name: name, Tree: s.name, cost: c}
			if err != nil {
				p.Why = err.Error()
			} else if c.exit > 1 {
				p.Why = c.tails
			}
			list = append(list, p)
		}
		// The flags of an analyzer are part of the key under which go vet keeps results:
		// a name that nobody used makes it analyse everything anew, compile nothing.
		measure("go vet, analysis cold", env, "go", "vet", fmt.Sprintf("-printf.funcs=bench%d", os.Getpid()), "./...")
		measure("go vet, all cached", env, "go", "vet", fmt.Sprintf("-printf.funcs=bench%d", os.Getpid()), "./...")
		for _, tool := range []struct{ name, path, bin string }{{"staticcheck, cold", staticcheck, "staticcheck"}, {"gosec", gosec, "gosec"}} {
			bin := filepath.Join(b.dir, tool.bin)
			if c, err := b.time(ctx, b.dir, []string{"GOWORK=off", "GOFLAGS=-mod=mod", "GOBIN=" + b.dir}, "go", "install", tool.path); err != nil || c.exit != 0 {
				list = append(list, peer{Name: tool.name, Tree: s.name, Why: "cannot be installed: " + c.tails})
				continue
			}
			cache := filepath.Join(b.dir, "cache-of-"+tool.bin)
			os.RemoveAll(cache)
			args := []string{"./..."}
			if tool.bin == "gosec" {
				args = []string{"-quiet", "./..."}
			}
			measure(tool.name, append(env, "STATICCHECK_CACHE="+cache), bin, args...)
		}
	}
	return list
}
