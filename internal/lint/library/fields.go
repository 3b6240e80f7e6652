package library

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields reads each field of a row by its name in a file.
var fields = map[string]func(*Row, *yaml.Node) error{
	"does":          word(func(r *Row) *Role { return &r.Does }, roles),
	"token":         arg(func(r *Row) *Arg { return &r.Token }),
	"key":           arg(func(r *Row) *Arg { return &r.Key }),
	"options":       arg(func(r *Row) *Arg { return &r.Options }),
	"claims":        arg(func(r *Row) *Arg { return &r.Claims }),
	"status":        arg(func(r *Row) *Arg { return &r.Status }),
	"body":          arg(func(r *Row) *Arg { return &r.Body }),
	"error":         arg(func(r *Row) *Arg { return &r.Error }),
	"message":       arg(func(r *Row) *Arg { return &r.Message }),
	"path":          arg(func(r *Row) *Arg { return &r.Path }),
	"method":        arg(func(r *Row) *Arg { return &r.Method }),
	"name":          arg(func(r *Row) *Arg { return &r.Name }),
	"except":        list(func(r *Row) *[]string { return &r.Except }, nil),
	"chain":         arg(func(r *Row) *Arg { return &r.Chain }),
	"adds":          arg(func(r *Row) *Arg { return &r.Adds }),
	"to":            arg(func(r *Row) *Arg { return &r.To }),
	"call":          arg(func(r *Row) *Arg { return &r.Call }),
	"before":        list(func(r *Row) *[]string { return &r.Before }, nil),
	"handler":       text(func(r *Row) *string { return &r.Handler }),
	"handler_first": truth(func(r *Row) *bool { return &r.First }),
	"late":          truth(func(r *Row) *bool { return &r.Late }),
	"member":        list(func(r *Row) *[]string { return &r.Member }, nil),
	"pin":           list(func(r *Row) *[]string { return &r.Pin }, nil),
	"pin_default":   word(func(r *Row) *string { return &r.PinDefault }, []string{"list", "key", "any", "fixed"}),
	"audience":      list(func(r *Row) *[]string { return &r.Audience }, nil),
	"issuer":        list(func(r *Row) *[]string { return &r.Issuer }, nil),
	"no_expiry":     list(func(r *Row) *[]string { return &r.NoExpiry }, nil),
	"no_verify":     list(func(r *Row) *[]string { return &r.NoVerify }, nil),
	"needs":         list(func(r *Row) *[]string { return &r.Needs }, nil),
	"lifetime":      list(func(r *Row) *[]string { return &r.Lifetime }, nil),
	"promise":       truth(func(r *Row) *bool { return &r.Promise }),
	"level":         word(func(r *Row) *string { return &r.Level }, []string{"trace", "debug", "info", "warn", "error", "fatal", own}),
	"http":          word(func(r *Row) *string { return &r.HTTP }, []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", own}),
	"from":          word(func(r *Row) *string { return &r.From }, []string{"header", "cookie", "query", "param", "form", "body", "address", "url", "method", "state"}),
	"marks":         word(func(r *Row) *Mark { return &r.Marks }, marks),
	"plain":         truth(func(r *Row) *bool { return &r.Plain }),
	"exits":         truth(func(r *Row) *bool { return &r.Exits }),
	"silent":        truth(func(r *Row) *bool { return &r.Silent }),
	"hook":          list(func(r *Row) *[]string { return &r.Hook }, nil),
	"when":          text(func(r *Row) *string { return &r.When }),
	"returns":       list(func(r *Row) *[]string { return &r.Returns }, soundType),
	"params":        list(func(r *Row) *[]string { return &r.Params }, soundType),
	"error_params":  list(func(r *Row) *[]string { return &r.ErrorParams }, soundType),
	"records":       list(func(r *Row) *[]string { return &r.Records }, oneOf([]string{"error", "status", "address", "route", "method", "agent", "subject"})),
	"uncaught":      word(func(r *Row) *string { return &r.Uncaught }, []string{"silent", "log", "log 500", "log other"}),
	"note":          text(func(r *Row) *string { return &r.Note }),
	"code": func(r *Row, n *yaml.Node) error {
		i, err := strconv.Atoi(n.Value)
		if err != nil || i < 100 || i > 599 {
			return fmt.Errorf("%q is no status of HTTP: 100 to 599", n.Value)
		}
		r.Code = i
		return nil
	},
	"fails": func(r *Row, n *yaml.Node) error {
		ways, err := texts(n)
		for _, w := range ways {
			if err == nil {
				err = r.Fails.add(w)
			}
		}
		return err
	},
}

var roles = []Role{
	Verify, Decode, Issue, Refresh, Revoke, Check, Extract, Secret, Hash,
	Log, Metric, Audit, Span, Report, Access, Write, With,
	Respond, Status, Next, Abort, Throw, Collect, Wrap, Router, Route, Mount, Group, Central, Guard, Limit,
	Value, Find, Save, Err, Exit,
}

var marks = []Mark{
	Token, Prefix, Hashed, Key, Claims, Claimed, Subject, ID, Address, Path, Agent, Valid, Reason, Method, Millis, Headers, User,
}

// sound reports what cannot be right about a row as a whole.
func (r *Row) sound() error {
	switch {
	case r.Does == "":
		return errors.New("does: missing: what the symbol does")
	case r.Does == Verify && !r.Fails.Set():
		return errors.New("fails: missing: how a caller of what verifies learns that it did not work")
	case (len(r.Before) > 0 || r.Handler != "") && !r.Options.Set():
		return errors.New("options: missing: which argument holds the object of options")
	case r.Uncaught != "" && r.Does != Router && r.Does != Central:
		return errors.New("uncaught: only of a router or central handler")
	case r.Plain && r.Does != Log && r.Does != Access:
		return errors.New("plain: only of a log or access line")
	}
	return nil
}

func arg(at func(*Row) *Arg) func(*Row, *yaml.Node) error {
	return func(r *Row, n *yaml.Node) (err error) {
		if n.Kind != yaml.ScalarNode {
			return errors.New("an argument must stand here: 0, 1, last, this, value, $name, 0.field")
		}
		*at(r), err = parseArg(n.Value)
		return err
	}
}

func text(at func(*Row) *string) func(*Row, *yaml.Node) error {
	return func(r *Row, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			return errors.New("a text must stand here")
		}
		*at(r) = n.Value
		return nil
	}
}

func word[T ~string](at func(*Row) *T, of []T) func(*Row, *yaml.Node) error {
	sound := oneOf(of)
	return func(r *Row, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return errors.New("a word must stand here")
		}
		*at(r) = T(n.Value)
		return sound(n.Value)
	}
}

func oneOf[T ~string](of []T) func(string) error {
	return func(s string) error {
		if slices.Contains(of, T(s)) {
			return nil
		}
		known := make([]string, len(of))
		for i, w := range of {
			known[i] = string(w)
		}
		return fmt.Errorf("%q is none of %s", s, strings.Join(known, ", "))
	}
}

func list(at func(*Row) *[]string, sound func(string) error) func(*Row, *yaml.Node) error {
	return func(r *Row, n *yaml.Node) error {
		all, err := texts(n)
		for _, s := range all {
			if err == nil && sound != nil {
				err = sound(s)
			}
		}
		*at(r) = all
		return err
	}
}

func truth(at func(*Row) *bool) func(*Row, *yaml.Node) error {
	return func(r *Row, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			return fmt.Errorf("%q is neither true nor false", n.Value)
		}
		*at(r) = n.Value == "true"
		return nil
	}
}

// soundType reports what cannot be a type of Returns or Params.
func soundType(s string) error {
	for _, p := range []string{"arg ", "call ", "new "} {
		if rest, ok := strings.CutPrefix(s, p); ok {
			_, err := parseArg(rest)
			return err
		}
	}
	if strings.ContainsAny(s, " {}*") {
		return fmt.Errorf("%q is no type", s)
	}
	return nil
}
