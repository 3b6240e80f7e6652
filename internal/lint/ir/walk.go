package ir

// Parts calls visit with every statement and expression directly within n, which
// is a Stmt or an Expr, in the order in which they run. It does not enter the
// bodies of function literals.
func Parts(n any, stmt func(Stmt), expr func(Expr)) {
	s := func(list []Stmt) {
		for _, x := range list {
			stmt(x)
		}
	}
	e := func(list ...Expr) {
		for _, x := range list {
			if x != nil {
				expr(x)
			}
		}
	}
	switch n := n.(type) {
	case *Do:
		e(n.X)
	case *Set:
		e(n.Right...)
		e(n.Left...)
	case *If:
		e(n.Cond)
		s(n.Then)
		s(n.Else)
	case *Switch:
		e(n.Tag)
		for _, c := range n.Cases {
			e(c.Values...)
			s(c.Body)
		}
	case *Loop:
		e(n.Over)
		e(n.Each...)
		e(n.Cond)
		s(n.Body)
	case *Try:
		s(n.Body)
		for _, c := range n.Catches {
			e(c.Types...)
			s(c.Body)
		}
		s(n.Finally)
	case *Return:
		e(n.Values...)
	case *Throw:
		e(n.X)
	case *Defer:
		e(n.X)
	case *Spawn:
		e(n.X)
	case *Block:
		s(n.Body)
	case *Member:
		e(n.X)
	case *Index:
		e(n.X, n.Key)
	case *Call:
		e(n.Fun)
		e(n.Args...)
	case *Object:
		for _, f := range n.Fields {
			e(f.Key, f.Value)
		}
	case *List:
		e(n.Elems...)
	case *Op:
		e(n.Args...)
	case *Cond:
		e(n.Test, n.Then, n.Else)
	case *Await:
		e(n.X)
	case *Convert:
		e(n.X)
	case *Assign:
		e(n.Right, n.Left)
	case *Unknown:
		e(n.Parts...)
	}
}

// Walk visits the statements of a body and all that is within them, parents first,
// but not the bodies of function literals. Where a visitor answers false, it does
// not descend. Either visitor may be nil.
func Walk(body []Stmt, stmt func(Stmt) bool, expr func(Expr) bool) {
	var onStmt func(Stmt)
	var onExpr func(Expr)
	onStmt = func(x Stmt) {
		if stmt == nil || stmt(x) {
			Parts(x, onStmt, onExpr)
		}
	}
	onExpr = func(x Expr) {
		if expr == nil || expr(x) {
			Parts(x, onStmt, onExpr)
		}
	}
	for _, x := range body {
		onStmt(x)
	}
}
