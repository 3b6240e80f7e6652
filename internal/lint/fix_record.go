package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

// record writes the missing record of a way, before what answers it. Nothing where
// it is not clear how.
func (a *Analysis) record(w *flow.Way) []edit {
	stmt, bare, next := enclosing(w.Func.Body, w.At)
	if stmt == nil {
		return nil
	}
	file := w.At.File
	var l written
	switch file.Language {
	case ir.Go:
		l = a.goRecord(w)
	case ir.JavaScript:
		l = a.jsRecord(w)
	}
	if l.text == "" {
		return nil
	}
	at := stmt.At()
	if op := w.Op.Span; w.Outcome == flow.Succeeded && op.File == file && at.Start <= op.Start && op.End <= at.End {
		// What is done here is recorded when it is done, unless it is what is answered.
		if _, returns := stmt.(*ir.Return); !returns && next != nil {
			at, bare = next.At(), false
		}
	}
	begin, ok := beginning(file.Source, int(at.Start))
	switch {
	case bare && file.Language == ir.JavaScript && int(at.Start) == begin:
		// if (err) return next(err): the statement and its record become a block
		end := int(at.End)
		if end < len(file.Source) && file.Source[end] == ';' {
			end++
		}
		return append(l.edits, edit{begin, begin, "{ " + l.text + "; "}, edit{end, end, " }"})
	case bare || !ok:
		return nil
	}
	head := file.Source[strings.LastIndexByte(file.Source[:begin], '\n')+1 : begin]
	if strings.TrimSpace(head) != "" {
		return append(l.edits, edit{begin, begin, l.text + "; "}) // { return x }
	}
	end := ""
	if file.Language == ir.JavaScript && semicolons(file.Source) {
		end = ";"
	}
	return append(l.edits, edit{begin, begin, l.text + end + "\n" + head})
}

// beginning finds where the statement begins that an expression of it stands in:
// const {a} = f() is told from its right side on. ok is false where that is not
// clear.
func beginning(source string, at int) (begin int, ok bool) {
	line := strings.LastIndexByte(source[:at], '\n') + 1
	head := source[line:at]
	before := strings.TrimRight(head, " \t")
	switch {
	case before == "":
	case strings.HasSuffix(before, "{"), strings.HasSuffix(before, ";"), strings.HasSuffix(before, ")"), strings.HasSuffix(before, "else"):
		return at, true
	default:
		at = line + len(head) - len(strings.TrimLeft(head, " \t"))
	}
	// The line itself must not go on with what another began.
	above := strings.TrimRight(source[:line], " \t\r\n")
	if i := strings.LastIndexByte(above, '\n') + 1; strings.HasPrefix(strings.TrimLeft(above[i:], " \t"), "//") {
		return at, true
	}
	return at, above == "" || strings.ContainsRune(";{}:)", rune(above[len(above)-1])) || strings.HasSuffix(above, "*/") || before == ""
}

// written is one record, with what else it needs, such as an import.
type written struct {
	text  string
	edits []edit
}

// enclosing finds the statement of the innermost list that holds a span, and the
// one after it. bare says that it stands alone behind an if, a loop or an arrow,
// without braces.
func enclosing(body []ir.Stmt, at ir.Span) (found ir.Stmt, bare bool, next ir.Stmt) {
	holds := func(s ir.Span) bool { return s.File == at.File && s.Start <= at.Start && at.End <= s.End }
	for len(body) > 0 {
		i := slices.IndexFunc(body, func(s ir.Stmt) bool { return holds(s.At()) })
		if i < 0 {
			return found, bare, next
		}
		s := body[i]
		found, next = s, nil
		for _, n := range body[i+1:] {
			if n.At().Start >= s.At().End && next == nil {
				next = n
			}
		}
		source, start := at.File.Source, int(s.At().Start)
		before := strings.TrimRight(source[:start], " \t\r\n")
		bare = strings.HasSuffix(before, ")") && len(body) == 1 || strings.HasSuffix(before, "else") || strings.HasSuffix(before, "=>")
		body = nil
		var lists [][]ir.Stmt
		switch s := s.(type) {
		case *ir.If:
			lists = [][]ir.Stmt{s.Then, s.Else}
		case *ir.Switch:
			for _, c := range s.Cases {
				lists = append(lists, c.Body)
			}
		case *ir.Loop:
			lists = [][]ir.Stmt{s.Body}
		case *ir.Block:
			lists = [][]ir.Stmt{s.Body}
		case *ir.Try:
			lists = [][]ir.Stmt{s.Body, s.Finally}
			for _, c := range s.Catches {
				lists = append(lists, c.Body)
			}
		}
		for _, list := range lists {
			if slices.ContainsFunc(list, func(s ir.Stmt) bool { return holds(s.At()) }) {
				body = list
			}
		}
	}
	return found, bare, next
}

var errorName = regexp.MustCompile(`(?i)^(e|ex|exc|exception|\w*err|\w*error)$`)

// errorOf names the variable that holds the error where a way is answered: what the
// catch around it binds, what a condition around it asks, or what the callback
// was given. A catch that binds nothing is given a name by an edit.
func errorOf(w *flow.Way) (name string, edits []edit) {
	holds := func(s ir.Span) bool {
		return s.File == w.At.File && s.Start <= w.At.Start && w.At.End <= s.End
	}
	named := func(x ir.Expr) {
		var look func(ir.Expr)
		look = func(x ir.Expr) {
			if n, ok := x.(*ir.Name); ok && n.Var != nil && errorName.MatchString(n.Var.Name) {
				name, edits = n.Var.Name, nil
			}
			ir.Parts(x, func(ir.Stmt) {}, look)
		}
		if x != nil {
			look(x)
		}
	}
	for _, p := range w.Func.Params {
		if errorName.MatchString(p.Name) {
			name = p.Name
			break
		}
	}
	ir.Walk(w.Func.Body, func(s ir.Stmt) bool {
		if !holds(s.At()) {
			return false
		}
		switch s := s.(type) {
		case *ir.If:
			named(s.Cond)
		case *ir.Try:
			for _, c := range s.Catches {
				if !slices.ContainsFunc(c.Body, func(s ir.Stmt) bool { return holds(s.At()) }) {
					continue
				}
				if c.Bind != nil && c.Bind.Name != "" {
					name, edits = c.Bind.Name, nil
				} else if n := strings.Index(c.Text(), "catch"); n >= 0 && w.At.File.Language == ir.JavaScript {
					at := int(c.Start) + n + len("catch")
					name, edits = "err", []edit{{at, at, " (err)"}}
				}
			}
		}
		return true
	}, func(ir.Expr) bool { return false })
	return name, edits
}

// said is the constant message and the catalogue's kind of event.
func said(w *flow.Way) (message, event string) {
	switch w.Outcome {
	case flow.Failed:
		return "token refused", "jwt.verification_failed"
	case flow.Absent:
		return "request without token refused", "jwt.missing"
	case flow.Hit:
		return "revoked or unknown token used", "jwt.revoked_use"
	}
	if w.Op.Use == "refresh" {
		return "token refreshed", "jwt.refresh_ok"
	}
	return "token issued", "jwt.issued"
}

// A pair is a key of the catalogue and the expression of its value.
type pair struct{ key, value string }

// filled puts the name of a request into its pairs.
func filled(pairs []pair, name string) (list []pair) {
	for _, p := range pairs {
		list = append(list, pair{p.key, strings.ReplaceAll(p.value, "$", name)})
	}
	return list
}

// used gives the receivers of log calls in a file that can be used in fn as well:
// packages, and fields of the receiver that both have. The most used comes first.
func (a *Analysis) used(fn *ir.Func, file *ir.File) (best logger) {
	count := map[logger]int{}
	for _, f := range a.Program.Funcs {
		if f.File != file {
			continue
		}
		ir.Walk(f.Body, nil, func(x ir.Expr) bool {
			c, ok := x.(*ir.Call)
			if !ok {
				return true
			}
			for _, t := range a.Resolver.Targets(c) {
				if t.Row == nil || t.Row.Does != library.Log || t.Guessed {
					continue
				}
				if l, ok := loggerOf(c, t.Symbol, f, fn); ok {
					count[l]++
				}
			}
			return true
		})
	}
	most := 0
	for l, n := range count {
		if n > most || n == most && l.text < best.text {
			best, most = l, n
		}
	}
	return best
}

// A logger is how a file writes records: the text before the method, and the
// symbol without it.
type logger struct{ text, symbol string }

// loggerOf takes the receiver of a log call, if its text means the same in fn.
func loggerOf(c *ir.Call, symbol string, in, fn *ir.Func) (logger, bool) {
	cut := strings.LastIndexAny(symbol, ".#")
	if cut < 0 {
		return logger{}, false
	}
	l := logger{symbol: symbol[:cut]}
	switch m := c.Fun.(type) {
	case *ir.Extern: // slog.Warn, log.Printf, console.log
		if i := strings.LastIndexByte(m.Text(), '.'); i > 0 {
			l.text = m.Text()[:i]
			return l, true
		}
	case *ir.Member:
		if strings.HasPrefix(symbol, "go:github.com/rs/zerolog") { // log.Warn().Err(err).Msg(...)
			m = &ir.Member{X: start(m.X)}
		}
		text := m.X.At().Text()
		if m.Of.File != nil && m.Of.Start > c.Start {
			text = strings.TrimRight(m.Of.File.Source[c.Start:m.Of.Start], ".? \t")
		}
		if strings.ContainsAny(text, "\n(") {
			return logger{}, false
		}
		l.text = text
		switch root := first(m.X).(type) {
		case *ir.Extern, *ir.ModuleRef:
			return l, true
		case *ir.This:
			return l, fn.Class != nil && root.Class == fn.Class
		case *ir.Name:
			switch {
			case root.Var == nil:
			case root.Var.Func == nil || root.Var.Func == fn.Module.Body:
				return l, true // of the package or file
			case in.Recv == root.Var && methodVar(fn) != nil && methodVar(fn).Class == nil && in.Class == classOf(fn):
				l.text = methodVar(fn).Name + strings.TrimPrefix(text, root.Var.Name)
				return l, true
			}
		}
	}
	return logger{}, false
}

// methodVar is the receiver of the method around fn.
func methodVar(fn *ir.Func) *ir.Var {
	for ; fn != nil; fn = fn.Outer {
		if fn.Recv != nil {
			return fn.Recv
		}
	}
	return nil
}

func classOf(fn *ir.Func) *ir.Class {
	for ; fn != nil; fn = fn.Outer {
		if fn.Class != nil {
			return fn.Class
		}
	}
	return nil
}

// first is what a chain of members begins with.
func first(x ir.Expr) ir.Expr {
	for {
		m, ok := x.(*ir.Member)
		if !ok {
			return x
		}
		x = m.X
	}
}

// start is what a chain of calls begins with, as far as names go.
func start(x ir.Expr) ir.Expr {
	for {
		switch y := x.(type) {
		case *ir.Call:
			x = y.Fun
			if e, ok := x.(*ir.Extern); ok { // log.Warn(): the package
				s := e.Span
				if i := strings.LastIndexByte(s.Text(), '.'); i > 0 {
					s.End = s.Start + int32(i)
				}
				return &ir.Extern{Span: s, Symbol: e.Symbol}
			}
			if m, ok := x.(*ir.Member); ok {
				x = m.X
			}
		default:
			return x
		}
	}
}

// semicolons reports whether a file ends its statements with them.
func semicolons(source string) bool {
	return strings.Count(source, ";\n") >= strings.Count(source, ")\n")
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }
