package ecma

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what one file may ask of us.
const (
	maxSize   = 1 << 30 // bytes: offsets are 32 bits wide
	maxDepth  = 2500    // grammar rules within each other
	maxErrors = 1000    // then the rest of the file is left alone
	maxKept   = 100     // errors of which the place is kept
	maxTrying = 8       // attempts within each other
	sampled   = 4096    // bytes that say whether a file is text
)

// A Parser reads files one after the other into the same memory: a File of it is
// good until the next Parse. The zero Parser is ready. One goroutine, one Parser.
type Parser struct {
	lexed
	src      string
	lang     Language
	head     int // where the text begins, behind a byte order mark
	feedFrom int // no line feed from here
	feed     int // up to here
	module   bool

	scope
	cells    []cell
	comments []Comment
	errors   []Error
	broken   int
	blamed   int // end of the last error's token: one place is blamed once
	depth    int
	chain    int  // the longest row of operators or calls
	fuel     int  // bytes that may still be read in vain, see attempt
	trying   int  // attempts within each other
	open     bool // a type's bracket is never closed: do not look for its end again
	file     File
}

// lexed is what going back to an earlier token must restore.
type lexed struct {
	tok        token
	start, end int  // of the token
	last       int  // end of the token before
	nl         bool // a line break stands before the token
	escaped    bool // the token holds a backslash
}

// A scope is what the code around a place allows there.
type scope struct {
	async     bool // await is an operator
	generator bool // yield is one
	inside    bool // in a function
	noIn      bool // in is not an operator: the head of a for
	branch    bool // between ? and :, where (a): b => c may be no arrow function
}

// Parse reads src. It never fails: what cannot be understood is left out, and
// counted in the File.
func Parse(src string, lang Language) *File {
	var p Parser
	p.cells = make([]cell, 0, len(src)/8+16)
	return p.Parse(src, lang)
}

// Parse is the same as the function, into memory that the next call takes again.
func (p *Parser) Parse(src string, lang Language) *File {
	*p = Parser{
		cells: append(p.cells[:0], cell{}), comments: p.comments[:0], errors: p.errors[:0],
		src: src, lang: lang, blamed: -1, feedFrom: 1, fuel: 4*len(src) + 1<<16,
		file: File{parents: nil, lines: nil},
	}
	whole := true
	switch {
	case len(src) > maxSize:
		src = "" // nor is there an offset for its end
		whole = false
		p.errorAt(0, "file is too large")
	case !text(src[:min(len(src), sampled)]):
		whole = false
		p.errorAt(0, "file is not text")
	}
	if !whole {
		p.src = ""
	}
	if strings.HasPrefix(p.src, "\ufeff") {
		p.head = 3
	}
	if flow(p.src) && !lang.typed() {
		p.lang = TSX // the nearest that we have
	}
	p.end = p.head
	p.next()
	root := p.program()
	p.cells[root].end = int32(len(src))
	p.trim(root)
	p.file = File{
		Source: src, Language: lang, Comments: p.comments, Errors: p.errors, Broken: p.broken,
		Partial: !whole || p.broken > maxErrors, cells: p.cells, root: root,
	}
	return &p.file
}

// text reports whether s may be source in UTF-8: a few NULs may be meant, as in
// a test of just that; many of them, or some among invalid bytes, are not.
func text(s string) bool {
	n := strings.Count(s, "\x00")
	for range utf8.UTFMax - 1 { // the last rune may have been cut in two
		if s != "" && s[len(s)-1] >= utf8.RuneSelf {
			s = s[:len(s)-1]
		}
	}
	return n == 0 || n <= 2+len(s)/256 && utf8.ValidString(s)
}

func (p *Parser) program() id {
	var body list
	p.statements(&body, tEOF, RoleBody)
	return p.node(Program, 0, body)
}

// errorAt counts an error. Many may be found at one place while the rules around
// it unwind; the first says it all.
func (p *Parser) errorAt(offset int, message string) {
	if offset <= p.blamed {
		return
	}
	p.blamed = offset
	p.broken++
	if len(p.errors) < maxKept && p.trying == 0 {
		p.errors = append(p.errors, Error{offset, message})
	}
	if p.broken > maxErrors && p.trying == 0 {
		p.src = p.src[:min(len(p.src), p.end)]
	}
}

// unexpected blames the current token.
func (p *Parser) unexpected() { p.errorAt(p.start, "unexpected "+spelling[p.tok]) }

// eat takes the current token if it is t.
func (p *Parser) eat(t token) bool {
	if p.tok != t {
		return false
	}
	p.next()
	return true
}

// expect takes t, or blames what stands there instead and leaves it.
func (p *Parser) expect(t token) bool {
	if p.tok == t {
		p.next()
		return true
	}
	if p.start > p.blamed {
		p.errorAt(p.start, "expected "+spelling[t]+" but found "+spelling[p.tok])
	}
	return false
}

// comma stands between the items of a list that end closes, and reports whether
// another item follows. One that was forgotten is blamed, and passed over where
// the list obviously goes on.
func (p *Parser) comma(end token) bool {
	if p.tok == end {
		return true
	}
	return p.expect(tComma) || !p.nl && (p.startsExpression() || p.tok == tEllipsis)
}

// semicolon ends a statement as ECMA-262 12.10 allows, and otherwise skips to
// where the next one may start.
func (p *Parser) semicolon() {
	if p.eat(tSemi) || p.tok == tRBrace || p.tok == tEOF || p.nl {
		return
	}
	p.unexpected()
	p.resync()
}

// resync skips tokens up to one that may start a statement.
func (p *Parser) resync() {
	for !p.nl {
		switch p.tok {
		case tEOF, tLBrace, tRBrace:
			return
		case tSemi:
			p.next()
			return
		case tBreak, tClass, tConst, tContinue, tDo, tExport, tFor, tFunction, tIf, tReturn, tSwitch, tThrow, tTry, tVar, tWhile:
			return
		case tTemplateHead:
			p.drop(p.template())
			continue
		}
		p.next()
	}
}

// A place is where a parser may go back to.
type place struct {
	lexed
	cells, comments, errors int
	broken, blamed          int
}

func (p *Parser) mark() place {
	return place{p.lexed, len(p.cells), len(p.comments), len(p.errors), p.broken, p.blamed}
}

// back forgets all that was read since m.
func (p *Parser) back(m place) {
	p.lexed = m.lexed
	p.cells = p.cells[:m.cells]
	p.comments = p.comments[:m.comments]
	p.errors = p.errors[:m.errors]
	p.broken, p.blamed = m.broken, m.blamed
}

// peek looks at the token after the current one.
func (p *Parser) peek() lexed {
	m := p.mark()
	p.trying++
	p.next()
	ahead := p.lexed
	p.trying--
	p.back(m)
	return ahead
}

// attempt reads on as try does, and goes back if that answers false. What was
// read in vain is paid for from a tank that grows with the file; when it is empty
// nothing more is attempted, so that no input takes more than linear time.
func (p *Parser) attempt(try func(*Parser) bool) bool {
	if p.fuel <= 0 || p.trying >= maxTrying {
		return false
	}
	m, s, d := p.mark(), p.scope, p.depth
	p.trying++
	ok := try(p)
	p.trying--
	if ok {
		return true
	}
	p.fuel -= p.end - m.start
	p.back(m)
	p.scope, p.depth = s, d
	return false
}

// deep counts a rule that holds itself, and reports whether there are too many.
// The rule that asked must call shallow, and leave out what it was to read.
func (p *Parser) deep() bool {
	p.depth++
	return p.depth > maxDepth
}

func (p *Parser) shallow() { p.depth-- }

// tooDeep skips what the current bracket, or the file, still holds.
func (p *Parser) tooDeep() id {
	start := p.start
	p.skipDeep()
	return p.node(Bad, start, list{})
}

func (p *Parser) skipDeep() {
	p.errorAt(p.start, "nested too deep")
	for level := 0; p.tok != tEOF; p.next() {
		switch p.tok {
		case tLParen, tLBracket, tLBrace, tTemplateHead:
			level++
		case tRParen, tRBracket, tRBrace:
			level--
		}
		if level < 0 {
			return
		}
	}
}
