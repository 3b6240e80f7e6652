package library

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// describe says what matters most of a row, in the words of testdata/symbols.txt.
func describe(r *Row) string {
	if r == nil {
		return "-"
	}
	s := []string{string(r.Does), r.Level, r.HTTP}
	if r.Code != 0 {
		s = append(s, fmt.Sprint(r.Code))
	}
	s = append(s, r.From, r.Fails.String())
	for word, is := range map[string]bool{"plain": r.Plain && r.Does == Log, "silent": r.Silent, "exits": r.Exits} {
		if is {
			s = append(s, word)
		}
	}
	slices.Sort(s[5:])
	return strings.Join(strings.Fields(strings.Join(s, " ")), " ")
}

func TestSymbols(t *testing.T) {
	s := builtin(t)
	data, err := os.ReadFile("testdata/symbols.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, line := range strings.Split(string(data), "\n") {
		symbol, want, ok := strings.Cut(line, " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		n++
		if got, want := describe(s.Find(symbol)), strings.Join(strings.Fields(want), " "); words(got) != words(want) {
			t.Errorf("symbols.txt:%d: %s is %q, want %q", i+1, symbol, got, want)
		}
	}
	if n < 200 {
		t.Errorf("%d symbols, want 200 at least", n)
	}
}

// words are those of a description, in any order.
func words(s string) string {
	w := strings.Fields(s)
	slices.Sort(w)
	return strings.Join(w, " ")
}
