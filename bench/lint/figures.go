package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// figures are what -json prints.
type figures struct {
	Go struct {
		CPU        float64 `json:"seconds_cpu"`    // of the tree that peers are timed on
		LOC        int     `json:"loc"`            // of it
		VsVetCold  float64 `json:"vs_vet_cold"`    // go vet's processor time by ours
		Per100k    float64 `json:"seconds_100k"`   // wall time for 100,000 lines, of the slowest tree
		WithoutJWT float64 `json:"seconds_no_jwt"` // wall time of a tree without a token library
	} `json:"go"`
	JS struct {
		MBPerCoreSecond float64 `json:"mb_per_core_s"`
	} `json:"js"`
	Mutation mutation `json:"mutation"`
	MiB      float64  `json:"mib"` // the most of any tree
	Trees    []tree   `json:"trees"`
	Peers    []peer   `json:"peers"`
}

func (f *figures) sum() {
	var mb, cpu float64
	for _, t := range f.Trees {
		f.MiB = max(f.MiB, t.MiB)
		switch {
		case t.js:
			mb += t.MB
			cpu += t.CPU
		case t.without:
			f.Go.WithoutJWT = t.Wall
		default:
			f.Go.Per100k = max(f.Go.Per100k, t.Wall/float64(t.Lines)*1e5)
		}
		if t.peer {
			f.Go.CPU, f.Go.LOC = t.CPU, t.Lines
			for _, p := range f.Peers {
				if p.Tree == t.Name && p.Name == "go vet, analysis cold" && p.Why == "" {
					f.Go.VsVetCold = p.CPU / t.CPU
				}
			}
		}
	}
	if cpu > 0 {
		f.JS.MBPerCoreSecond = mb / cpu
	}
}

func (f *figures) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "tree\tfiles\tlines\tMB\tseconds\tcpu\tMiB\tfindings\t")
	for _, t := range f.Trees {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f\t%.2f\t%.2f\t%.0f\t%d\t\n", t.Name, t.Files, t.Lines, t.MB, t.Wall, t.CPU, t.MiB, t.Findings)
	}
	for _, p := range f.Peers {
		if p.Why != "" {
			fmt.Fprintf(w, "%s (%s)\t\t\t\t-\t-\t-\t\t\n", p.Name, p.Tree)
			continue
		}
		fmt.Fprintf(w, "%s (%s)\t\t\t\t%.2f\t%.2f\t%.0f\t\t\n", p.Name, p.Tree, p.Wall, p.CPU, p.MiB)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range f.Peers {
		if p.Why != "" {
			fmt.Fprintf(out, "%s: %s\n", p.Name, p.Why)
		}
	}
	fmt.Fprintf(out, "\nGo: %.2f s for 100,000 lines, %.2f s without a token library", f.Go.Per100k, f.Go.WithoutJWT)
	if f.Go.VsVetCold > 0 {
		fmt.Fprintf(out, "; go vet cold takes %.0f times the processor", f.Go.VsVetCold)
	}
	fmt.Fprintf(out, "\nJavaScript and TypeScript: %.0f MB a second and core\n", f.JS.MBPerCoreSecond)
	if f.Mutation.Mutants > 0 {
		fmt.Fprintf(out, "Mutation: %.1f %% of %d noticed, %d of %d hidden records reported\n",
			100*f.Mutation.Score, f.Mutation.Mutants, len(f.Mutation.Noisy), f.Mutation.Hidden)
		for _, s := range f.Mutation.Survivors {
			fmt.Fprintln(out, "  not noticed:", s)
		}
		for _, s := range f.Mutation.Noisy {
			fmt.Fprintln(out, "  reported though recorded:", s)
		}
	}
	return nil
}
