package ecma

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// countNames says under which name testdata/count.cjs counts a kind.
var countNames = map[Kind]string{
	CallExpression: "call", ImportExpression: "call", NewExpression: "new",
	FunctionDeclaration: "function", FunctionExpression: "function", ArrowFunctionExpression: "arrow",
	IfStatement: "if", ReturnStatement: "return", ThrowStatement: "throw", TryStatement: "try", CatchClause: "catch",
	SwitchStatement: "switch", SwitchCase: "case", ForStatement: "for", ForInStatement: "for", ForOfStatement: "for",
	WhileStatement: "while", DoWhileStatement: "while", LabeledStatement: "label", BreakStatement: "jump",
	ContinueStatement: "jump", BlockStatement: "block", StaticBlock: "block", ExpressionStatement: "statement",
	AwaitExpression: "await", YieldExpression: "yield", ConditionalExpression: "conditional", MemberExpression: "member",
	ObjectExpression: "object", ObjectPattern: "object", ArrayExpression: "array", ArrayPattern: "array",
	StringLiteral: "string", NumericLiteral: "number", RegExpLiteral: "regexp", TemplateLiteral: "template",
	TaggedTemplateExpression: "tagged", VariableDeclarator: "variable", ImportDeclaration: "import",
	ExportAllDeclaration: "export", TSExportAssignment: "assigned", ClassDeclaration: "class", ClassExpression: "class",
	PropertyDefinition: "field", Decorator: "decorator", TSAsExpression: "cast", TSSatisfiesExpression: "cast",
	TSTypeAssertion: "cast", TSNonNullExpression: "nonnull", TSInterfaceDeclaration: "interface",
	TSTypeAliasDeclaration: "alias", TSEnumDeclaration: "enum", TSEnumMember: "enumerator", JSXElement: "element",
	JSXFragment: "fragment", JSXAttribute: "attribute", JSXSpreadAttribute: "attribute",
	JSXExpressionContainer: "container", JSXSpreadChild: "container", JSXText: "text", LogicalExpression: "logical",
}

// counts is what the compiler would count in the file. Where it builds its tree in
// another way, the difference is made up for here.
func counts(f *File) map[string]int {
	m := map[string]int{}
	f.Program().Walk(func(n Node) bool {
		name := countNames[n.Kind()]
		switch n.Kind() {
		case MemberExpression:
			// a.b of namespace a.b and of import x = a.b are no expressions there.
			if n.Role() == RoleID || n.Role() == RoleReference {
				return false
			}
		case BlockStatement:
			if n.Role() == RoleBody && n.Parent().Kind() == TSModuleDeclaration {
				name = ""
			}
		case CatchClause:
			if n.Child(RoleParam).OK() {
				m["variable"]++
			}
		case ExportNamedDeclaration:
			if d := n.Child(RoleDeclaration); !d.OK() {
				name = "export"
			}
		case ExportDefaultDeclaration:
			if !n.Child(RoleDeclaration).Is(FunctionDeclaration, ClassDeclaration, TSInterfaceDeclaration) {
				name = "assigned"
			}
		}
		if n.Role() == RoleParams {
			m["param"]++
		}
		if name != "" {
			m[name]++
		}
		return true
	})
	return m
}

// difference says where two counts are not the same: ours, then the compiler's.
func difference(got, want map[string]int) string {
	keys := maps.Clone(got)
	maps.Copy(keys, want)
	var list []string
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if got[k] != want[k] {
			list = append(list, fmt.Sprintf("%s %d/%d", k, got[k], want[k]))
		}
	}
	return strings.Join(list, ", ")
}
