package event

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// keysOf reads a line with encoding/json: its keys in their order, and its values.
func keysOf(t *testing.T, line []byte) (keys []string, values map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &values); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, line)
	}
	d := json.NewDecoder(strings.NewReader(string(line)))
	depth := 0
	for isKey := false; ; {
		token, err := d.Token()
		if err != nil {
			return keys, values
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
			isKey = depth == 1
		case string:
			if isKey {
				keys = append(keys, token)
			}
			isKey = depth == 1 && !isKey
		default:
			isKey = depth == 1
		}
	}
}

// random fills every exported field of an Event with something that its key
// admits, hostile texts included.
func random(rng *rand.Rand) *Event {
	e := new(Event)
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		fill(rng, v.Type().Field(i).Name, v.Field(i))
	}
	return e
}

func fill(rng *rand.Rand, name string, f reflect.Value) {
	switch f.Interface().(type) {
	case time.Time:
		f.Set(reflect.ValueOf(time.Unix(rng.Int64N(4e9)+1, rng.Int64N(1e9)).UTC()))
	case ID:
		f.Set(reflect.ValueOf(NewIDs([32]byte{byte(rng.IntN(256))}).Next(time.UnixMilli(rng.Int64N(1 << 48)))))
	case Kind:
		f.SetUint(1 + rng.Uint64N(uint64(kinds)-1))
	case Reason:
		f.SetUint(1 + rng.Uint64N(uint64(reasons)-1))
	case Outcome:
		f.SetUint(1 + rng.Uint64N(uint64(outcomes)-1))
	case Use:
		f.SetUint(1 + rng.Uint64N(uint64(uses)-1))
	case Source:
		f.SetUint(1 + rng.Uint64N(uint64(sources)-1))
	case Severity:
		f.SetUint(1 + rng.Uint64N(24))
	case bool:
		f.SetBool(true)
	case string:
		f.SetString(hostileText(rng))
	case []string:
		list := make([]string, 1+rng.IntN(2*MaxValues))
		for i := range list {
			list[i] = hostileText(rng)
		}
		f.Set(reflect.ValueOf(list))
	case float64:
		f.SetFloat(rng.Float64())
		if name != "FailRatio" {
			f.SetFloat(rng.Float64()*180 - 90)
		}
	case time.Duration:
		f.SetInt(int64(rng.Uint64()))
	case int, int64:
		n := rng.Int64()
		switch name {
		case "ClientPort":
			n = 1 + n%65535
		case "Status":
			n = 100 + n%900
		case "ASN":
			n = 1 + n%math.MaxUint32
		case "IssuedAt", "NotBefore", "Expires":
			n = int64(rng.Uint64())
		}
		f.SetInt(n)
	default:
		panic(fmt.Sprintf("field %s has a type that this test does not know: %T", name, f.Interface()))
	}
}

var hostilePieces = []string{"a", "Zz9", `"`, `\`, "\n", "\r", "\x00", "\x1b[31m", "\x7f", "\u0085", "\u009b", "\u00a0", "ü", "é", "日本", "🙂",
	"\u200b", "\u202e", "\u2028", "\u2066", "\ufeff", "\ufffd", "\xff", "\xc3", "\xed\xa0\x80", "\x80\x80\x80\x80", "</script>", "&<>", strings.Repeat("x", 100)}

func hostileText(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(12) {
		b.WriteString(hostilePieces[rng.IntN(len(hostilePieces))])
	}
	return b.String()
}

// written is what is left of a text once it was written and read: cut, each
// broken byte replaced, and cut again because the replacement is longer.
func written(s string, most int) string { return Clip(string([]rune(Clip(s, most))), most) }

// TestRoundTrip holds that what Append writes is JSON for everybody, that Decode
// gives it back but for its bounds, and that a second trip changes nothing.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		e := random(rng)
		line := string(e.Append(nil))
		if strings.ContainsFunc(line, func(r rune) bool { return !Printable(r) && (r < 0x20 || r > 0x7e) }) {
			t.Fatalf("a character that does not print is left in %q", line)
		}
		want := *e
		for _, f := range fields {
			switch {
			case f.text != nil:
				*f.text(&want) = written(*f.text(&want), f.max)
			case f.list != nil:
				list := slices.Clone(*f.list(&want))[:min(len(*f.list(&want)), MaxValues)]
				for i := range list {
					list[i] = written(list[i], f.max)
				}
				*f.list(&want) = list[:members(*f.list(&want))]
			}
		}
		var got Event
		if unknown, err := got.Decode(line); err != nil || unknown != 0 {
			t.Fatalf("%d unknown keys, %v\n%s", unknown, err, line)
		}
		if d := differences(got, want); d != "" {
			t.Fatalf("%s\n%s", d, line)
		}
		_, values := keysOf(t, []byte(line))
		for _, f := range fields {
			if s, ok := f.Text(&got); ok && clipped(values[f.Key], f) != s {
				t.Fatalf("%s: encoding/json reads %q, we read %q", f.Key, values[f.Key], s)
			}
		}
		var again Event
		if _, err := again.Decode(string(got.Append(nil))); err != nil {
			t.Fatal(err)
		}
		if d := differences(again, got); d != "" {
			t.Fatalf("the second trip changes\n%s", d)
		}
	}
}

// differences names the fields in which two events differ. (The module admits no
// library for this.)
func differences(got, want Event) string {
	var b strings.Builder
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if g, w := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(g, w) {
			fmt.Fprintf(&b, "%s: got %#v, want %#v\n", reflect.TypeFor[Event]().Field(i).Name, g, w)
		}
	}
	return b.String()
}

// clipped is a value of encoding/json, cut as f cuts it.
func clipped(v any, f *Field) any {
	if s, ok := v.(string); ok && f.max > 0 {
		return Clip(s, f.max)
	}
	return v
}

// members is how many members of a list fit into its bound.
func members(list []string) (n int) {
	size := 0
	for _, s := range list[:min(len(list), MaxValues)] {
		if size += 1 + len(quote(nil, s, MaxClaim)); size > maxList {
			break
		}
		n++
	}
	return n
}

// TestEveryFieldHasOneKey sets each field of the struct alone and looks which
// keys of the line change: exactly one, and each key for exactly one field.
func TestEveryFieldHasOneKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	owner := map[string]string{"schema": "a constant"}
	st := reflect.TypeFor[Event]()
	for i := range st.NumField() {
		name := st.Field(i).Name
		if !st.Field(i).IsExported() {
			t.Errorf("%s: an unexported field is lost on the wire", name)
		}
		before := Event{Time: time.Unix(1, 0), Kind: KeyRotated} // a kind without jwt.verified and jwt.owasp
		switch name {
		case "Located": // a flag that two keys carry; the next two fields own them
			continue
		case "Latitude", "Longitude":
			before.Located = true
		case "FailRatio", "FailSample": // the sample says that there is a ratio
			before.FailSample = 1
		}
		after := before
		v := reflect.ValueOf(&after).Elem().Field(i)
		for reflect.DeepEqual(after, before) || name == "Kind" && after.Kind.aboutToken() {
			fill(rng, name, v)
		}
		_, a := keysOf(t, before.Append(nil))
		_, b := keysOf(t, after.Append(nil))
		var changed []string
		for _, f := range fields {
			if !f.Derived && !reflect.DeepEqual(a[f.Key], b[f.Key]) {
				changed = append(changed, f.Key)
			}
		}
		if len(changed) != 1 {
			t.Errorf("field %s changes the keys %q, want exactly one", name, changed)
			continue
		}
		if was, taken := owner[changed[0]]; taken {
			t.Errorf("key %s belongs to %s and to %s", changed[0], was, name)
		}
		owner[changed[0]] = name
	}
	for _, f := range fields {
		if owner[f.Key] == "" && !f.Derived {
			t.Errorf("key %s: no field of Event writes it", f.Key)
		}
	}
}

// TestKeysAreWrittenInTheirOrder holds that Append and Keys name the same keys in
// the same order, and that Fields see what Append writes.
func TestKeysAreWrittenInTheirOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var want []string
	for _, f := range Keys() {
		want = append(want, f.Key)
	}
	full := random(rng)
	full.Kind = RefreshReuse
	got, _ := keysOf(t, full.Append(nil))
	if !slices.Equal(got, want) {
		t.Errorf("keys of a full event\n%q, want\n%q", got, want)
	}
	for range 500 { // and any half of them
		e := random(rng)
		v := reflect.ValueOf(e).Elem()
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; rng.IntN(2) == 0 && name != "Time" && name != "Kind" {
				v.Field(i).SetZero()
			}
		}
		got, _ := keysOf(t, e.Append(nil))
		var want []string
		for _, f := range Keys() {
			if f.Present(e) {
				want = append(want, f.Key)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("keys written\n%q, and present\n%q", got, want)
		}
	}
}

func TestFieldOf(t *testing.T) {
	for _, f := range Keys() {
		if got, ok := FieldOf(f.Key); !ok || got != f {
			t.Errorf("%s: got %v, %v", f.Key, got, ok)
		}
		if f.Note == "" || strings.HasSuffix(f.Note, ".") {
			t.Errorf("%s: a note is a phrase: %q", f.Key, f.Note)
		}
	}
	if f, ok := FieldOf("jwt.token"); ok {
		t.Errorf("jwt.token is a key: %v", f)
	}
}

func TestNamesAreClosedSets(t *testing.T) {
	for _, k := range Kinds() {
		if got, ok := ParseKind(k.String()); !ok || got != k {
			t.Errorf("kind %v: got %v, %v", k, got, ok)
		}
		if audit := k >= UILogin; strings.HasPrefix(k.String(), "jotsight.") != audit || strings.HasPrefix(k.String(), "jwt.") == audit {
			t.Errorf("kind %v: wrong prefix", k)
		}
	}
	for _, r := range Reasons() {
		if got, ok := ParseReason(r.String()); !ok || got != r {
			t.Errorf("reason %v: got %v, %v", r, got, ok)
		}
		if c, ok := ParseClass(r.Class().String()); !ok || c != r.Class() {
			t.Errorf("reason %v: class %v, %v", r, c, ok)
		}
		if s := r.Severity(); s < Info || s > Error {
			t.Errorf("reason %v: severity %d", r, s)
		}
	}
	for _, s := range []string{"", "verified", "jwt.", "JWT.VERIFIED", "jwt.verified ", "Kind(0)"} {
		if k, ok := ParseKind(s); ok {
			t.Errorf("%q is a kind: %v", s, k)
		}
	}
	if r, ok := ParseReason(""); ok {
		t.Errorf("the empty text is a reason: %v", r)
	}
	if got := Reason(255).Class(); got != 0 || Reason(255).String() != "" || Kind(255).String() != "Kind(255)" {
		t.Error("a value beyond the set has a class or a name")
	}
}

// TestAttacksAreLoud holds the order of noise: what no honest client does is
// louder than what a deployment gets wrong, and that than what happens daily.
func TestAttacksAreLoud(t *testing.T) {
	for _, r := range Reasons() {
		want := map[Class]Severity{ClassBenign: Info, ClassConfiguration: Warn, ClassProbe: Warn, ClassPolicy: Warn,
			ClassAttack: Error, ClassState: Error, ClassInternal: Error}[r.Class()]
		if got := DefaultSeverity(VerificationFailed, r); got != want {
			t.Errorf("verification_failed for %v: severity %d, want %d", r, got, want)
		}
	}
	for k, want := range map[Kind]Severity{Verified: Debug, Request: Debug, Issued: Info, Missing: Info, RefreshOK: Info, ScopeDenied: Warn,
		RateLimited: Warn, RefreshReuse: Error, RevokedUse: Error, RevokedAccepted: Critical, CanaryUsed: Critical, EventsDropped: Error} {
		if got := DefaultSeverity(k, 0); got != want {
			t.Errorf("%v: severity %d, want %d", k, got, want)
		}
	}
}

func TestWeight(t *testing.T) {
	for count, want := range map[int64]int64{0: 1, 1: 1, 7: 7} {
		if got := (&Event{Count: count}).Weight(); got != want {
			t.Errorf("count %d: weight %d, want %d", count, got, want)
		}
	}
}
