package clojure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// FuzzRead feeds any text: nothing panics, nothing hangs, and every span lies
// within its file.
func FuzzRead(f *testing.F) {
	pages, _ := filepath.Glob("testdata/*.page")
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\n---\n") {
			source, _, _ := strings.Cut(part, "\n=>\n")
			f.Add(source)
		}
	}
	for _, s := range []string{"(", ")", "#", "#?(", "#?@(:clj [1 2])", "^", "^{", "'", "#:a{:b", `"\`, `\`, "#_", "(-> )", "(let [", "#(%99)",
		"(def)", "(defn)", "(defn a)", "(ns)", "(ns a (:require [b :as]))", "(. )", "(.. )", "(case)", "(loop [a])", "(defmethod a b [])", "(defrecord A)",
		"(catch)", "(try (catch))", "(GET)", "(reify)", "(proxy)", "(new)", "(defresource a [b])", "(swap!)", "(update-in a [] b)", "(quote)", `(GET "")`, `(context "")`, "(->> (->>))"} {
		f.Add(s)
		f.Add("(ns a (:use compojure.core liberator.core)) " + s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<16 {
			t.Skip()
		}
		p := program(source)
		for _, fn := range p.Funcs {
			ir.Walk(fn.Body, func(s ir.Stmt) bool { within(t, s.At()); return true }, func(e ir.Expr) bool { within(t, e.At()); return true })
		}
	})
}

func within(t *testing.T, s ir.Span) {
	if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Source) {
		t.Fatalf("span %d to %d lies outside of its file", s.Start, s.End)
	}
}

// TestDepth reads what is nested deeper than anybody writes.
func TestDepth(t *testing.T) {
	for _, s := range []string{"(", "[", "'", "#(", "(-> x (f ", "^a ", "#_", "{:a ", "#?(:clj ", "(if a ", "(let [a "} {
		p := program(strings.Repeat(s, 100_000))
		if len(p.Files) != 1 || p.Files[0].Broken == "" {
			t.Errorf("%q a hundred thousand times: not told that it is broken", s)
		}
	}
	for _, head := range []string{"->", "->>", "some->", "cond->", "as->", "cond", "and", "or", "do", "comp", "str", "doto", "let [", "case"} {
		long := "(" + head + " x " + strings.Repeat("(f 1) ", 100_000) + ")"
		if p := program(long); p.Files[0].Broken != "" && head != "let [" {
			t.Errorf("a long %s is broken: %s", head, p.Files[0].Broken)
		}
	}
}
