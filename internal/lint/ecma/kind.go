package ecma

// A Kind says what a node is. The names are those of ESTree and of its TypeScript
// sisters; where we differ, a comment says how.
type Kind uint8

const (
	Missing Kind = iota // no node: what an accessor answers when there is nothing
	Bad                 // source that could not be understood
	Program

	// Statements.
	BlockStatement
	BreakStatement
	ContinueStatement
	DebuggerStatement
	DoWhileStatement
	EmptyStatement
	ExpressionStatement
	ForInStatement
	ForOfStatement
	ForStatement
	IfStatement
	LabeledStatement
	ReturnStatement
	SwitchCase
	SwitchStatement
	ThrowStatement
	TryStatement
	CatchClause
	WhileStatement
	WithStatement

	// Declarations.
	ClassDeclaration // its members are its own children: there is no ClassBody
	FunctionDeclaration
	VariableDeclaration
	VariableDeclarator
	ImportDeclaration
	ImportSpecifier
	ImportDefaultSpecifier
	ImportNamespaceSpecifier
	ImportAttribute
	ExportAllDeclaration
	ExportDefaultDeclaration
	ExportNamedDeclaration
	ExportSpecifier

	// What a class holds.
	Decorator
	MethodDefinition
	PropertyDefinition
	StaticBlock

	// Expressions. A literal has a kind of its own, as in Babel.
	ArrayExpression
	ArrowFunctionExpression
	AssignmentExpression
	AwaitExpression
	BigIntLiteral
	BinaryExpression
	BooleanLiteral
	CallExpression
	ClassExpression
	ConditionalExpression
	FunctionExpression
	Hole // what is left out of an array: [a, , b]
	Identifier
	ImportExpression // import(x), its arguments as in a call
	LogicalExpression
	MemberExpression
	MetaProperty
	NewExpression
	NullLiteral
	NumericLiteral
	ObjectExpression
	PrivateIdentifier // its text begins with #
	Property
	RegExpLiteral
	SequenceExpression
	SpreadElement
	StringLiteral
	Super
	TaggedTemplateExpression
	TemplateElement // its text is what stands between the delimiters
	TemplateLiteral // elements and expressions alternate, in the order of the source
	ThisExpression
	UnaryExpression
	UpdateExpression
	YieldExpression

	// Patterns.
	ArrayPattern
	AssignmentPattern
	ObjectPattern
	RestElement

	// TypeScript.
	Type // any type at all, skipped but for its span: see Node.TypeName
	TSAsExpression
	TSSatisfiesExpression
	TSNonNullExpression
	TSParameterProperty // a parameter with decorators or modifiers
	TSTypeAssertion
	TSInstantiationExpression
	TSEnumDeclaration
	TSEnumMember
	TSInterfaceDeclaration
	TSTypeAliasDeclaration
	TSModuleDeclaration
	TSImportEqualsDeclaration
	TSExternalModuleReference
	TSExportAssignment
	TSNamespaceExportDeclaration
	TSIndexSignature

	// JSX. An element holds its name, attributes and children; there are no nodes
	// for its tags.
	JSXElement
	JSXFragment
	JSXName // a, a-b, a:b or a.b.c
	JSXAttribute
	JSXSpreadAttribute
	JSXExpressionContainer
	JSXSpreadChild
	JSXText

	kinds
)

func (k Kind) String() string { return kindNames[k] }

// Function reports whether nodes of this kind have parameters and a body.
func (k Kind) Function() bool {
	return k == FunctionDeclaration || k == FunctionExpression || k == ArrowFunctionExpression
}

// Class reports whether nodes of this kind have members.
func (k Kind) Class() bool { return k == ClassDeclaration || k == ClassExpression }

var kindNames = [kinds]string{
	Missing: "Missing", Bad: "Bad", Program: "Program",
	BlockStatement: "BlockStatement", BreakStatement: "BreakStatement", ContinueStatement: "ContinueStatement",
	DebuggerStatement: "DebuggerStatement", DoWhileStatement: "DoWhileStatement", EmptyStatement: "EmptyStatement",
	ExpressionStatement: "ExpressionStatement", ForInStatement: "ForInStatement", ForOfStatement: "ForOfStatement",
	ForStatement: "ForStatement", IfStatement: "IfStatement", LabeledStatement: "LabeledStatement",
	ReturnStatement: "ReturnStatement", SwitchCase: "SwitchCase", SwitchStatement: "SwitchStatement",
	ThrowStatement: "ThrowStatement", TryStatement: "TryStatement", CatchClause: "CatchClause",
	WhileStatement: "WhileStatement", WithStatement: "WithStatement",
	ClassDeclaration: "ClassDeclaration", FunctionDeclaration: "FunctionDeclaration",
	VariableDeclaration: "VariableDeclaration", VariableDeclarator: "VariableDeclarator",
	ImportDeclaration: "ImportDeclaration", ImportSpecifier: "ImportSpecifier",
	ImportDefaultSpecifier: "ImportDefaultSpecifier", ImportNamespaceSpecifier: "ImportNamespaceSpecifier",
	ImportAttribute: "ImportAttribute", ExportAllDeclaration: "ExportAllDeclaration",
	ExportDefaultDeclaration: "ExportDefaultDeclaration", ExportNamedDeclaration: "ExportNamedDeclaration",
	ExportSpecifier: "ExportSpecifier",
	Decorator:       "Decorator", MethodDefinition: "MethodDefinition", PropertyDefinition: "PropertyDefinition",
	StaticBlock:     "StaticBlock",
	ArrayExpression: "ArrayExpression", ArrowFunctionExpression: "ArrowFunctionExpression",
	AssignmentExpression: "AssignmentExpression", AwaitExpression: "AwaitExpression", BigIntLiteral: "BigIntLiteral",
	BinaryExpression: "BinaryExpression", BooleanLiteral: "BooleanLiteral", CallExpression: "CallExpression",
	ClassExpression: "ClassExpression", ConditionalExpression: "ConditionalExpression",
	FunctionExpression: "FunctionExpression", Hole: "Hole", Identifier: "Identifier",
	ImportExpression: "ImportExpression", LogicalExpression: "LogicalExpression",
	MemberExpression: "MemberExpression", MetaProperty: "MetaProperty", NewExpression: "NewExpression",
	NullLiteral: "NullLiteral", NumericLiteral: "NumericLiteral", ObjectExpression: "ObjectExpression",
	PrivateIdentifier: "PrivateIdentifier", Property: "Property", RegExpLiteral: "RegExpLiteral",
	SequenceExpression: "SequenceExpression", SpreadElement: "SpreadElement", StringLiteral: "StringLiteral",
	Super: "Super", TaggedTemplateExpression: "TaggedTemplateExpression", TemplateElement: "TemplateElement",
	TemplateLiteral: "TemplateLiteral", ThisExpression: "ThisExpression", UnaryExpression: "UnaryExpression",
	UpdateExpression: "UpdateExpression", YieldExpression: "YieldExpression",
	ArrayPattern: "ArrayPattern", AssignmentPattern: "AssignmentPattern", ObjectPattern: "ObjectPattern",
	RestElement: "RestElement",
	Type:        "Type", TSAsExpression: "TSAsExpression", TSSatisfiesExpression: "TSSatisfiesExpression",
	TSNonNullExpression: "TSNonNullExpression", TSParameterProperty: "TSParameterProperty", TSTypeAssertion: "TSTypeAssertion",
	TSInstantiationExpression: "TSInstantiationExpression", TSEnumDeclaration: "TSEnumDeclaration",
	TSEnumMember: "TSEnumMember", TSInterfaceDeclaration: "TSInterfaceDeclaration",
	TSTypeAliasDeclaration: "TSTypeAliasDeclaration", TSModuleDeclaration: "TSModuleDeclaration",
	TSImportEqualsDeclaration: "TSImportEqualsDeclaration", TSExternalModuleReference: "TSExternalModuleReference",
	TSExportAssignment: "TSExportAssignment", TSNamespaceExportDeclaration: "TSNamespaceExportDeclaration",
	TSIndexSignature: "TSIndexSignature",
	JSXElement:       "JSXElement", JSXFragment: "JSXFragment", JSXName: "JSXName", JSXAttribute: "JSXAttribute",
	JSXSpreadAttribute: "JSXSpreadAttribute", JSXExpressionContainer: "JSXExpressionContainer",
	JSXSpreadChild: "JSXSpreadChild", JSXText: "JSXText",
}
