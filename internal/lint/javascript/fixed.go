package javascript

import (
	"path"

	"github.com/jotsight/jotsight/internal/lint/ecma"
)

// fixed is the specifier that a path put together of constants is: of
// path.join(__dirname, "routes", "user") it is that file, and path.resolve("./routes/user")
// begins where programs are started, which is the folder of the package.
func (l *lowerer) fixed(n ecma.Node) string {
	if !n.Is(ecma.CallExpression) {
		return ""
	}
	callee := n.Callee().Path()
	if callee != "path.resolve" && callee != "path.join" {
		return ""
	}
	start := ""
	if l.m.owner != nil {
		start = l.m.owner.dir
	}
	dir, known := start, callee == "path.resolve"
	for a := range n.Args() {
		a = a.Plain()
		switch {
		case a.Is(ecma.Identifier) && a.Name() == "__dirname":
			dir, known = path.Dir(l.m.path), true
		case a.Is(ecma.CallExpression) && a.Callee().Path() == "process.cwd":
			dir, known = start, true
		case a.Is(ecma.StringLiteral) && !path.IsAbs(a.Value()):
			dir = path.Join(dir, a.Value())
		default:
			return ""
		}
	}
	if !known || dir == start {
		return ""
	}
	return "/" + dir
}
