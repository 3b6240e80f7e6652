package ecma

// A token is a word or sign of the source. The order matters: everything from
// tBreak on is a word, everything from tIdent on may be a name.
type token uint8

const (
	tEOF token = iota
	tBad
	tNumber
	tBigInt
	tString
	tTemplate     // `whole`
	tTemplateHead // `up to ${
	tPrivate
	tLBrace
	tRBrace
	tLParen
	tRParen
	tLBracket
	tRBracket
	tDot
	tEllipsis
	tSemi
	tComma
	tColon
	tAt
	tArrow
	tQuestion
	tQuestionDot
	tBang
	tTilde
	tPlusPlus
	tMinusMinus

	// Binary operators.
	tNullish
	tOrOr
	tAndAnd
	tOr
	tXor
	tAnd
	tEqual
	tNotEqual
	tSame
	tNotSame
	tLess
	tGreater
	tLessEqual
	tGreaterEqual
	tShl
	tShr
	tUshr
	tPlus
	tMinus
	tStar
	tSlash
	tPercent
	tPower

	// Assignments.
	tAssign
	tNullishAssign
	tOrOrAssign
	tAndAndAssign
	tOrAssign
	tXorAssign
	tAndAssign
	tShlAssign
	tShrAssign
	tUshrAssign
	tPlusAssign
	tMinusAssign
	tStarAssign
	tSlashAssign
	tPercentAssign
	tPowerAssign

	// Reserved words.
	tBreak
	tCase
	tCatch
	tClass
	tConst
	tContinue
	tDebugger
	tDefault
	tDelete
	tDo
	tElse
	tEnum
	tExport
	tExtends
	tFalse
	tFinally
	tFor
	tFunction
	tIf
	tImport
	tIn
	tInstanceof
	tNew
	tNull
	tReturn
	tSuper
	tSwitch
	tThis
	tThrow
	tTrue
	tTry
	tTypeof
	tVar
	tVoid
	tWhile
	tWith

	// Names, and words that are reserved in some places only.
	tIdent
	tAbstract
	tAccessor
	tAs
	tAsserts
	tAsync
	tAwait
	tDeclare
	tFrom
	tGet
	tGlobal
	tImplements
	tInfer
	tInterface
	tIs
	tKeyof
	tLet
	tModule
	tNamespace
	tOf
	tOut
	tOverride
	tPrivateWord
	tProtected
	tPublic
	tReadonly
	tRequire
	tSatisfies
	tSet
	tStatic
	tType
	tUnique
	tUsing
	tYield

	tokens
)

func (t token) word() bool       { return t >= tBreak }
func (t token) name() bool       { return t >= tIdent }
func (t token) assignment() bool { return t >= tAssign && t <= tPowerAssign }

// literal reports whether a literal starts here, but for templates and regular
// expressions.
func (t token) literal() bool { return t >= tNumber && t <= tString }

var spelling = [tokens]string{
	tEOF: "end of file", tBad: "character", tNumber: "number", tBigInt: "number", tString: "string",
	tTemplate: "template", tTemplateHead: "template", tPrivate: "private name",
	tLBrace: "{", tRBrace: "}", tLParen: "(", tRParen: ")", tLBracket: "[", tRBracket: "]", tDot: ".",
	tEllipsis: "...", tSemi: ";", tComma: ",", tColon: ":", tAt: "@", tArrow: "=>", tQuestion: "?",
	tQuestionDot: "?.", tBang: "!", tTilde: "~", tPlusPlus: "++", tMinusMinus: "--",
	tNullish: "??", tOrOr: "||", tAndAnd: "&&", tOr: "|", tXor: "^", tAnd: "&", tEqual: "==", tNotEqual: "!=",
	tSame: "===", tNotSame: "!==", tLess: "<", tGreater: ">", tLessEqual: "<=", tGreaterEqual: ">=",
	tShl: "<<", tShr: ">>", tUshr: ">>>", tPlus: "+", tMinus: "-", tStar: "*", tSlash: "/", tPercent: "%",
	tPower: "**", tAssign: "=", tNullishAssign: "??=", tOrOrAssign: "||=", tAndAndAssign: "&&=", tOrAssign: "|=",
	tXorAssign: "^=", tAndAssign: "&=", tShlAssign: "<<=", tShrAssign: ">>=", tUshrAssign: ">>>=",
	tPlusAssign: "+=", tMinusAssign: "-=", tStarAssign: "*=", tSlashAssign: "/=", tPercentAssign: "%=",
	tPowerAssign: "**=",
	tBreak:       "break", tCase: "case", tCatch: "catch", tClass: "class", tConst: "const", tContinue: "continue",
	tDebugger: "debugger", tDefault: "default", tDelete: "delete", tDo: "do", tElse: "else", tEnum: "enum",
	tExport: "export", tExtends: "extends", tFalse: "false", tFinally: "finally", tFor: "for",
	tFunction: "function", tIf: "if", tImport: "import", tIn: "in", tInstanceof: "instanceof", tNew: "new",
	tNull: "null", tReturn: "return", tSuper: "super", tSwitch: "switch", tThis: "this", tThrow: "throw",
	tTrue: "true", tTry: "try", tTypeof: "typeof", tVar: "var", tVoid: "void", tWhile: "while", tWith: "with",
	tIdent: "name", tAbstract: "abstract", tAccessor: "accessor", tAs: "as", tAsserts: "asserts",
	tAsync: "async", tAwait: "await", tDeclare: "declare", tFrom: "from", tGet: "get", tGlobal: "global",
	tImplements: "implements", tInfer: "infer", tInterface: "interface", tIs: "is", tKeyof: "keyof", tLet: "let",
	tModule: "module", tNamespace: "namespace", tOf: "of", tOut: "out", tOverride: "override",
	tPrivateWord: "private", tProtected: "protected", tPublic: "public", tReadonly: "readonly",
	tRequire: "require", tSatisfies: "satisfies", tSet: "set", tStatic: "static", tType: "type",
	tUnique: "unique", tUsing: "using", tYield: "yield",
}

// precedence of the operators between two operands; none for every other token.
var precedence = [tokens]uint8{
	tNullish: 1, tOrOr: 2, tAndAnd: 3, tOr: 4, tXor: 5, tAnd: 6,
	tEqual: 7, tNotEqual: 7, tSame: 7, tNotSame: 7,
	tLess: 8, tGreater: 8, tLessEqual: 8, tGreaterEqual: 8, tInstanceof: 8, tIn: 8, tAs: 8, tSatisfies: 8,
	tShl: 9, tShr: 9, tUshr: 9, tPlus: 10, tMinus: 10, tStar: 11, tSlash: 11, tPercent: 11, tPower: 12,
}

// words finds the token of a word by its length, first two bytes and last one. The
// factors were tried until no two words met in a slot; where two do after a
// change, wordTable panics at start.
var words = wordTable()

const (
	shortestWord = 2
	longestWord  = 10
	wordSlots    = 512

	wordFirst, wordSecond, wordLast, wordLength = 26, 24, 59, 4
)

func wordSlot(s string) uint {
	return (uint(s[0])*wordFirst + uint(s[1])*wordSecond + uint(s[len(s)-1])*wordLast + uint(len(s))*wordLength) % wordSlots
}

func wordTable() (table [wordSlots]token) {
	for t := tBreak; t < tokens; t++ {
		if t == tIdent {
			continue
		}
		slot := wordSlot(spelling[t])
		if table[slot] != 0 {
			panic("ecma: " + spelling[t] + " and " + spelling[table[slot]] + " share a slot")
		}
		table[slot] = t
	}
	return table
}
