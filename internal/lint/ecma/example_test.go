package ecma_test

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/lint/ecma"
)

const source = `
import jwt from "jsonwebtoken";
app.get("/me", async (req, res) => {
  try {
    req.user = jwt.verify(req.cookies.token, process.env.SECRET!, { algorithms: ["HS256"] });
  } catch (err) {
    return res.status(401).end(); //jotsight:ignore silent-verify-failure -- an example
  }
});
`

// What a check asks: where is a token verified, and what does the code do when
// that fails?
func ExampleParse() {
	file := ecma.Parse(source, ecma.TS)
	for call := range file.Find(ecma.CallExpression) {
		if call.Callee().Path() != "jwt.verify" {
			continue
		}
		line, column := call.Position()
		fmt.Printf("%d:%d: token %s, key %s\n", line, column, call.Arg(0).Path(), call.Arg(1).Path())
		for option := range call.Arg(2).Children() {
			fmt.Println("option", option.Name(), option.Init().Text())
		}
		try := call.Parent()
		for try.OK() && try.Kind() != ecma.TryStatement {
			try = try.Parent()
		}
		handler := try.Child(ecma.RoleHandler)
		fmt.Println("catch", handler.Child(ecma.RoleParam).Name())
		for statement := range handler.Body().Statements() {
			fmt.Println(statement.Text())
		}
	}
	for _, c := range file.Comments {
		fmt.Println(source[c.Start:c.End])
	}
	// Output:
	// 5:16: token req.cookies.token, key process.env.SECRET
	// option algorithms ["HS256"]
	// catch err
	// return res.status(401).end();
	// //jotsight:ignore silent-verify-failure -- an example
}
