package lint

import (
	"github.com/jotsight/jotsight/internal/lint/clojure"
	"github.com/jotsight/jotsight/internal/lint/golang"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/javascript"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// A frontend translates what matters of the files of one language: what has to do
// with packages of the library that handle tokens.
type frontend func(*ir.Tree, *library.Set) *ir.Program

// frontends are the languages that we read.
var frontends = []frontend{
	func(t *ir.Tree, lib *library.Set) *ir.Program {
		return golang.Read(t, func(path string) bool { return lib.TokenPackage("go:" + path) })
	},
	func(t *ir.Tree, lib *library.Set) *ir.Program {
		return javascript.Read(t, func(pkg string) bool { return lib.TokenPackage("npm:" + pkg) })
	},
	func(t *ir.Tree, lib *library.Set) *ir.Program {
		return clojure.Read(t, func(space string) bool { return lib.TokenPackage("clj:" + space) })
	},
}
