// Package ir is the small language into which every frontend of lint translates
// its own: Go, JavaScript, TypeScript and Clojure become functions, statements
// and expressions of one kind, so that what follows (whom a call reaches, what
// happens when a token is bad) is written once.
//
// It keeps what tells whether a failure is seen: control flow, calls, names that
// are bound to their declarations, declared types. It drops what does not:
// arithmetic, generics, formats. A frontend resolves names within a file and
// between the modules of a program (scopes, imports, exports); it does not guess
// what a method call reaches, that is the business of package resolve.
//
// # What a frontend makes of its language
//
//   - Every name is a *Var, a Func, a Class, a Module or an Extern. Something outside
//     the program is an Extern with its symbol (see Symbols below).
//   - Patterns are taken apart: const {a, b: [c]} = f() is a Set of a temporary and
//     one Set for each name. Go's a, err := f() stays one Set with two on the left.
//   - Expressions that hold statements (Clojure's if, let and try as values; an
//     immediately called function) become statements before, with a temporary Var.
//     Where the value is what the function returns, each branch ends in a Return.
//   - An expression body (x => f(x), the last form of a defn) is a Return.
//   - a?.b is a Member, a ?? b an Op of kind Or, a["b"] a Member.
//   - Deferred calls, goroutines, loops and labels stay what they are.
//   - Code of tests is not translated at all; generated files are, and marked.
//
// # Symbols
//
// A symbol names what lies outside the program, in the form in which the library
// catalogue and a user's .jotsight.yaml name it:
//
// Of Go, a function or variable of a package is "go:net/http.Error", a method
// "go:github.com/golang-jwt/jwt/v5.Parser.Parse" (no star, no parentheses), a
// predeclared name "go:builtin.panic". The others:
//
//	npm:jsonwebtoken#verify                          an export of a package; #default is the
//	                                                 default export and module.exports alike
//	npm:@nestjs/jwt#JwtService.verifyAsync           a member of an export
//	npm:node:crypto#randomUUID                       a built-in module, written with node: or not
//	file:src/data.json#name                          a file of the repository that is not translated
//	js:console.log, js:process.exit                  a global
//	clj:buddy.sign.jwt/unsign                        a var of a namespace
//	java:java.util.Date                              a class that Clojure imports
//
// However a package of npm is imported, its members are written the same:
// jwt.verify is npm:jsonwebtoken#verify after const jwt = require("jsonwebtoken"),
// import jwt from, and import * as jwt; the package itself is #default. What hangs on
// globalThis, window or global is global: window.fetch is js:fetch. Operators with
// effects have symbols too: js:delete.
//
// A value that came out of a call of a symbol is that symbol with (), as in
// npm:winston#createLogger().
package ir

import (
	"cmp"
	"sort"
	"strings"
)

// A Language is one of those that we read.
type Language string

const (
	Go         Language = "go"
	JavaScript Language = "javascript" // TypeScript, JSX and TSX too
	Clojure    Language = "clojure"
)

// A Program is all that was read in one run: usually a repository, of one or more
// languages.
type Program struct {
	Modules []*Module
	Classes []*Class
	Funcs   []*Func // every one, those within others too, in the order of the source
	Files   []*File
}

// A Module is what can be imported: a package of Go, a file of JavaScript, a
// namespace of Clojure.
type Module struct {
	Language Language
	Path     string // import path, file, or namespace; unique within the language
	Files    []*File
	Body     *Func // what runs when it is loaded; top-level declarations with values are Sets in it
	// Exports are what others can name: *FuncRef, *ClassRef, *Name, *Extern (passed on)
	// or any expression. "default" is the default export; module.exports = x is
	// "default" too, and the fields of such an object stand here as well.
	Exports map[string]Expr
}

// A File is one source text.
type File struct {
	Path      string // from the root of the run, with slashes
	Language  Language
	Source    string
	Generated bool
	Broken    string    // where and why its frontend could not read (all of) it: "line 7: expected }"; else empty
	Comments  []Comment // those that hold "jotsight:" or "nolint", in order
	lines     []int32   // offsets at which lines begin
}

// A Comment is one that may hold a directive.
type Comment struct {
	Span
	Text string // without delimiters, trimmed
}

// A Span is a piece of a file, as offsets in bytes. The zero Span is nowhere.
type Span struct {
	File       *File
	Start, End int32
}

// At makes every node that embeds a Span say where it stands.
func (s Span) At() Span { return s }

// Line and Column count from 1, the column in bytes. Nowhere is 0.
func (s Span) Line() int { l, _ := s.Position(); return l }

// Position gives line and column at once.
func (s Span) Position() (line, column int) {
	if s.File == nil {
		return 0, 0
	}
	return s.File.Position(int(s.Start))
}

// Compare puts spans in the order of the source: by file, then by where they begin
// and end. Nowhere comes first.
func (s Span) Compare(o Span) int {
	path := func(s Span) string {
		if s.File == nil {
			return ""
		}
		return s.File.Path
	}
	return cmp.Or(strings.Compare(path(s), path(o)), cmp.Compare(s.Start, o.Start), cmp.Compare(s.End, o.End))
}

// Text is the source of the span.
func (s Span) Text() string {
	if s.File == nil || s.Start < 0 || int(s.End) > len(s.File.Source) || s.Start > s.End {
		return ""
	}
	return s.File.Source[s.Start:s.End]
}

// Position turns an offset into line and column. Not for several goroutines at
// once before the first answer.
func (f *File) Position(offset int) (line, column int) {
	if f.lines == nil {
		f.lines = append(f.lines, 0)
		for i := 0; i < len(f.Source); {
			n := strings.IndexByte(f.Source[i:], '\n')
			if n < 0 {
				break
			}
			i += n + 1
			f.lines = append(f.lines, int32(i))
		}
	}
	i := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > offset })
	return i, offset - int(f.lines[i-1]) + 1
}

// A Func is a function, method, closure, or the top level of a module.
type Func struct {
	Span
	// Name is what a person would call it: login, UserController.login, (in Go)
	// Authenticator.func1 for the first closure in Authenticator, <module> for a
	// module's body. A closure that is the value of a variable or property has
	// that name: const login = async (req, res) => {} is login.
	Name       string
	Module     *Module
	Outer      *Func  // the function around a closure; a module's Body for the rest; nil for a Body
	Class      *Class // of a method
	Recv       *Var   // Go's receiver, or nil. JavaScript has This
	Params     []*Var // in order; a pattern has a temporary
	Variadic   bool   // the last parameter takes the rest
	Results    []*Type
	Body       []Stmt
	Async      bool    // what it throws is a rejected promise
	Decorators []*Call // of methods, @Post('login') and the like
	Exported   bool
	Doc        string // directives only: text of the comment right before it that holds "jotsight:"
}

// A Class is a class, struct, interface, record, protocol, or any other named type.
type Class struct {
	Span
	Name       string
	Module     *Module
	Fields     []*Var
	Methods    map[string]*Func
	Embeds     []*Type // embedded, extended, implemented
	Interface  bool    // its methods have no bodies: any class that has them all may stand behind it
	Underlying *Type   // of type Handler func(…) and type IDs []string, and aliases
	Decorators []*Call
}

// A Var is a variable, parameter, field or constant. A package's variable, a field
// and the exported binding of a module are one Var each, whoever uses them.
type Var struct {
	Span
	Name       string
	Type       *Type // as declared; nil: see what is assigned
	Func       *Func // in which it is declared; nil for fields
	Class      *Class
	Param      int // index among Func.Params, -1 for others
	Decorators []*Call
	Embedded   bool
}

// A Type is what is known of a declared type. Pointers, optionality, promises and
// generics leave no trace, but for their most telling part: Promise<User> is User.
type Type struct {
	Symbol string // outside the program: go:net/http.Request, npm:@nestjs/jwt#JwtService, go:builtin.error, js:string
	Class  *Class // within the program
	Elem   *Type  // element of a list, channel, or map
	Map    bool   // Elem is that of a map
	Func   *Signature
}

// A Signature is a function type.
type Signature struct{ Params, Results []*Type }

// Stmt is one of the statements below.
type Stmt interface {
	At() Span
	stmt()
}

type (
	// Do evaluates X for what it does.
	Do struct {
		Span
		X Expr
	}
	// Set assigns. With one expression on the right and several on the left, the
	// right is a call (or a map access, receive, type assertion) of several results.
	// A nil on the left takes nothing, as _ does.
	Set struct {
		Span
		Left, Right []Expr // Left: *Name, *Member, *Index or nil
		Declare     bool
	}
	If struct {
		Span
		Cond       Expr
		Then, Else []Stmt
	}
	// Switch compares Tag with the values of each case. Without a Tag, cases hold
	// conditions. A type switch has Types set and *ClassRef or *Extern as values;
	// then Tag is the value whose type is asked for.
	Switch struct {
		Span
		Tag   Expr
		Types bool
		Cases []*Case
	}
	// Loop runs its body any number of times. Over is what a range or for-of goes
	// through; Each takes what it yields, keys first: JavaScript's for-in fills the
	// first place, its for-of the second. Cond may be nil.
	Loop struct {
		Span
		Cond, Over Expr
		Each       []Expr
		Body       []Stmt
		Label      string
	}
	Try struct {
		Span
		Body    []Stmt
		Catches []*Catch
		Finally []Stmt
	}
	Return struct {
		Span
		Values []Expr
	}
	Throw struct {
		Span
		X Expr
	}
	// Defer runs its call when the function ends, Go beside it.
	Defer struct {
		Span
		X Expr
	}
	Spawn struct {
		Span
		X Expr
	}
	Block struct {
		Span
		Body  []Stmt
		Label string
	}
	// Jump is a break, continue or goto.
	Jump struct {
		Span
		Kind  string
		Label string
	}
)

// A Case is one arm of a Switch. Without values it is the default.
type Case struct {
	Span
	Values      []Expr
	Bind        *Var // of a type switch
	Body        []Stmt
	Fallthrough bool
}

// A Catch is one handler of a Try. Without types it takes everything; Bind may be nil.
type Catch struct {
	Span
	Bind  *Var
	Types []Expr
	Body  []Stmt
}

func (*Do) stmt()     {}
func (*Set) stmt()    {}
func (*If) stmt()     {}
func (*Switch) stmt() {}
func (*Loop) stmt()   {}
func (*Try) stmt()    {}
func (*Return) stmt() {}
func (*Throw) stmt()  {}
func (*Defer) stmt()  {}
func (*Spawn) stmt()  {}
func (*Block) stmt()  {}
func (*Jump) stmt()   {}

// Expr is one of the expressions below. Every node occurs once in the tree, so
// that its address is its identity.
type Expr interface {
	At() Span
	expr()
}

type (
	// Name is a use of a variable.
	Name struct {
		Span
		Var *Var
	}
	// Extern is something outside the program, by its symbol.
	Extern struct {
		Span
		Symbol string
	}
	// FuncRef is a function of the program: used by name, or (Literal) written here.
	FuncRef struct {
		Span
		Func    *Func
		Literal bool
	}
	// ClassRef is a class or type of the program.
	ClassRef struct {
		Span
		Class *Class
	}
	// ModuleRef is a whole module of the program: import * as x, require('./x').
	ModuleRef struct {
		Span
		Module *Module
	}
	// This is the object of a method; in JavaScript alone.
	This struct {
		Span
		Class *Class // nil: not known
	}
	// Const is a literal. Text is the value of a string, the source of others.
	Const struct {
		Span
		Kind ConstKind
		Text string
	}
	Member struct {
		Span
		X    Expr
		Name string
		Of   Span // of the name alone
	}
	Index struct {
		Span
		X, Key Expr
	}
	// Call is a call; with New, of a constructor. A tagged template is one too.
	Call struct {
		Span
		Fun    Expr
		Args   []Expr
		New    bool
		Spread bool // the last argument is a list of arguments
	}
	// Object is a literal of an object, map or struct. Type is that of a struct.
	Object struct {
		Span
		Type   *Type
		Fields []Field
	}
	// List is a literal of a list, set or tuple.
	List struct {
		Span
		Type  *Type
		Elems []Expr
	}
	// Op is anything with operands. Templates and + are Add.
	Op struct {
		Span
		Kind OpKind
		Args []Expr
	}
	Cond struct {
		Span
		Test, Then, Else Expr
	}
	Await struct {
		Span
		X Expr
	}
	// Convert is a conversion or type assertion: x.(T), T(x), x as T. In a Set with
	// two on the left the second says whether it succeeded.
	Convert struct {
		Span
		Type *Type
		X    Expr
	}
	// Assign is an assignment as an expression.
	Assign struct {
		Span
		Left, Right Expr
	}
	// Unknown is what the frontend has no words for; its parts are evaluated.
	Unknown struct {
		Span
		Parts []Expr
	}
)

// A Field is one entry of an Object. A spread ({...x}) and a computed key have an
// empty name; then Key is the expression of the key, if there is one.
type Field struct {
	Span
	Name  string
	Key   Expr
	Value Expr
}

// A ConstKind says what a Const is.
type ConstKind uint8

const (
	Nil ConstKind = iota // nil, null, undefined
	Bool
	Number
	String
	Keyword // Clojure's :name, without the colon
	Regexp
)

// An OpKind says what an Op does.
type OpKind uint8

const (
	Other OpKind = iota
	Not
	And
	Or
	Equal
	NotEqual
	Less // a < b
	LessEqual
	Greater
	GreaterEqual
	Add
	Sub
	Mul
	Div
	InstanceOf
	TypeOf
	Slice // a[i:j]
	Template
)

func (*Name) expr()      {}
func (*Extern) expr()    {}
func (*FuncRef) expr()   {}
func (*ClassRef) expr()  {}
func (*ModuleRef) expr() {}
func (*This) expr()      {}
func (*Const) expr()     {}
func (*Member) expr()    {}
func (*Index) expr()     {}
func (*Call) expr()      {}
func (*Object) expr()    {}
func (*List) expr()      {}
func (*Op) expr()        {}
func (*Cond) expr()      {}
func (*Await) expr()     {}
func (*Convert) expr()   {}
func (*Assign) expr()    {}
func (*Unknown) expr()   {}
