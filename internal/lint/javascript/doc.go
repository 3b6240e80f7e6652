// Package javascript is the frontend of JavaScript, TypeScript, JSX and TSX: it finds
// the source below a folder, reads what can matter, and translates it to package ir.
//
// # What is read
//
// A file matters if it imports a library of tokens (the caller says which these are),
// if it imports such a file or is imported by one, however far away, or if it stands in
// the same package of the workspace and that package wires its parts by injection or by
// names made at run time, which no import shows. Everything else is only looked
// through for its imports. Tests, declarations (.d.ts), dependencies, build output and
// minified files are passed over; Stats counts and names them.
//
// # Modules
//
// A specifier is looked up as Node and TypeScript do: relative paths with the usual
// extensions and index files, .js written for a .ts, paths and baseUrl of the nearest
// tsconfig.json or jsconfig.json with what it extends, packages of the workspace by
// their package.json (exports, imports, main). What is not found there is outside: an
// Extern npm:package#name, or file:path#name for a file that is missing or not ours.
//
// An export is one of the module's declarations, or a Var of its own that a Set in the
// module's body fills: exports.login = async … is a Set of the Var login. A name that is
// bound to an import, or never assigned to and bound to a require, is no Var: each use
// of it is what it stands for.
//
// A require or import of a name that is made at run time may be any module of the folder
// that is known of it (an Or of them), but for those that the file imports by name. What
// frameworks mount by the names of files becomes calls: see conventions.
//
// # Where this differs from the source
//
//   - A function to whose prototype methods are assigned is a class.
//   - a && b() as a statement is an If; so is a ? b() : c(), and return a ? b : c
//     becomes an If with two Returns.
//   - yield is an Await, as in Koa of old; delete x is a call of js:delete; k in o is the
//     Index o[k]; i++ and a += b are assignments.
//   - super stands for the class that is extended: super(x) is a Call with New of it.
//   - The initial value of a field is a Set of this.name at the start of the constructor,
//     which is made up if there is none; that of a static field is a Set behind the class.
//     A field whose value is a function is a method.
//   - An immediately called function stays a Call of a FuncRef.
//   - Namespaces are Blocks, enums Objects. JSX is Unknown with its expressions.
package javascript
