package resolve

import "github.com/jotsight/jotsight/internal/lint/ir"

// An Env is one call that is under way: Func was entered at Call. Two that are the
// same have the same address; ask for one with Enter.
type Env struct {
	Func  *ir.Func
	Call  *ir.Call
	Skip  int     // arguments before those of Func
	Elem  ir.Expr // Func is called for each element of a list, and this is the one
	Recv  *Value  // what a method of a function type was called on
	Up    *Env    // the surroundings of Call: in them its arguments stand
	Out   *Env    // those in which Func was made, if it is a closure
	depth int8
}

// Enter gives the surroundings of what a target does when c calls it in env.
func (r *Resolver) enter(e Env) *Env {
	e.Up, e.Out = r.trim(e.Up, maxFrames-1), r.trim(e.Out, maxFrames-1)
	e.depth = 1
	for _, x := range []*Env{e.Up, e.Out} {
		if x != nil && x.depth >= e.depth {
			e.depth = x.depth + 1
		}
	}
	recv := Value{}
	if e.Recv != nil {
		recv = *e.Recv
	}
	k := frame{e, recv}
	k.Recv = nil
	if old, ok := r.envs[k]; ok {
		return old
	}
	n := new(Env)
	*n = e
	r.envs[k] = n
	return n
}

// trim forgets the frames that are more than n away.
func (r *Resolver) trim(e *Env, n int8) *Env {
	if e == nil || e.depth <= n {
		return e
	}
	if n <= 0 {
		return nil
	}
	t := *e
	t.Up, t.Out = r.trim(e.Up, n-1), r.trim(e.Out, n-1)
	return r.enter(t)
}

type frame struct {
	Env
	recv Value
}

// in drops the frames that say nothing of what stands in f.
func (e *Env) in(f *ir.Func) *Env {
	for ; e != nil; e = e.Out {
		for g := f; g != nil; g = g.Outer {
			if g == e.Func {
				return e
			}
		}
	}
	return nil
}

// frame gives the frame that binds the parameters of f.
func (e *Env) frame(f *ir.Func) *Env {
	for ; e != nil; e = e.Out {
		if e.Func == f {
			return e
		}
	}
	return nil
}
