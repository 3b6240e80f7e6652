package ecma

import (
	"iter"
	"strings"
)

// Name is what a node is called. For a name it is the name itself, its escapes
// resolved; for what declares or holds one (a function, a class, a variable, a
// parameter, a property, a specifier) the name that it has, or "" if that is
// computed or a pattern. Nothing is copied unless there are escapes.
func (n Node) Name() string {
	switch n.Kind() {
	case Identifier:
		return n.word()
	case PrivateIdentifier, JSXName:
		return n.Text()
	case StringLiteral:
		return n.Value()
	case NumericLiteral, BigIntLiteral:
		return n.Text()
	case ThisExpression:
		return "this"
	case Super:
		return "super"
	case FunctionDeclaration, FunctionExpression, ClassDeclaration, ClassExpression, VariableDeclarator, JSXElement, JSXAttribute,
		TSEnumDeclaration, TSEnumMember, TSInterfaceDeclaration, TSTypeAliasDeclaration, TSImportEqualsDeclaration,
		TSNamespaceExportDeclaration:
		return n.Child(RoleID).Name()
	case TSModuleDeclaration:
		return n.Child(RoleID).Path()
	case MethodDefinition, PropertyDefinition, Property, ImportAttribute:
		return n.Key().Name()
	case AssignmentPattern:
		return n.Child(RoleLeft).Name()
	case RestElement:
		return n.Child(RoleArgument).Name()
	case TSParameterProperty:
		return n.Child(RoleParameter).Name()
	case ImportSpecifier, ImportDefaultSpecifier, ImportNamespaceSpecifier:
		return n.Child(RoleLocal).Name()
	case ExportSpecifier:
		return n.Exported()
	case MemberExpression:
		return n.Property()
	case LabeledStatement, BreakStatement, ContinueStatement:
		return n.Child(RoleLabel).Name()
	}
	return ""
}

// word is the name at the start of an identifier, whose span holds its type too.
func (n Node) word() string {
	s := n.Text()
	if n.Has(Escaped) {
		return unescape(name(s))
	}
	return name(s)
}

// Key is the key of a property or member, in shorthand its value.
func (n Node) Key() Node {
	if n.Has(Computed) {
		if k := n.Child(RoleKey); k.Kind() == StringLiteral {
			return k
		}
		return Node{n.file, 0}
	}
	if n.Has(Shorthand) {
		v := n.Child(RoleValue)
		if v.Kind() == AssignmentPattern {
			return v.Child(RoleLeft)
		}
		return v
	}
	return n.Child(RoleKey)
}

// Value is the text that a literal stands for: a string, a template without
// expressions, or an element of one, with its escapes resolved. Other literals
// answer their source.
func (n Node) Value() string {
	switch n.Kind() {
	case StringLiteral:
		s := n.Text()
		if len(s) < 2 || s[len(s)-1] != s[0] {
			s += "'" // unfinished
		}
		s = s[1 : len(s)-1]
		if n.Has(Escaped) {
			return unescape(s)
		}
		return s
	case TemplateElement:
		if n.Has(Escaped) {
			return unescape(n.Text())
		}
		return n.Text()
	case TemplateLiteral:
		if q := n.First(); !q.Next().OK() {
			return q.Value()
		}
		return ""
	case NumericLiteral, BigIntLiteral, BooleanLiteral, NullLiteral, RegExpLiteral:
		return n.Text()
	}
	return ""
}

// Path is a chain of names and members as it is usually written: jwt.verify,
// this.jwt.sign, process.env.SECRET. Optional chaining, !, as and parentheses make
// no difference, a["b"] counts as a.b. Anything else in the chain makes it "".
func (n Node) Path() string {
	switch n.Kind() {
	case Identifier, ThisExpression, Super:
		return n.Name()
	case MemberExpression:
		// Most are written without white space: no need to build anything.
		if s := n.Text(); simplePath(s) && !n.Has(Parenthesized) {
			return s
		}
		object, property := n.Object().Path(), n.Property()
		if object == "" || property == "" {
			return ""
		}
		return object + "." + property
	case TSNonNullExpression, TSAsExpression, TSSatisfiesExpression, TSInstantiationExpression, TSTypeAssertion:
		return n.Child(RoleExpression).Path()
	}
	return ""
}

func simplePath(s string) bool {
	if classes[s[0]]&nameStart == 0 {
		return false
	}
	for i := range len(s) {
		if classes[s[i]] == 0 && s[i] != '.' {
			return false
		}
	}
	return !strings.HasPrefix(s, "new.") && !strings.HasPrefix(s, "import.")
}

// Plain is the expression behind parentheses and what TypeScript puts around it:
// x for x!, x as T, x satisfies T, <T>x and x<T>.
func (n Node) Plain() Node {
	for n.Is(TSNonNullExpression, TSAsExpression, TSSatisfiesExpression, TSTypeAssertion, TSInstantiationExpression) {
		n = n.Child(RoleExpression)
	}
	return n
}

// Callee is what a call, a new or a tagged template calls.
func (n Node) Callee() Node {
	if n.Kind() == TaggedTemplateExpression {
		return n.Child(RoleTag)
	}
	return n.Child(RoleCallee)
}

// Args yields the arguments of a call, a new or an import(). Spread ones are
// SpreadElements.
func (n Node) Args() iter.Seq[Node] { return n.All(RoleArguments) }

// Arg is the argument number i, from 0.
func (n Node) Arg(i int) Node {
	for a := range n.Args() {
		if i == 0 {
			return a
		}
		i--
	}
	return Node{n.file, 0}
}

// Object and Property are the two sides of a member expression; the property as
// a name, or "" if it is computed of anything but a string.
func (n Node) Object() Node { return n.Child(RoleObject) }

func (n Node) Property() string {
	p := n.Child(RoleProperty)
	if n.Has(Computed) && p.Kind() != StringLiteral {
		return ""
	}
	return p.Name()
}

// Params yields the parameters of a function, or of the function that a method
// or property holds.
func (n Node) Params() iter.Seq[Node] { return n.function().All(RoleParams) }

// Param is the parameter number i, from 0.
func (n Node) Param(i int) Node {
	for p := range n.Params() {
		if i == 0 {
			return p
		}
		i--
	}
	return Node{n.file, 0}
}

func (n Node) function() Node {
	if n.Is(MethodDefinition, Property) {
		return n.Child(RoleValue)
	}
	return n
}

// Body is what a function, a loop, a catch or a namespace runs: a block, a single
// statement, or the expression of an arrow function.
func (n Node) Body() Node { return n.function().Child(RoleBody) }

// Statements yields those of a block, a program, a case or a static block, or the
// node itself if it is none of these.
func (n Node) Statements() iter.Seq[Node] {
	switch n.Kind() {
	case BlockStatement, Program, StaticBlock:
		return n.All(RoleBody)
	case SwitchCase:
		return n.All(RoleConsequent)
	case Missing:
		return func(func(Node) bool) {}
	}
	return func(yield func(Node) bool) { yield(n) }
}

// Members yields those of a class or an enum.
func (n Node) Members() iter.Seq[Node] { return n.All(RoleMembers) }

// Decorators yields those of a class, a member or a parameter.
func (n Node) Decorators() iter.Seq[Node] { return n.All(RoleDecorators) }

// Init is what a variable or a field starts with, or a parameter defaults to.
func (n Node) Init() Node {
	switch n.Kind() {
	case PropertyDefinition, Property:
		return n.Child(RoleValue)
	case AssignmentPattern:
		return n.Child(RoleRight)
	case TSParameterProperty:
		return n.Child(RoleParameter).Init()
	}
	return n.Child(RoleInit)
}

// Source is the module that an import or export names, or "".
func (n Node) Source() string { return n.Child(RoleSource).Value() }

// Imported is the name that a specifier has in the module where it comes from.
func (n Node) Imported() string {
	switch n.Kind() {
	case ImportDefaultSpecifier:
		return "default"
	case ImportNamespaceSpecifier:
		return "*"
	}
	if i := n.Child(RoleImported); i.OK() {
		return i.Name()
	}
	return n.Child(RoleLocal).Name()
}

// Exported is the name that an export specifier has for others.
func (n Node) Exported() string {
	if e := n.Child(RoleExported); e.OK() {
		return e.Name()
	}
	return n.Child(RoleLocal).Name()
}
