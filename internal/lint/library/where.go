package library

import (
	"fmt"
	"strconv"
	"strings"
)

// An Arg says where a call holds something. It is written as
//
//	0, 1, …   that argument, counted without a receiver
//	last      the last one
//	this      the receiver
//	value     what is assigned, of a symbol that is assigned to: ctx.status = 401
//	$name     no argument, but the last name of the symbol: Get of app.Get
//	0.url     the field url of that argument, which is an object
//
// The zero Arg is nowhere.
type Arg struct {
	Kind  Place
	N     int    // of Argument
	Field string // within it
}

// A Place is where an Arg looks.
type Place uint8

const (
	Nowhere  Place = iota
	Argument       // argument N
	Last
	This
	Assigned
	OwnName
)

// Set reports whether the row says where.
func (a Arg) Set() bool { return a.Kind != Nowhere }

// Index gives the argument's index in a call with n arguments; ok is false where
// the call has no such argument.
func (a Arg) Index(n int) (i int, ok bool) {
	switch a.Kind {
	case Argument:
		return a.N, a.N < n
	case Last:
		return n - 1, n > 0
	}
	return 0, false
}

func (a Arg) String() string {
	var s string
	switch a.Kind {
	case Nowhere:
		return ""
	case Argument:
		s = strconv.Itoa(a.N)
	default:
		s = places[a.Kind]
	}
	if a.Field != "" {
		s += "." + a.Field
	}
	return s
}

var places = [...]string{Last: "last", This: "this", Assigned: "value", OwnName: "$name"}

// most is the highest index of an argument that a row may name.
const most = 31

func parseArg(s string) (Arg, error) {
	head, field, dotted := strings.Cut(s, ".")
	if dotted && field == "" {
		return Arg{}, fmt.Errorf("%q: no field after the dot", s)
	}
	for k, name := range places {
		if name != "" && name == head {
			return Arg{Kind: Place(k), Field: field}, nil
		}
	}
	n, err := strconv.Atoi(head)
	if err != nil || n < 0 || n > most || strconv.Itoa(n) != head {
		return Arg{}, fmt.Errorf("%q is none of 0 to %d, last, this, value, $name", s, most)
	}
	return Arg{Kind: Argument, N: n, Field: field}, nil
}

// A Failure says how the caller learns that it did not work. It is written as one
// or several of
//
//	result N      result N is an error that is not nil
//	throws        it throws, or returns a promise that rejects
//	callback N    argument N (or "last"), a function, is called with the error first; without such an argument, the other ways hold
//	false         result 0 is false, nil or undefined
//	false N       result N is
//	answers       it is a middleware or handler that answers itself, with Code
//	next          it is a middleware that hands an error to the central handler, with Code
//	context       it is a middleware that goes on; the failure is in the request, for a verify row that reads it from there
//
// The zero Failure says nothing.
type Failure struct {
	Result   Arg
	Throws   bool
	Callback Arg
	False    Arg
	Answers  bool
	Next     bool
	Context  bool
}

// Set reports whether the row says how.
func (f Failure) Set() bool { return f != Failure{} }

func (f *Failure) add(s string) (err error) {
	how, rest, _ := strings.Cut(s, " ")
	switch {
	case how == "result":
		f.Result, err = parseArg(rest)
	case how == "callback":
		f.Callback, err = parseArg(rest)
	case s == "false":
		f.False = Arg{Kind: Argument}
	case how == "false":
		f.False, err = parseArg(rest)
	case s == "throws":
		f.Throws = true
	case s == "answers":
		f.Answers = true
	case s == "next":
		f.Next = true
	case s == "context":
		f.Context = true
	default:
		err = fmt.Errorf("%q is none of result N, throws, callback N, false, answers, next, context", s)
	}
	return err
}

// String says it as it is written, several ways with a space between.
func (f Failure) String() string {
	var s []string
	add := func(is bool, text string) {
		if is {
			s = append(s, text)
		}
	}
	add(f.Result.Set(), "result "+f.Result.String())
	add(f.Throws, "throws")
	add(f.Callback.Set(), "callback "+f.Callback.String())
	add(f.False.Set(), "false "+f.False.String())
	add(f.Answers, "answers")
	add(f.Next, "next")
	add(f.Context, "context")
	return strings.Join(s, " ")
}
