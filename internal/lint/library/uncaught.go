package library

// Uncaught says what a framework does with errors that reach its own central
// handler, as its router rows have it: see Row.Uncaught. It is empty where no row
// says so.
func (s *Set) Uncaught(pkg string) (how string) {
	name, _ := cut(pkg)
	var buf [128]byte
	for _, n := range []string{name, string(appendPlain(buf[:0], name))} {
		p := s.packages[n]
		if p == nil {
			continue
		}
		for _, r := range p.exact {
			if r.Uncaught != "" && (how == "" || r.Uncaught < how) {
				how = r.Uncaught // of several the same one each time
			}
		}
		for _, x := range p.starred {
			if u := x.row.Uncaught; u != "" && (how == "" || u < how) {
				how = u
			}
		}
		if how != "" {
			return how
		}
	}
	return ""
}
