package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
)

func TestParseFilter(t *testing.T) {
	place := Cursor{Time: noon.Add(123456789), ID: event.NewIDs([32]byte{1}).Next(noon)}
	for _, c := range []struct {
		query string
		want  filter
		wrong string // what the error names
	}{
		{"", filter{}, ""},
		{"kind=&reason=&outcome=&address=&service=", filter{}, ""},
		{"kind=jwt.verification_failed&reason=bad_signature&outcome=failure", filter{Kind: event.VerificationFailed, Reason: event.ReasonBadSignature, Outcome: event.Failure}, ""},
		{"address=+203.0.113.7+&service=a%26b", filter{Address: "203.0.113.7", Service: "a&b"}, ""},
		{"before=" + place.String(), filter{Before: place}, ""},
		{"tz=utc&alerts=all", filter{UTC: true, AllAlerts: true}, ""},
		{"tz=mars&alerts=some", filter{}, ""},
		{"utm_source=x", filter{}, ""},
		{"kind=verified", filter{}, "kind"},
		{"reason=bad&kind=bad", filter{}, "kind reason"},
		{"outcome=maybe", filter{}, "outcome"},
		{"before=1", filter{}, "before"},
		{"before=x." + place.ID.String(), filter{}, "before"},
		{"address=" + strings.Repeat("a", 129), filter{}, "address"},
		{"service=%ff", filter{}, "service"},
	} {
		q, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseFilter(q)
		for _, name := range strings.Fields(c.wrong) {
			if err == nil || !strings.Contains(err.Error(), name+": ") {
				t.Errorf("%q: error %v does not name %s", c.query, err, name)
			}
		}
		if c.wrong == "" && err != nil {
			t.Errorf("%q: %v", c.query, err)
		}
		if c.wrong == "" {
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("%q (-got +want):\n%s", c.query, diff)
			}
		}
	}
}

// FuzzFilter holds that no query makes the parser panic, that an accepted one
// means the same after a link of ours has carried it, and that no link leads
// elsewhere.
func FuzzFilter(f *testing.F) {
	f.Add("kind=jwt.verified&reason=expired&outcome=failure&address=::1&service=x&tz=utc&alerts=all")
	f.Add("before=1700000000000000000.01ARZ3NDEKTSV4RRFFQ69G5FAV")
	f.Add("before=-9223372036854775808.7ZZZZZZZZZZZZZZZZZZZZZZZZZ&address=%E2%80%AE")
	f.Add("address=//evil.example&service=%0d%0a")
	f.Fuzz(func(t *testing.T, query string) {
		q, _ := url.ParseQuery(query) // what can be read of a bad one is used, as net/http does
		first, err := parseFilter(q)
		if err != nil {
			return
		}
		link := first.List()
		u, err := url.Parse(link)
		if err != nil || u.Path != "/" || u.Host != "" || u.Scheme != "" {
			t.Fatalf("link %q: %v", link, err)
		}
		again, err := parseFilter(u.Query())
		if err != nil || again != first {
			t.Fatalf("%q: %+v became %+v, %v", query, first, again, err)
		}
	})
}

// TestPaging walks the whole list by its own links: each event once, newest
// first, also where many have the same time.
func TestPaging(t *testing.T) {
	s := newSite(t)
	v := s.member()
	ids := event.NewIDs([32]byte{2})
	const total = 3*eventsShown + 7
	for i := range total {
		at := noon.Add(-time.Duration(i/40) * time.Second)
		s.history.events = append(s.history.events, event.Event{Time: at, ID: ids.Next(at), Kind: event.Missing, Reason: event.ReasonMissing, Outcome: event.Failure})
		s.history.events = append(s.history.events, event.Event{Time: at, ID: ids.Next(at), Kind: event.Verified, Outcome: event.Success})
	}
	want, err := s.history.Events(t.Context(), EventQuery{Reason: event.ReasonMissing, Limit: 10 * total})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	pages := 0
	for path := "/?reason=missing&tz=utc"; path != ""; pages++ {
		text := v.page(strings.TrimSuffix(path, "#events"))
		for _, part := range strings.Split(text, `<tr data-key="`)[1:] {
			got = append(got, part[:26])
		}
		path = ""
		if _, after, more := strings.Cut(text, `rel="next"`); more {
			before := text[:len(text)-len(after)]
			href := before[strings.LastIndex(before, `href="`)+6:]
			path = strings.ReplaceAll(href[:strings.Index(href, `"`)], "&amp;", "&")
			if !strings.Contains(path, "tz=utc") || !strings.Contains(path, "reason=missing") {
				t.Errorf("link %s has lost the state", path)
			}
		}
	}
	if pages != 4 || !slices.EqualFunc(got, want, func(id string, e event.Event) bool { return id == e.ID.String() }) {
		t.Errorf("%d events on %d pages, want %d on 4, in order", len(got), pages, len(want))
	}
}
