package ecma

import "strings"

// Flags are what is true of a node beside its kind and children.
type Flags uint32

const (
	Async Flags = 1 << iota
	Generator
	Computed      // a[b], {[a]: b}
	Optional      // a?.b, a?.(), a?: T
	Shorthand     // {a}
	Method        // {a() {}}
	Getter        // get a() {}
	Setter        // set a(b) {}
	Static        // of a class member
	Await         // for await (…)
	Delegate      // yield*
	Prefix        // ++a
	Parenthesized // stood in parentheses, which belong to no node's span
	Const         // const; let, var, using and await using likewise
	Let
	Var
	Using
	AwaitUsing
	TypeOnly // import type, export type, {type a}
	Declare  // declare …, so nothing runs
	Abstract
	Override
	Readonly
	Private
	Protected
	Public
	Accessor // accessor a = b
	Definite // a!: T
	Escaped  // holds a backslash, so that Name and Value must be decoded
)

var flagNames = [...]string{
	"async", "generator", "computed", "optional", "shorthand", "method", "get", "set", "static", "await",
	"delegate", "prefix", "parenthesized", "const", "let", "var", "using", "await-using", "type", "declare",
	"abstract", "override", "readonly", "private", "protected", "public", "accessor", "definite", "escaped",
}

// String lists the words that are set, with a space between them.
func (f Flags) String() string {
	var b strings.Builder
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(name)
		}
	}
	return b.String()
}

// property are the flags that make a constructor's parameter a property too.
const property = Private | Protected | Public | Readonly | Override
