package ecma

// A Role says what a node is to its parent: the field of ESTree that would hold
// it. A list, such as the arguments of a call, is the children of one role.
type Role uint8

const (
	NoRole Role = iota
	RoleAlternate
	RoleArgument
	RoleArguments
	RoleAttributes
	RoleBlock
	RoleBody
	RoleCallee
	RoleCases
	RoleChildren
	RoleConsequent
	RoleDeclaration
	RoleDeclarations
	RoleDecorators
	RoleDiscriminant
	RoleElements
	RoleExported
	RoleExpression
	RoleExpressions
	RoleFinalizer
	RoleHandler
	RoleID
	RoleImplements
	RoleImported
	RoleInit
	RoleKey
	RoleLabel
	RoleLeft
	RoleLocal
	RoleMembers
	RoleObject
	RoleParam
	RoleParameter
	RoleParams
	RoleProperties
	RoleProperty
	RoleQuasi
	RoleQuasis
	RoleReference
	RoleReturnType
	RoleRight
	RoleSource
	RoleSpecifiers
	RoleSuperClass
	RoleTag
	RoleTest
	RoleTypeAnnotation
	RoleTypeArguments
	RoleUpdate
	RoleValue

	roles
)

func (r Role) String() string { return roleNames[r] }

var roleNames = [roles]string{
	NoRole: "", RoleAlternate: "alternate", RoleArgument: "argument", RoleArguments: "arguments",
	RoleAttributes: "attributes", RoleBlock: "block", RoleBody: "body", RoleCallee: "callee", RoleCases: "cases",
	RoleChildren: "children", RoleConsequent: "consequent", RoleDeclaration: "declaration",
	RoleDeclarations: "declarations", RoleDecorators: "decorators", RoleDiscriminant: "discriminant",
	RoleElements: "elements", RoleExported: "exported", RoleExpression: "expression",
	RoleExpressions: "expressions", RoleFinalizer: "finalizer", RoleHandler: "handler", RoleID: "id",
	RoleImplements: "implements", RoleImported: "imported", RoleInit: "init", RoleKey: "key", RoleLabel: "label",
	RoleLeft: "left", RoleLocal: "local", RoleMembers: "members", RoleObject: "object", RoleParam: "param", RoleParameter: "parameter",
	RoleParams: "params", RoleProperties: "properties", RoleProperty: "property", RoleQuasi: "quasi",
	RoleQuasis: "quasis", RoleReference: "reference", RoleReturnType: "returnType", RoleRight: "right",
	RoleSource: "source", RoleSpecifiers: "specifiers", RoleSuperClass: "superClass", RoleTag: "tag",
	RoleTest: "test", RoleTypeAnnotation: "typeAnnotation", RoleTypeArguments: "typeArguments",
	RoleUpdate: "update", RoleValue: "value",
}
