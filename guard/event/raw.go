package event

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Raw is an encoded token. No way of printing it shows the token: every verb of
// fmt, slog, JSON, XML, text and gob give "[token]" or nothing, also where a Raw
// stands in an unexported field, a slice or a map. Behind a pointer the worst
// that can leak is an address.
type Raw struct{ text *string }

const redacted = "[token]"

// NewRaw wraps an encoded token.
func NewRaw(token string) Raw { return Raw{&token} }

// Reveal gives the token back. It is the only way, so that a search for its
// name finds every place where a token leaves its wrapper.
func (r Raw) Reveal() string {
	if r.text == nil {
		return ""
	}
	return *r.text
}

// IsZero reports whether there is no token.
func (r Raw) IsZero() bool { return r.text == nil || *r.text == "" }

// Format prints "[token]" for every verb.
func (Raw) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// String gives "[token]".
func (Raw) String() string { return redacted }

// LogValue gives "[token]".
func (Raw) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives "[token]"; JSON and XML use it.
func (Raw) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText refuses: nothing that was printed is a token.
func (Raw) UnmarshalText([]byte) error { return errors.New("event: a Raw cannot be read back") }

// MarshalXMLAttr keeps xml from looking inside.
func (Raw) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return xml.Attr{Name: name, Value: redacted}, nil
}

// GobEncode gives "[token]".
func (Raw) GobEncode() ([]byte, error) { return []byte(redacted), nil }

// GobDecode refuses, as UnmarshalText does.
func (*Raw) GobDecode([]byte) error { return errors.New("event: a Raw cannot be read back") }
