package ecma

import "strings"

// Type is the annotation of a variable, parameter, field or result, whose source
// is all that is known of it.
func (n Node) Type() Node {
	switch n.Kind() {
	case AssignmentPattern:
		return n.Child(RoleLeft).Type()
	case RestElement:
		if t := n.Child(RoleTypeAnnotation); t.OK() {
			return t
		}
		return n.Child(RoleArgument).Type()
	case TSParameterProperty:
		return n.Child(RoleParameter).Type()
	case VariableDeclarator:
		return n.Child(RoleID).Type()
	case FunctionDeclaration, FunctionExpression, ArrowFunctionExpression:
		return n.Child(RoleReturnType)
	case MethodDefinition:
		return n.Child(RoleValue).Type()
	case Type:
		return n
	}
	return n.Child(RoleTypeAnnotation)
}

// TypeName is the name that heads the type of a node, as in JwtService,
// Promise for Promise<User>, express.Request for express.Request | null. Types
// that have none, such as (a: B) => C or {a: B}, answer "".
func (n Node) TypeName() string {
	t := n.Type()
	if !t.OK() {
		return ""
	}
	if t.Role() == RoleTypeArguments {
		return headName(strings.TrimPrefix(t.Text(), "<"))
	}
	return headName(t.Text())
}

// headName finds the first name of a type that says something. The text was read
// by the parser: this only has to find its way to the name.
func headName(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n|&(")
		if strings.HasPrefix(s, "//") || strings.HasPrefix(s, "/*") {
			s = behindComment(s)
			continue
		}
		word := name(s)
		switch word {
		case "readonly", "unique", "keyof", "typeof", "asserts":
			if rest := strings.TrimLeft(s[len(word):], " \t\r\n"); name(rest) != "" {
				s = rest
				continue
			}
		case "null", "undefined", "void":
			if rest := strings.TrimLeft(s[len(word):], " \t\r\n"); strings.HasPrefix(rest, "|") {
				s = rest
				continue
			}
		case "new", "abstract", "infer", "import", "true", "false", "":
			return ""
		}
		end := len(word)
		for end+1 < len(s) && s[end] == '.' && name(s[end+1:]) != "" {
			end += 1 + len(name(s[end+1:]))
		}
		return s[:end]
	}
}

func behindComment(s string) string {
	end, size := strings.IndexByte(s, '\n'), 1
	if s[1] == '*' {
		end, size = strings.Index(s[2:], "*/")+2, 2
	}
	if end < 2 {
		return ""
	}
	return s[end+size:]
}
