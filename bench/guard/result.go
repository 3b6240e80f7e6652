package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// A result is what one run has found; its JSON form is read by programs.
// Ratios are guard to peer, of the least processor times: under other load the
// least moves far less than the median.
type result struct {
	Go      string             `json:"go"`
	Machine string             `json:"machine"`
	Rounds  int                `json:"rounds"`
	Ratios  map[string]float64 `json:"ratios"`
	Medians map[string]float64 `json:"ratios_of_medians"`
	Allocs  map[string]float64 `json:"allocs"`
	Rows    []measured         `json:"rows"`
}

type measured struct {
	Algorithm string  `json:"algorithm"`
	Name      string  `json:"name"`
	LeastNS   int64   `json:"least_ns"`
	MedianNS  int64   `json:"median_ns"`
	Allocs    float64 `json:"allocs"`
}

// ratios lists what is set against what.
var ratios = []struct{ name, ours, theirs string }{
	{"seen_vs_jwtauth", "guard_seen", "jwtauth"},
	{"seen_vs_handwritten", "guard_seen", "handwritten"},
	{"unseen_vs_handwritten", "guard_unseen", "handwritten"},
	{"forged_vs_jwtauth", "guard_forged", "jwtauth_forged"},
	{"forged_first_vs_jwtauth", "guard_forged_first", "jwtauth_forged"},
	{"forged_folded_vs_jwtauth", "guard_forged_folded", "jwtauth_forged"},
	{"blocked_vs_jwtauth", "guard_blocked", "jwtauth_forged"},
}

// summarize reduces the samples, and counts the allocations of each row.
func summarize(rows []*row, rounds int) (*result, error) {
	res := &result{Go: runtime.Version(), Machine: fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		Rounds: rounds, Ratios: map[string]float64{}, Medians: map[string]float64{}, Allocs: map[string]float64{}}
	byName := map[string]measured{}
	for _, r := range rows {
		allocs, err := r.allocs()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.alg, r.name, err)
		}
		least := r.samples[0]
		for _, s := range r.samples {
			least = min(least, s)
		}
		m := measured{r.alg, r.name, int64(least), int64(median(r.samples)), allocs}
		byName[r.alg+" "+r.name] = m
		res.Rows = append(res.Rows, m)
		if short := strings.TrimPrefix(r.name, "guard_"); r.alg == "HS256" && (short == "bare" || short == "seen" || short == "unseen") {
			res.Allocs[short] = allocs
		}
	}
	for _, alg := range algorithms {
		for _, q := range ratios {
			ours, theirs := byName[alg+" "+q.ours], byName[alg+" "+q.theirs]
			if theirs.LeastNS == 0 {
				continue // not measured
			}
			key := keyOf(q.name, alg)
			res.Ratios[key] = round(float64(ours.LeastNS) / float64(theirs.LeastNS))
			res.Medians[key] = round(float64(ours.MedianNS) / float64(theirs.MedianNS))
		}
	}
	return res, nil
}

// keyOf names a ratio of an algorithm; HS256 goes without saying.
func keyOf(ratio, alg string) string {
	if alg == algorithms[0] {
		return ratio
	}
	return ratio + "_" + strings.ToLower(alg)
}

// round keeps four digits; there are not that many in the measurement.
func round(f float64) float64 { return float64(int64(f*1e4+0.5)) / 1e4 }

// table prints a result for people.
func (res *result) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "processor time of one request, %d rounds, %s, %s\n\n", res.Rounds, res.Go, res.Machine)
	fmt.Fprint(w, "algorithm\trow\tleast\tmedian\tallocations\t\n")
	for _, m := range res.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.0f\t\n", m.Algorithm, m.Name, us(m.LeastNS), us(m.MedianNS), m.Allocs)
	}
	fmt.Fprint(w, "\nratio\t")
	for _, alg := range algorithms {
		fmt.Fprint(w, alg, "\t")
	}
	fmt.Fprintln(w)
	for _, q := range ratios {
		fmt.Fprint(w, q.name, "\t")
		for _, alg := range algorithms {
			if r, ok := res.Ratios[keyOf(q.name, alg)]; ok {
				fmt.Fprintf(w, "%.3f", r)
			}
			fmt.Fprint(w, "\t")
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func us(ns int64) string {
	return fmt.Sprintf("%.2f us", float64(ns)/float64(time.Microsecond))
}
