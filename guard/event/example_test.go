package event_test

import (
	"fmt"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func refused() event.Event {
	return event.Event{
		Time: noon, Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, Severity: event.Warn, Outcome: event.Failure,
		ClientAddress: "203.0.113.7", UserAgent: "curl/8.5.0",
	}
}

// Append writes the wire form: one line, without its end.
func ExampleEvent_Append() {
	e := refused()
	fmt.Printf("%s\n", e.Append(nil))
	// Output: {"time":"2026-03-01T12:00:00Z","event":"jwt.verification_failed","severity":13,"schema":"jotsight/1","jwt.outcome":"failure","error.type":"bad_signature","jwt.owasp":"authn_login_fail","client.address":"203.0.113.7","user_agent.original":"curl/8.5.0","jwt.verified":false,"jotsight.reason_class":"probe"}
}

// Decode reads it, and counts the keys that it does not know.
func ExampleEvent_Decode() {
	var e event.Event
	unknown, err := e.Decode(`{"time":"2026-03-01T12:00:00Z","event":"jwt.missing","client.address":"203.0.113.7","tenant":"t1"}`)
	fmt.Println(e.Kind, e.ClientAddress, unknown, err)
	_, err = e.Decode(`{"time":"2026-03-01T12:00:00Z","event":"jwt.exploded"}`)
	fmt.Println(err)
	// Output:
	// jwt.missing 203.0.113.7 1 <nil>
	// field "event": unknown value "jwt.exploded"
}

// A folded record stands for many facts.
func ExampleEvent_Weight() {
	e := refused()
	fmt.Println(e.Weight())
	e.Count, e.Window = 1900, 1
	fmt.Println(e.Weight())
	// Output:
	// 1
	// 1900
}

func ExampleEvent_OWASP() {
	e := refused()
	fmt.Println(e.OWASP())
	// Output: authn_login_fail
}

// A Sink that keeps events lets them own their texts.
func ExampleEvent_Own() {
	e := refused()
	e.UserAgent = fmt.Sprintf("%01000d", 7)
	e.Own()
	fmt.Println(len(e.UserAgent) == event.MaxText)
	// Output: true
}

func ExampleEvent_Scrub() {
	e := refused()
	e.Path = "/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	e.Scrub()
	fmt.Println(e.Path)
	// Output: /reset/[token]
}

func ExampleScrub() {
	fmt.Println(event.Scrub("cannot use eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl here"))
	// Output: cannot use [token] here
}

func ExampleScrubAll() {
	fmt.Println(event.ScrubAll([]string{"orders", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"}))
	// Output: [orders [token]]
}

// A Raw shows the token to whoever calls Reveal, and to nobody else.
func ExampleNewRaw() {
	raw := event.NewRaw("eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
	fmt.Printf("%v %+v %#v %q\n", raw, raw, raw, raw)
	fmt.Println(len(raw.Reveal()))
	// Output:
	// [token] [token] [token] [token]
	// 29
}

func ExampleRaw_Reveal() {
	r := event.NewRaw("s3cret")
	fmt.Println(r, r.Reveal())
	// Output: [token] s3cret
}

// Fingerprints name tokens in events: all services whose events are to be
// compared share the key.
func ExampleFingerprinter_Token() {
	f, err := event.NewFingerprinter("1", []byte("sixteen bytes or more"))
	if err != nil {
		panic(err)
	}
	const raw = "eyJhbGciOiJIUzI1NiJ9.e30."
	whole, body := f.Token(raw + "c2lnbmF0dXJl")
	guess, same := f.Token(raw + "Z3Vlc3M")
	fmt.Println(len(whole), whole == guess, body == same)
	// Output: 25 false true
}

func ExampleNewFingerprinter() {
	_, err := event.NewFingerprinter("1", []byte("too short"))
	fmt.Println(err)
	// Output: fingerprint key: shorter than 16 bytes
}

func ExampleFingerprinter_Text() {
	one, _ := event.NewFingerprinter("1", []byte("sixteen bytes or more"))
	other, _ := event.NewFingerprinter("1", []byte("sixteen bytes or more"))
	fmt.Println(one.Text("8f14e45fceea167a5a36dedd4bea2543") == other.Text("8f14e45fceea167a5a36dedd4bea2543"))
	// Output: true
}

// Ids sort by time, and never meet.
func ExampleNewIDs() {
	var seed [32]byte // from crypto/rand, in earnest
	ids := event.NewIDs(seed)
	a, b := ids.Next(noon), ids.Next(noon.Add(time.Second))
	fmt.Println(a.String() < b.String(), len(a.String()), a.IsZero())
	// Output: true 26 false
}

func ExampleParseID() {
	id, err := event.ParseID("01JNKXQ3Z8H8E9V7M4T2R6W5YB")
	fmt.Println(id, err)
	// Output: 01JNKXQ3Z8H8E9V7M4T2R6W5YB <nil>
}

func ExampleParseKind() {
	k, ok := event.ParseKind("jwt.refresh_reuse")
	fmt.Println(k == event.RefreshReuse, ok)
	// Output: true true
}

func ExampleParseReason() {
	r, ok := event.ParseReason("alg_none")
	fmt.Println(r, r.Class(), ok)
	// Output: alg_none attack true
}

func ExampleParseClass() {
	c, ok := event.ParseClass("benign")
	fmt.Println(c, ok)
	// Output: benign true
}

func ExampleKinds() {
	for _, k := range event.Kinds() {
		if k.Audit() {
			fmt.Println(k) // the monitor's own
			break
		}
	}
	fmt.Println(event.Kinds()[0])
	// Output:
	// jotsight.ui_login
	// jwt.issued
}

func ExampleReasons() {
	for _, r := range event.Reasons() {
		if r.Class() == event.ClassAttack && r.Severity() >= event.Error {
			fmt.Println(r)
			break
		}
	}
	// Output: alg_none
}

func ExampleDefaultSeverity() {
	fmt.Println(event.DefaultSeverity(event.RefreshReuse, 0) == event.Error, event.DefaultSeverity(event.Verified, 0) == event.Debug)
	// Output: true true
}

// Rules, storage and adapters look at events through their keys.
func ExampleFieldOf() {
	e := refused()
	f, ok := event.FieldOf("client.address")
	text, present := f.Text(&e)
	fmt.Println(ok, text, present)
	// Output: true 203.0.113.7 true
}

func ExampleKeys() {
	e := refused()
	for _, f := range event.Keys() {
		if f.Present(&e) {
			fmt.Print(f.Key, " ")
		}
	}
	// Output: time event severity schema jwt.outcome error.type jwt.owasp client.address user_agent.original jwt.verified jotsight.reason_class
}

// Fields give values by their type; a field of another type gives none.
func ExampleField_Text() {
	e := refused()
	e.Status, e.Audience = 401, []string{"orders"}
	field := func(key string) *event.Field { f, _ := event.FieldOf(key); return f }
	reason, _ := field("error.type").Text(&e)
	status, _ := field("http.response.status_code").Number(&e)
	verified, there := field("jwt.verified").Bool(&e)
	fmt.Println(reason, status, verified, there, field("jwt.aud").List(&e), field("time").Time(&e).Year())
	// Output: bad_signature 401 false true [orders] 2026
}

func ExampleClip() {
	fmt.Println(event.Clip("größe", 3), event.Clip("short", 10))
	// Output: gr short
}

func ExamplePrintable() {
	fmt.Println(event.Printable('a'), event.Printable('\x1b'), event.Printable('\u202e'))
	// Output: true false false
}
