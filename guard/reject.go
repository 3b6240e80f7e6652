package guard

// Reject records that a request of another protocol was refused before there was
// a token to Check, for its scheme for example, and counts it against the address.
// It returns e, which Refuse makes.
func (g *Guard) Reject(m Meta, e *Error) error {
	now := g.now()
	o := origin{meta: &m, addr: m.Address.Unmap(), port: m.Port, from: m.Source}
	if g.blocked(o.addr, now) > 0 {
		g.recordLimited(&o, now)
	} else {
		g.recordAbsent(&o, e, now)
	}
	return e
}
