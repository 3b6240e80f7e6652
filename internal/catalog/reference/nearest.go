package reference

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest gives at most n names that somebody may have meant by name, the best
// guess first.
func Nearest(name string, n int) []string {
	name = plain(name)
	type guess struct {
		name string
		cost int
	}
	var guesses []guess
	for _, p := range Pages() {
		cost := distance(name, plain(p.Name))
		for word := range strings.SplitSeq(plain(p.Name), "-") {
			cost = min(cost, 1+distance(name, word))
		}
		if name != "" && strings.Contains(plain(p.Name), name) {
			cost = min(cost, 2)
		}
		if cost <= 2+len(name)/4 && !slices.ContainsFunc(guesses, func(g guess) bool { return g.name == p.Name }) {
			guesses = append(guesses, guess{p.Name, cost})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.cost, b.cost) })
	var names []string
	for _, g := range guesses[:min(len(guesses), n)] {
		names = append(names, g.name)
	}
	return names
}

// plain takes away what people get wrong: case, and which of - _ . stands between
// words.
func plain(s string) string {
	s = strings.ToLower(s[:min(len(s), 64)])
	s = strings.TrimPrefix(s, "jwt.")
	return strings.NewReplacer("_", "-", ".", "-", " ", "-").Replace(s)
}

// distance is that of Levenshtein, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
