// Package forge makes tokens, sound and broken, byte by byte. Libraries refuse
// to write what an attacker writes: odd algorithms, duplicate members, a header
// that does not parse. Here a token is three texts, and each may be anything.
// The cryptography is the standard library's alone.
package forge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ErrNotJWT says that a text is not a token in compact form (RFC 7515 section 7.1)
// whose header and payload are JSON objects.
var ErrNotJWT = errors.New("not a JWT in compact form")

// A Token is a token taken apart: header and payload decoded, the signature as
// it stood. The zero Token is not usable; Parse makes one.
type Token struct {
	Header    Object
	Payload   Object
	Signing   string // header.payload, as it stood
	Signature string // the encoded third segment, as it stood
}

// Parse takes a token apart. It verifies nothing.
func Parse(raw string) (*Token, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, ErrNotJWT
	}
	t := &Token{Signing: parts[0] + "." + parts[1], Signature: parts[2]}
	for i, to := range []*Object{&t.Header, &t.Payload} {
		text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[i], "="))
		if err != nil {
			return nil, ErrNotJWT
		}
		if *to, err = ParseObject(text); err != nil {
			return nil, ErrNotJWT
		}
	}
	return t, nil
}

// Encode is the base64url form without padding that a segment has.
func Encode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// Unsigned is the header and payload of t as one signing input.
func Unsigned(header, payload Object) string {
	return Encode(header.Bytes()) + "." + Encode(payload.Bytes())
}

// An Object is a JSON object that keeps the order of its members and the bytes
// of their values, so that a token that is changed in one place is the same in
// every other. It is a value: Set and Delete give a new one.
type Object []Member

// A Member is one name with its value as JSON.
type Member struct {
	Name  string
	Value json.RawMessage
}

// ParseObject reads exactly one JSON object.
func ParseObject(text []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	o := Object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		o = append(o, Member{name.(string), value})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if d.More() || d.InputOffset() != int64(len(bytes.TrimRight(text, " \t\r\n"))) {
		return nil, errors.New("text after the JSON object")
	}
	return o, nil
}

// Bytes writes the object without space.
func (o Object) Bytes() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(m.Name))
		b.WriteByte(':')
		b.Write(m.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// MarshalJSON writes the object as it stands, so that it can be a member of another.
func (o Object) MarshalJSON() ([]byte, error) { return o.Bytes(), nil }

// Set gives a copy in which the member has the value v, which must be something
// that JSON can write; a new member comes last.
func (o Object) Set(name string, v any) Object {
	var value bytes.Buffer
	e := json.NewEncoder(&value)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("forge: member %q: %v", name, err))
	}
	raw := json.RawMessage(bytes.TrimSpace(value.Bytes()))
	c := append(Object(nil), o...)
	for i := range c {
		if c[i].Name == name {
			c[i].Value = raw
			return c
		}
	}
	return append(c, Member{name, raw})
}

// Delete gives a copy without the member.
func (o Object) Delete(name string) Object {
	c := Object{}
	for _, m := range o {
		if m.Name != name {
			c = append(c, m)
		}
	}
	return c
}

// Has reports whether the member is there.
func (o Object) Has(name string) bool {
	for _, m := range o {
		if m.Name == name {
			return true
		}
	}
	return false
}

// Raw gives the value of a member as it stands.
func (o Object) Raw(name string) (json.RawMessage, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// Text gives the value of a member that is a string, otherwise an empty text.
func (o Object) Text(name string) string {
	var s string
	o.Value(name, &s)
	return s
}

// Value decodes a member into v and reports whether it is there and fits.
func (o Object) Value(name string, v any) bool {
	for _, m := range o {
		if m.Name == name {
			return json.Unmarshal(m.Value, v) == nil
		}
	}
	return false
}

func quote(s string) []byte {
	b, _ := json.Marshal(s) // a string always encodes
	return b
}
