package ecma

import "strings"

// A Language says which of the four dialects a file is written in. TS alone
// refuses JSX, because there <T>x is a type assertion; plain JavaScript takes
// JSX, as bundlers do.
type Language uint8

const (
	None Language = iota // not ours
	JS
	JSX
	TS
	TSX
)

func (l Language) String() string {
	return [...]string{"none", "js", "jsx", "ts", "tsx"}[l]
}

// typed reports whether types are written here.
func (l Language) typed() bool { return l >= TS }

// jsx reports whether < at the start of an expression opens an element.
func (l Language) jsx() bool { return l != TS }

// LanguageOf goes by the extension of a path, and answers None for a file that
// is none of ours.
func LanguageOf(path string) Language {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return None
	}
	switch strings.ToLower(path[dot+1:]) {
	case "js", "mjs", "cjs":
		return JS
	case "jsx":
		return JSX
	case "ts", "mts", "cts":
		return TS
	case "tsx":
		return TSX
	}
	return None
}
