package event

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Append appends e as one JSON object without a line end and gives the longer
// slice. It allocates nothing when b has room. Texts are cut at their bound;
// control characters, line and paragraph separators and bidirectional controls
// are escaped and bytes that are not UTF-8 replaced, so that no value can forge,
// split or colour a log line (CWE-117).
func (e *Event) Append(b []byte) []byte {
	b = append(b, `{"time":"`...)
	b = e.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, '"')
	if !e.Observed.IsZero() {
		b = append(b, `,"observed":"`...)
		b = e.Observed.UTC().AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"')
	}
	if !e.ID.IsZero() {
		b = append(b, `,"id":"`...)
		b = e.ID.append(b)
		b = append(b, '"')
	}
	b = append(b, `,"event":"`...)
	b = append(b, e.Kind.String()...)
	b = append(b, '"')
	b = number(b, `,"severity":`, int64(e.Severity))
	b = text(b, `,"msg":`, e.Message, MaxText)
	b = append(b, `,"schema":"`+Schema+`"`...)
	b = text(b, `,"trace_id":`, e.TraceID, MaxClaim)
	b = text(b, `,"span_id":`, e.SpanID, MaxClaim)
	b = text(b, `,"jotsight.request_id":`, e.RequestID, MaxClaim)
	b = word(b, `,"jwt.outcome":`, e.Outcome.String())
	b = word(b, `,"error.type":`, e.Reason.String())
	b = text(b, `,"jwt.detail":`, e.Detail, MaxText)
	b = word(b, `,"jwt.owasp":`, e.OWASP())
	b = text(b, `,"service.name":`, e.ServiceName, MaxClaim)
	b = text(b, `,"service.version":`, e.ServiceVersion, MaxClaim)
	b = text(b, `,"service.instance.id":`, e.ServiceInstance, MaxClaim)
	b = text(b, `,"deployment.environment.name":`, e.Environment, MaxClaim)
	b = text(b, `,"server.address":`, e.ServerAddress, MaxClaim)
	b = text(b, `,"client.address":`, e.ClientAddress, MaxClaim)
	b = number(b, `,"client.port":`, int64(e.ClientPort))
	b = text(b, `,"user_agent.original":`, e.UserAgent, MaxText)
	b = text(b, `,"http.request.method":`, e.Method, MaxClaim)
	b = text(b, `,"http.route":`, e.Route, MaxText)
	b = text(b, `,"url.path":`, e.Path, MaxText)
	b = number(b, `,"http.response.status_code":`, int64(e.Status))
	if e.Verified {
		b = append(b, `,"jwt.verified":true`...)
	} else if e.Kind.aboutToken() {
		b = append(b, `,"jwt.verified":false`...)
	}
	b = text(b, `,"user.id":`, e.UserID, MaxClaim)
	b = text(b, `,"user.hash":`, e.UserHash, MaxClaim)
	b = text(b, `,"jwt.claimed_sub":`, e.ClaimedSubject, MaxClaim)
	b = text(b, `,"jwt.id":`, e.TokenID, MaxClaim)
	b = text(b, `,"jwt.family":`, e.Family, MaxClaim)
	b = text(b, `,"jwt.parent":`, e.Parent, MaxClaim)
	b = number(b, `,"jwt.generation":`, e.Generation)
	b = text(b, `,"jwt.fp":`, e.Fingerprint, MaxClaim)
	b = text(b, `,"jwt.body_fp":`, e.BodyFingerprint, MaxClaim)
	b = word(b, `,"jwt.use":`, e.Use.String())
	b = word(b, `,"jwt.source":`, e.Source.String())
	b = text(b, `,"jwt.iss":`, e.Issuer, MaxClaim)
	b = list(b, `,"jwt.aud":`, e.Audience)
	b = text(b, `,"jwt.client_id":`, e.ClientID, MaxClaim)
	b = list(b, `,"jwt.scope":`, e.Scope)
	b = text(b, `,"jwt.alg":`, e.Algorithm, MaxClaim)
	b = text(b, `,"jwt.kid":`, e.KeyID, MaxClaim)
	b = text(b, `,"jwt.typ":`, e.Type, MaxClaim)
	b = number(b, `,"jwt.iat":`, e.IssuedAt)
	b = number(b, `,"jwt.nbf":`, e.NotBefore)
	b = number(b, `,"jwt.exp":`, e.Expires)
	b = seconds(b, `,"jwt.duration":`, e.Duration)
	b = text(b, `,"jwt.actor":`, e.Actor, MaxClaim)
	b = list(b, `,"jwt.scope_required":`, e.ScopeRequired)
	b = number(b, `,"jwt.rate.limit":`, e.RateLimit)
	b = number(b, `,"jwt.rate.window":`, e.RateWindow)
	b = text(b, `,"jwt.revocation.reason":`, e.RevocationReason, MaxClaim)
	b = text(b, `,"jwt.revocation.actor":`, e.RevocationActor, MaxClaim)
	b = number(b, `,"jwt.count":`, e.Count)
	b = number(b, `,"jwt.window":`, e.Window)
	b = text(b, `,"geo.country.iso_code":`, e.Country, MaxClaim)
	if e.Located {
		b = decimals(b, `,"geo.location.lat":`, e.Latitude)
		b = decimals(b, `,"geo.location.lon":`, e.Longitude)
	}
	b = number(b, `,"network.asn":`, e.ASN)
	b = list(b, `,"jotsight.attack":`, e.Attack)
	b = text(b, `,"jotsight.origin":`, e.Origin, MaxClaim)
	b = text(b, `,"jotsight.trust":`, e.Trust, MaxClaim)
	if e.ClockClamped {
		b = append(b, `,"jotsight.clock_clamped":true`...)
	}
	b = word(b, `,"jotsight.reason_class":`, e.Reason.Class().String())
	if e.FailSample != 0 {
		b = decimals(b, `,"rate.fail_ratio":`, e.FailRatio)
		b = number(b, `,"rate.fail_n":`, e.FailSample)
	}
	return append(b, '}')
}

// decimals writes nothing for what JSON has no number for.
func decimals(b []byte, key string, f float64) []byte {
	if !finite(f) {
		return b
	}
	return strconv.AppendFloat(append(b, key...), f, 'f', -1, 64)
}

func number(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

// seconds writes a duration as a decimal number of seconds. Nanoseconds are
// exact: the float64 of strconv would not give them all back.
func seconds(b []byte, key string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	b = append(b, key...)
	n := uint64(d)
	if d < 0 {
		b = append(b, '-')
		n = -n // of the least Duration too, which has no positive twin
	}
	b = strconv.AppendUint(b, n/uint64(time.Second), 10)
	frac := n % uint64(time.Second)
	if frac == 0 {
		return b
	}
	var digits [9]byte
	last := 0
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + frac%10)
		if last == 0 && digits[i] != '0' {
			last = i + 1
		}
		frac /= 10
	}
	return append(append(b, '.'), digits[:last]...)
}

func text(b []byte, key, s string, most int) []byte {
	if s == "" {
		return b
	}
	return quote(append(b, key...), s, most)
}

// word is text for words of ours, which need no look.
func word(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	b = append(append(append(b, key...), '"'), s...)
	return append(b, '"')
}

// list writes as many members as fit into maxList: a token decides how many
// there are and how often they must be escaped, and must not be able to make an
// event that is refused for its length.
func list(b []byte, key string, values []string) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, key...)
	from := len(b)
	for i, v := range values[:min(len(values), MaxValues)] {
		end := len(b)
		b = append(b, ",["[b2i(i == 0)])
		if b = quote(b, v, MaxClaim); len(b)-from > maxList {
			b = b[:end]
			break
		}
	}
	return append(b, ']')
}

// maxList bounds a list as it is written. The four lists, every text at its bound
// and every byte escaped then still stay below MaxLine.
const maxList = 4 << 10

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// plain marks the bytes that a JSON string and a terminal take as they are.
var plain = func() (p [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

// plainUpTo gives the place of the first byte that is not plain. It looks at
// eight at once: most text is plain, and the encoder spends most of its time
// here. A byte that is not sets the high bit of its place in at least one term.
func plainUpTo(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		t := s[i : i+8]
		w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		const ones, high = 0x0101010101010101, 0x8080808080808080
		quotes, slashes, dels := w^(ones*'"'), w^(ones*'\\'), w^(ones*0x7f)
		if (w|(w-ones*0x20)&^w|(quotes-ones)&^quotes|(slashes-ones)&^slashes|(dels-ones)&^dels)&high != 0 {
			break
		}
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	return i
}

func quote(b []byte, s string, most int) []byte {
	s = Clip(s, most)
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		if n := plainUpTo(s[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= 0x80 && Printable(r) && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		b = append(b, s[from:i]...)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			b = unit(unit(b, hi), lo)
		default:
			b = unit(b, r)
		}
		i += n
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// unit escapes one unit of UTF-16.
func unit(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// Printable reports whether r may stand in a terminal, a log or a page as it is.
// What could move a cursor, end a line, turn the direction of text or hide some
// may not: controls, line and paragraph separators, bidirectional and zero-width
// marks, tags, and every space but the plain one. U+FFFD is printable: whoever
// reads bytes that may not be UTF-8 looks at the width as well.
func Printable(r rune) bool { return unicode.IsPrint(r) }

// Clip cuts s to at most n bytes without splitting a rune. Bytes that are not
// UTF-8 are cut anywhere, so that no text can vanish by being cut.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for cut := n; cut > n-utf8.UTFMax && cut >= 0; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut]
		}
	}
	return s[:n]
}
