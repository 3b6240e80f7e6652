package guard

import (
	"fmt"
	"io"
)

// What holds secrets does not print them, whatever the verb, as JSON, or in a
// log. MonitorConfig, Key and event.Raw do the same.

// Format prints nothing of the guard: it holds keys.
func (*Guard) Format(s fmt.State, _ rune) { io.WriteString(s, "guard") }

func (*static) Format(s fmt.State, _ rune) { io.WriteString(s, "static keys") }

// A handler prints its context and its writer now and then.
func (*scope) Format(s fmt.State, _ rune)    { io.WriteString(s, "guard's context") }
func (*response) Format(s fmt.State, _ rune) { io.WriteString(s, "guard's response") }

// Format prints none of the configuration: it holds keys.
func (Config) Format(s fmt.State, _ rune) { io.WriteString(s, "guard configuration") }

// MarshalText is Format; JSON and log/slog use it.
func (Config) MarshalText() ([]byte, error) { return []byte("guard configuration"), nil }

// Format prints none of the configuration: it holds keys.
func (IssuerConfig) Format(s fmt.State, _ rune) { io.WriteString(s, "issuer configuration") }

// MarshalText is Format; JSON and log/slog use it.
func (IssuerConfig) MarshalText() ([]byte, error) { return []byte("issuer configuration"), nil }

// Format prints none of the configuration: it holds a key.
func (BindingConfig) Format(s fmt.State, _ rune) { io.WriteString(s, "binding configuration") }

// MarshalText is Format; JSON and log/slog use it.
func (BindingConfig) MarshalText() ([]byte, error) { return []byte("binding configuration"), nil }

// Format prints the name of the issuer, and nothing of its keys.
func (i *Issuer) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "issuer %q", i.issuer) }
