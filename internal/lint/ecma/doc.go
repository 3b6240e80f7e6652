// Package ecma reads JavaScript, TypeScript, JSX and TSX into a tree that is small
// and fast to make: fast enough to read a whole repository with its dependencies
// in a second or two.
//
// It is tolerant. Parse never fails, panics or hangs: what no grammar explains is
// counted, and reading goes on at the next statement. It knows the whole of
// ES2025 and the syntax of TypeScript 5.9, and it accepts more than they do:
// whether a program is right is for others to say.
//
// # The tree
//
// A node has a kind, named as in ESTree, a span in bytes, and children in the
// order of the source. Each child has a role: the ESTree field that would hold it.
// A list, such as the arguments of a call, is the children of one role. So
//
//	const claims = jwt.verify(token, key) as Claims
//
// becomes, as Outline writes it:
//
//	(Program
//	  body:(VariableDeclaration [const]
//	    declarations:(VariableDeclarator
//	      id:(Identifier claims)
//	      init:(TSAsExpression
//	        expression:(CallExpression
//	          callee:(MemberExpression object:(Identifier jwt) property:(Identifier verify))
//	          arguments:(Identifier token)
//	          arguments:(Identifier key))
//	        typeAnnotation:(Type Claims)))))
//
// and is read like this:
//
//	for call := range file.Find(ecma.CallExpression) {
//		if call.Callee().Path() == "jwt.verify" {
//			token := call.Arg(0)
//			line, column := call.Position()
//			…
//		}
//	}
//
// Where the tree is not that of ESTree:
//
//   - Types have no tree. A Type is a leaf with its span; TypeName answers the name
//     that heads it. Interfaces and aliases are there by name.
//   - Parentheses leave a flag and no node, and belong to no span: that of (a).b
//     begins at the parenthesis, that of a does not.
//   - A class holds its members directly, literals have kinds of their own, a tag of
//     JSX is a single name.
//   - A parameter with decorators or modifiers is a TSParameterProperty, whatever
//     the modifiers.
//   - A name with a type, such as a parameter, holds it as a child, and its span
//     covers both. Name answers the name alone.
//
// Comments stand in the File, in order, and in no node.
//
// # Bounds
//
// Time and memory grow with the size of the file and nothing else: rules within
// each other, rows of operators and errors are bounded, and reading something
// twice, which telling f<T>(x) from a comparison asks for, is paid from a tank that
// holds a few times the size of the file. What exceeds the bounds becomes a Bad
// node and an error.
package ecma
