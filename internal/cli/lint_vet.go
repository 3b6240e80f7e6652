package cli

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"path/filepath"
	"strings"
	"testing/fstest"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint"
)

// vet makes the program a tool of go vet where it is called as one:
//
//	go vet -vettool=$(which jotsight) ./...
//
// It does not come back then. go vet shows one package at a time, so that a failure
// that leaves its package is unknown and not reported: jotsight lint sees more.
func vet(args []string) {
	for _, a := range args {
		if a == "-V=full" || a == "-flags" || strings.HasSuffix(a, ".cfg") && len(args) > 0 && a == args[len(args)-1] {
			unitchecker.Main(vetAnalyzer)
		}
	}
}

var vetAnalyzer = &analysis.Analyzer{
	Name: "jotsight",
	Doc:  "find the code that handles tokens badly, or fails in silence",
	URL:  "https://github.com/jotsight/jotsight/blob/main/docs/lint/README.md",
	Run:  vetPackage,
}

// vetPackage lints the files of one package by themselves.
func vetPackage(pass *analysis.Pass) (any, error) {
	files := fstest.MapFS{}
	at := map[string]*ast.File{}
	for _, f := range pass.Files {
		full := pass.Fset.Position(f.FileStart).Filename
		name := filepath.Base(full)
		text, err := pass.ReadFile(full)
		if err != nil {
			return nil, err
		}
		files[name], at[name] = &fstest.MapFile{Data: text}, f
	}
	r, err := lint.Run(context.Background(), lint.Options{FS: files, Version: Version()})
	if errors.Is(err, lint.ErrNothing) { // nothing but tests
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range finding.Sorted(r.Findings) {
		file := at[f.Location.Path]
		if file == nil || f.Suppressed != nil {
			continue
		}
		t := pass.Fset.File(file.FileStart)
		pos := t.LineStart(min(max(f.Location.Line, 1), t.LineCount()))
		d := analysis.Diagnostic{Pos: pos, Category: string(f.ID), Message: fmt.Sprintf("%s (%s): %s", f.ID, f.Severity, finding.Escape(f.Message))}
		for _, r := range f.Related {
			if there := at[r.Path]; there != nil {
				t := pass.Fset.File(there.FileStart)
				d.Related = append(d.Related, analysis.RelatedInformation{Pos: t.LineStart(min(max(r.Line, 1), t.LineCount())), Message: finding.Escape(r.Message)})
			}
		}
		pass.Report(d)
	}
	return nil, nil
}
