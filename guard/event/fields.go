package event

import (
	"math"
	"time"
)

// A Type is the JSON type of a key.
type Type uint8

const (
	Text      Type = iota + 1 // a string
	Enum                      // a string of a closed set
	Number                    // a number
	Bool                      // true or false
	List                      // an array of strings
	Timestamp                 // a string in RFC 3339, nanoseconds, Z
)

// A Field is one key of the wire form. Rules, storage and the documentation
// look at events through Fields, so that all of them know the same keys.
type Field struct {
	Key     string
	Type    Type
	Note    string
	Derived bool // follows from other keys: written for other readers, ignored when read

	max    int
	text   func(*Event) *string
	name   func(*Event) string
	set    func(*Event, string) bool
	num    func(*Event) float64
	setNum func(*Event, string) bool
	flag   func(*Event) *bool
	list   func(*Event) *[]string
	when   func(*Event) *time.Time
	have   func(*Event) bool // where zero is a value
}

// Text gives the text of a Text or Enum field, and whether it is present.
func (f *Field) Text(e *Event) (string, bool) {
	switch {
	case f.text != nil:
		s := *f.text(e)
		return s, s != ""
	case f.name != nil:
		s := f.name(e)
		return s, s != ""
	}
	return "", false
}

// Number gives the value of a Number field, and whether it is present.
func (f *Field) Number(e *Event) (float64, bool) {
	if f.num == nil {
		return 0, false
	}
	n := f.num(e)
	if f.have != nil {
		return n, f.have(e) && finite(n)
	}
	return n, n != 0
}

// Bool gives the value of a Bool field, and whether it is written.
func (f *Field) Bool(e *Event) (value, present bool) {
	if f.flag == nil {
		return false, false
	}
	v := *f.flag(e)
	return v, v || f.have != nil && f.have(e)
}

// List gives the members of a List field; it must not be changed.
func (f *Field) List(e *Event) []string {
	if f.list == nil {
		return nil
	}
	return *f.list(e)
}

// Time gives the value of a Timestamp field; zero means absent.
func (f *Field) Time(e *Event) time.Time {
	if f.when == nil {
		return time.Time{}
	}
	return *f.when(e)
}

// Present reports whether the event has the field.
func (f *Field) Present(e *Event) bool {
	switch f.Type {
	case Text, Enum:
		_, ok := f.Text(e)
		return ok
	case Number:
		_, ok := f.Number(e)
		return ok
	case Bool:
		_, ok := f.Bool(e)
		return ok
	case List:
		return len(f.List(e)) > 0
	default:
		return !f.Time(e).IsZero()
	}
}

// Keys lists every key of the wire form, in the order in which it is written.
// The slice is shared and must not be changed.
func Keys() []*Field { return fields }

// FieldOf finds a key.
func FieldOf(key string) (*Field, bool) {
	i, ok := fieldIndex[key]
	if !ok {
		return nil, false
	}
	return fields[i], true
}

var fields = []*Field{
	when("time", "when it happened", func(e *Event) *time.Time { return &e.Time }),
	when("observed", "when the monitor took it in", func(e *Event) *time.Time { return &e.Observed }),
	enum("id", "ULID, unique; a repeat is dropped at ingest",
		func(e *Event) string {
			if e.ID.IsZero() {
				return ""
			}
			return e.ID.String()
		},
		func(e *Event, s string) bool {
			id, err := ParseID(s)
			e.ID = id
			return err == nil
		}),
	enum("event", "the kind: jwt.<kind>, or jotsight.<kind> for the monitor's own audit",
		func(e *Event) string {
			if e.Kind == 0 {
				return ""
			}
			return e.Kind.String()
		},
		func(e *Event, s string) bool { return lookup(kindByName, s, &e.Kind) }),
	integer("severity", "OpenTelemetry severity number, 1 to 24", 1, 24, func(e *Event) *Severity { return &e.Severity }),
	words("msg", MaxText, "for people; never parsed", func(e *Event) *string { return &e.Message }),
	{Key: "schema", Type: Enum, Note: "jotsight/1",
		name: func(*Event) string { return Schema },
		set:  func(_ *Event, s string) bool { return s == Schema }},
	words("trace_id", MaxClaim, "W3C trace id", func(e *Event) *string { return &e.TraceID }),
	words("span_id", MaxClaim, "W3C span id", func(e *Event) *string { return &e.SpanID }),
	words("jotsight.request_id", MaxClaim, "request id", func(e *Event) *string { return &e.RequestID }),
	enum("jwt.outcome", "success, failure or unknown", func(e *Event) string { return e.Outcome.String() },
		func(e *Event, s string) bool { return lookup(outcomeByName, s, &e.Outcome) }),
	enum("error.type", "the reason, of a closed set", func(e *Event) string { return e.Reason.String() },
		func(e *Event, s string) bool { return lookup(reasonByName, s, &e.Reason) }),
	words("jwt.detail", MaxText, "free text about the reason", func(e *Event) *string { return &e.Detail }),
	{Key: "jwt.owasp", Type: Text, Derived: true, Note: "term of the OWASP Logging Vocabulary", name: (*Event).OWASP},
	words("service.name", MaxClaim, "the service that wrote the event", func(e *Event) *string { return &e.ServiceName }),
	words("service.version", MaxClaim, "its release", func(e *Event) *string { return &e.ServiceVersion }),
	words("service.instance.id", MaxClaim, "which of its processes", func(e *Event) *string { return &e.ServiceInstance }),
	words("deployment.environment.name", MaxClaim, "such as production or staging", func(e *Event) *string { return &e.Environment }),
	words("server.address", MaxClaim, "the name under which the client reached it", func(e *Event) *string { return &e.ServerAddress }),
	words("client.address", MaxClaim, "from the configured resolver only", func(e *Event) *string { return &e.ClientAddress }),
	integer("client.port", "port of the client", 0, 65535, func(e *Event) *int { return &e.ClientPort }),
	words("user_agent.original", MaxText, "as the client sent it, cut at 512 bytes", func(e *Event) *string { return &e.UserAgent }),
	words("http.request.method", MaxClaim, "GET, POST and so on", func(e *Event) *string { return &e.Method }),
	words("http.route", MaxText, "the template, /orders/{id}", func(e *Event) *string { return &e.Route }),
	words("url.path", MaxText, "without the query, which is never recorded", func(e *Event) *string { return &e.Path }),
	integer("http.response.status_code", "status of the answer", 100, 999, func(e *Event) *int { return &e.Status }),
	{Key: "jwt.verified", Type: Bool, Note: "false: every claim below is attacker input",
		flag: func(e *Event) *bool { return &e.Verified }, have: func(e *Event) bool { return e.Kind.aboutToken() }},
	words("user.id", MaxClaim, "verified tokens only", func(e *Event) *string { return &e.UserID }),
	words("user.hash", MaxClaim, "pseudonym of the subject; verified tokens only", func(e *Event) *string { return &e.UserHash }),
	words("jwt.claimed_sub", MaxClaim, "unverified subject; never used to accuse or lock out", func(e *Event) *string { return &e.ClaimedSubject }),
	words("jwt.id", MaxClaim, "token id, jti", func(e *Event) *string { return &e.TokenID }),
	words("jwt.family", MaxClaim, "refresh family", func(e *Event) *string { return &e.Family }),
	words("jwt.parent", MaxClaim, "fingerprint of the refresh token before this one", func(e *Event) *string { return &e.Parent }),
	integer("jwt.generation", "rotation number within the family", 0, math.MaxInt64, func(e *Event) *int64 { return &e.Generation }),
	words("jwt.fp", MaxClaim, "keyed fingerprint of the whole token; its prefix, f and up to four digits, names the key", func(e *Event) *string { return &e.Fingerprint }),
	words("jwt.body_fp", MaxClaim, "keyed fingerprint of header.payload: one of these with many jwt.fp is signature guessing", func(e *Event) *string { return &e.BodyFingerprint }),
	enum("jwt.use", "access, refresh, id, logout, dpop, canary or unknown", func(e *Event) string { return e.Use.String() },
		func(e *Event, s string) bool { return lookup(useByName, s, &e.Use) }),
	enum("jwt.source", "header, cookie, query, body or subprotocol", func(e *Event) string { return e.Source.String() },
		func(e *Event, s string) bool { return lookup(sourceByName, s, &e.Source) }),
	words("jwt.iss", MaxClaim, "issuer", func(e *Event) *string { return &e.Issuer }),
	values("jwt.aud", "audience", func(e *Event) *[]string { return &e.Audience }),
	words("jwt.client_id", MaxClaim, "the client for which the token was issued", func(e *Event) *string { return &e.ClientID }),
	values("jwt.scope", "what the token allows", func(e *Event) *[]string { return &e.Scope }),
	words("jwt.alg", MaxClaim, "algorithm, as the header says", func(e *Event) *string { return &e.Algorithm }),
	words("jwt.kid", MaxClaim, "key id, as the header says", func(e *Event) *string { return &e.KeyID }),
	words("jwt.typ", MaxClaim, "type, as the header says", func(e *Event) *string { return &e.Type }),
	integer("jwt.iat", "issued at, Unix seconds", math.MinInt64, math.MaxInt64, func(e *Event) *int64 { return &e.IssuedAt }),
	integer("jwt.nbf", "not good before, Unix seconds", math.MinInt64, math.MaxInt64, func(e *Event) *int64 { return &e.NotBefore }),
	integer("jwt.exp", "expires, Unix seconds", math.MinInt64, math.MaxInt64, func(e *Event) *int64 { return &e.Expires }),
	{Key: "jwt.duration", Type: Number, Note: "seconds to verify",
		num:    func(e *Event) float64 { return e.Duration.Seconds() },
		setNum: func(e *Event, s string) bool { return parseSeconds(s, &e.Duration) }},
	words("jwt.actor", MaxClaim, "who issued or asked for issuance, where authenticated", func(e *Event) *string { return &e.Actor }),
	values("jwt.scope_required", "what the route requires", func(e *Event) *[]string { return &e.ScopeRequired }),
	integer("jwt.rate.limit", "how many the limiter admits", 0, math.MaxInt64, func(e *Event) *int64 { return &e.RateLimit }),
	integer("jwt.rate.window", "seconds in which it admits them", 0, math.MaxInt64, func(e *Event) *int64 { return &e.RateWindow }),
	words("jwt.revocation.reason", MaxClaim, "why it was revoked", func(e *Event) *string { return &e.RevocationReason }),
	words("jwt.revocation.actor", MaxClaim, "who asked for the revocation", func(e *Event) *string { return &e.RevocationActor }),
	integer("jwt.count", "how many alike this record stands for", 0, math.MaxInt64, func(e *Event) *int64 { return &e.Count }),
	integer("jwt.window", "seconds over which they happened", 0, math.MaxInt64, func(e *Event) *int64 { return &e.Window }),
	words("geo.country.iso_code", MaxClaim, "ISO 3166-1 code of the country; added by enrichment", func(e *Event) *string { return &e.Country }),
	decimal("geo.location.lat", "degrees; added by enrichment", -90, 90, func(e *Event) *float64 { e.Located = true; return &e.Latitude },
		func(e *Event) float64 { return e.Latitude }, func(e *Event) bool { return e.Located }),
	decimal("geo.location.lon", "degrees; added by enrichment", -180, 180, func(e *Event) *float64 { e.Located = true; return &e.Longitude },
		func(e *Event) float64 { return e.Longitude }, func(e *Event) bool { return e.Located }),
	integer("network.asn", "number of the autonomous system; added by enrichment", 0, math.MaxUint32, func(e *Event) *int64 { return &e.ASN }),
	values("jotsight.attack", "MITRE ATT&CK technique ids", func(e *Event) *[]string { return &e.Attack }),
	words("jotsight.origin", MaxClaim, "how the event came in", func(e *Event) *string { return &e.Origin }),
	words("jotsight.trust", MaxClaim, "trusted or forwarded", func(e *Event) *string { return &e.Trust }),
	{Key: "jotsight.clock_clamped", Type: Bool, Note: "its clock was ahead beyond belief",
		flag: func(e *Event) *bool { return &e.ClockClamped }},
	{Key: "jotsight.reason_class", Type: Text, Derived: true, Note: "class of the reason: benign, configuration, probe, attack, state, policy, internal",
		name: func(e *Event) string { return e.Reason.Class().String() }},
	decimal("rate.fail_ratio", "failed share of the service's last rate.fail_n verifications", 0, 1, func(e *Event) *float64 { return &e.FailRatio },
		func(e *Event) float64 { return e.FailRatio }, func(e *Event) bool { return e.FailSample != 0 }),
	integer("rate.fail_n", "how many verifications rate.fail_ratio is about", 0, math.MaxInt64, func(e *Event) *int64 { return &e.FailSample }),
}

// fieldIndex finds a key's place in fields.
var fieldIndex = func() map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		if _, twice := m[f.Key]; twice {
			panic("event: key " + f.Key + " twice")
		}
		m[f.Key] = i
	}
	return m
}()

func words(key string, most int, note string, text func(*Event) *string) *Field {
	return &Field{Key: key, Type: Text, Note: note, max: most, text: text}
}

func values(key, note string, list func(*Event) *[]string) *Field {
	return &Field{Key: key, Type: List, Note: note, max: MaxClaim, list: list}
}

func when(key, note string, t func(*Event) *time.Time) *Field {
	return &Field{Key: key, Type: Timestamp, Note: note, when: t}
}

func enum(key, note string, name func(*Event) string, set func(*Event, string) bool) *Field {
	return &Field{Key: key, Type: Enum, Note: note, name: name, set: set}
}

func integer[T ~int | ~int64 | ~uint8](key, note string, lo, hi int64, n func(*Event) *T) *Field {
	return &Field{Key: key, Type: Number, Note: note,
		num: func(e *Event) float64 { return float64(*n(e)) },
		setNum: func(e *Event, s string) bool {
			v, ok := parseInt(s)
			*n(e) = T(v)
			return ok && v >= lo && v <= hi
		}}
}

func decimal(key, note string, lo, hi float64, ref func(*Event) *float64, get func(*Event) float64, have func(*Event) bool) *Field {
	return &Field{Key: key, Type: Number, Note: note, num: get, have: have,
		setNum: func(e *Event, s string) bool {
			v, ok := parseFloat(s)
			*ref(e) = v
			return ok && v >= lo && v <= hi
		}}
}

func lookup[T any](m map[string]T, s string, to *T) bool {
	v, ok := m[s]
	*to = v
	return ok
}
