package flow

import (
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

// write is a call such as fmt.Fprintln(w, x) or json.NewEncoder(w).Encode(x): an
// answer, a log, or neither, by what w is.
func (w *walker) write(st *state, s *site, k func(*state, *value)) {
	_, e := s.at(s.row.To)
	as := *s.row
	as.Does = w.sink(e, w.envNow(), 4)
	s.row = &as
	switch as.Does {
	case library.Respond:
		w.respond(st, s, k)
	case library.Log:
		as.Plain = true
		w.observe(st, s, k)
	default:
		w.plain(st, s, k)
	}
}

// sink says what writing to e does: Respond, Log, or Write where that is not known.
func (w *walker) sink(e ir.Expr, env *resolve.Env, depth int) library.Role {
	if e == nil || depth == 0 {
		return library.Write
	}
	for _, v := range w.r.ValuesIn(e, env) {
		if v.Symbol == "" {
			continue
		}
		if r := w.lib.Find(v.Symbol); r != nil && r.Does == library.Log {
			return library.Log // os.Stderr
		}
		if r := w.lib.Find(v.Symbol + ".Write"); r != nil && r.Does == library.Respond {
			return library.Respond
		}
		if v.Call == nil {
			continue
		}
		for _, t := range w.r.TargetsIn(v.Call, v.Env) { // json.NewEncoder(w)
			if t.Row == nil || !t.Row.To.Set() {
				continue
			}
			if i, ok := t.Row.To.Index(len(v.Call.Args)); ok {
				if role := w.sink(v.Call.Args[i], v.Env, depth-1); role != library.Write {
					return role
				}
			}
		}
	}
	return library.Write
}
