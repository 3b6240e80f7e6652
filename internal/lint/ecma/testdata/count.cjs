// Counts what the TypeScript compiler sees in files: the other side of the
// differential test. Arguments: the folder in which to find the compiler. Paths
// come on the standard input, one JSON line per file leaves on the standard output.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const ts = require(require.resolve("typescript", { paths: [path.resolve(process.argv[2])] }));
const K = ts.SyntaxKind;

const names = new Map([
  [K.CallExpression, "call"], [K.NewExpression, "new"],
  [K.FunctionDeclaration, "function"], [K.FunctionExpression, "function"], [K.MethodDeclaration, "function"],
  [K.Constructor, "function"], [K.GetAccessor, "function"], [K.SetAccessor, "function"], [K.ArrowFunction, "arrow"],
  [K.Parameter, "param"], [K.IfStatement, "if"], [K.ReturnStatement, "return"], [K.ThrowStatement, "throw"],
  [K.TryStatement, "try"], [K.CatchClause, "catch"], [K.SwitchStatement, "switch"], [K.CaseClause, "case"],
  [K.DefaultClause, "case"], [K.ForStatement, "for"], [K.ForInStatement, "for"], [K.ForOfStatement, "for"],
  [K.WhileStatement, "while"], [K.DoStatement, "while"], [K.LabeledStatement, "label"], [K.BreakStatement, "jump"],
  [K.ContinueStatement, "jump"], [K.Block, "block"], [K.ExpressionStatement, "statement"],
  [K.AwaitExpression, "await"], [K.YieldExpression, "yield"], [K.ConditionalExpression, "conditional"],
  [K.PropertyAccessExpression, "member"], [K.ElementAccessExpression, "member"],
  [K.ObjectLiteralExpression, "object"], [K.ObjectBindingPattern, "object"],
  [K.ArrayLiteralExpression, "array"], [K.ArrayBindingPattern, "array"],
  [K.StringLiteral, "string"], [K.NumericLiteral, "number"], [K.RegularExpressionLiteral, "regexp"],
  [K.TemplateExpression, "template"], [K.NoSubstitutionTemplateLiteral, "template"],
  [K.TaggedTemplateExpression, "tagged"], [K.VariableDeclaration, "variable"],
  [K.ImportDeclaration, "import"], [K.ExportDeclaration, "export"], [K.ExportAssignment, "assigned"],
  [K.ClassDeclaration, "class"], [K.ClassExpression, "class"], [K.PropertyDeclaration, "field"],
  [K.Decorator, "decorator"], [K.AsExpression, "cast"], [K.SatisfiesExpression, "cast"],
  [K.TypeAssertionExpression, "cast"], [K.NonNullExpression, "nonnull"], [K.InterfaceDeclaration, "interface"],
  [K.TypeAliasDeclaration, "alias"], [K.EnumDeclaration, "enum"], [K.EnumMember, "enumerator"],
  [K.JsxElement, "element"], [K.JsxSelfClosingElement, "element"], [K.JsxFragment, "fragment"],
  [K.JsxAttribute, "attribute"], [K.JsxSpreadAttribute, "attribute"], [K.JsxExpression, "container"],
  [K.JsxText, "text"],
]);
const logical = new Set([K.AmpersandAmpersandToken, K.BarBarToken, K.QuestionQuestionToken]);

function count(file) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, false);
  const counts = {};
  const add = (name) => { counts[name] = (counts[name] ?? 0) + 1; };
  const visit = (node) => {
    const k = node.kind, name = names.get(k);
    // Types have no tree on our side. What class extends is an expression for both.
    if (k === K.InterfaceDeclaration || k === K.TypeAliasDeclaration) { add(name); return; }
    if (k === K.IndexSignature || k === K.TypeParameter) return;
    if (k === K.HeritageClause && node.token === K.ImplementsKeyword) return;
    // A tag a.b is one name for us.
    if (ts.isJsxOpeningElement(node) || ts.isJsxSelfClosingElement(node)) {
      if (name) add(name);
      visit(node.attributes);
      return;
    }
    if (ts.isJsxClosingElement(node)) return;
    if (ts.isTypeNode(node) && k !== K.ExpressionWithTypeArguments) return;
    if (name) add(name);
    else if (k === K.BinaryExpression && logical.has(node.operatorToken.kind)) add("logical");
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return { file, errors: source.parseDiagnostics.length, counts };
}

const paths = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const file of paths) {
  let line;
  try { line = count(file); } catch (e) { line = { file, errors: -1, counts: {} }; }
  fs.writeSync(1, JSON.stringify(line) + "\n");
}
