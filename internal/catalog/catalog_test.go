package catalog_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// The ids are promises: an entry leaves these lists never, and a new one is added.
const (
	weaknessIDs = `alg-none-accepted algorithm-confusion audience-not-checked crit-ignored deny-then-serve expired-accepted
		fail-open family-survives-reuse incomplete-event issuer-not-checked kid-injection log-injection lost-events
		no-alert no-login-rate-limit no-refresh-rate-limit no-verify-rate-limit noisy-alert not-before-ignored
		numericdate-millis psychic-signature raw-token-denylist refresh-not-rotated refresh-reuse-accepted
		revoked-token-accepted sensitive-claims signature-not-verified silent-issuance silent-missing-token
		silent-rate-limit silent-refresh silent-revocation silent-revoked-use silent-scope-denial silent-verify-failure
		telemetry-silence timing-oracle token-in-log token-in-url token-keyed-memory token-prefix-as-id
		token-type-confusion unauthenticated-access unauthenticated-issuance unawaited-verify unbounded-lifetime
		unpinned-algorithm untrusted-key-header unverified-claims-used verbose-error weak-secret wrong-level wrong-reason`
	detectionIDs = `abnormal-lifetime canary-used clock-skew detection-lag distributed-bruteforce events-dropped
		failure-ratio forged-algorithm impossible-travel issuance-spike missing-token-flood new-country probe-unseen
		refresh-abuse refresh-failures refresh-reuse revoked-accepted revoked-use scope-probing signature-bruteforce
		signature-guessing slow-verification stale-token-use state-saturated telemetry-silence timing-probe
		token-cross-service token-cross-user token-shared unauthenticated-issuance unknown-kid-spike`
)

func TestIDsArePromises(t *testing.T) {
	var got []string
	for _, w := range catalog.Weaknesses() {
		got = append(got, string(w.ID))
	}
	if want := strings.Fields(weaknessIDs); !slices.Equal(got, want) {
		t.Errorf("weaknesses\n%q, want\n%q", got, want)
	}
	got = nil
	for _, d := range catalog.Detections() {
		got = append(got, string(d.ID))
	}
	if want := strings.Fields(detectionIDs); !slices.Equal(got, want) {
		t.Errorf("detections\n%q, want\n%q", got, want)
	}
}

// sentence checks a text for people: there, of one line, ended, without double
// spaces, and of the length that a reader takes.
func sentence(t *testing.T, at, s string, least, most int) {
	t.Helper()
	switch {
	case len(s) < least || len(s) > most:
		t.Errorf("%s: %d characters, want %d to %d: %q", at, len(s), least, most, s)
	case strings.ContainsAny(s, "\n\t") || strings.Contains(s, "  ") || strings.TrimSpace(s) != s:
		t.Errorf("%s: stray white space: %q", at, s)
	case !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ".)"):
		t.Errorf("%s: does not end: %q", at, s)
	case strings.Count(s, "`")%2 != 0:
		t.Errorf("%s: an open quotation: %q", at, s)
	}
}

// heading checks a title: a plain sentence that begins with a capital letter and
// has no full stop.
func heading(t *testing.T, at, s string) {
	t.Helper()
	if len(s) < 5 || len(s) > 80 || strings.HasSuffix(s, ".") || s[0] < 'A' || s[0] > 'Z' || strings.ContainsAny(s, "`\n") {
		t.Errorf("%s: not a title: %q", at, s)
	}
}

func TestWeaknessesAreComplete(t *testing.T) {
	titles := map[string]catalog.ID{}
	for _, w := range catalog.Weaknesses() {
		at := string(w.ID)
		heading(t, at, w.Title)
		sentence(t, at+" why", w.Why, 80, 600)
		sentence(t, at+" fix", w.Fix, 60, 600)
		if was, taken := titles[w.Title]; taken {
			t.Errorf("%s has the title of %s", at, was)
		}
		titles[w.Title] = w.ID
		if w.Group == "" || w.Sides == 0 || w.Severity == catalog.None || len(w.CWE) == 0 {
			t.Errorf("%s: group %q, sides %b, severity %v, CWE %v", at, w.Group, w.Sides, w.Severity, w.CWE)
		}
		references(t, at, w.Refs)
		for _, d := range w.Detections {
			if _, ok := catalog.DetectionOf(d); !ok {
				t.Errorf("%s: %s is no detection", at, d)
			}
		}
		if w.Sides&catalog.Detect != 0 && len(w.Detections) == 0 {
			t.Errorf("%s: a detection is to see it, and none is named", at)
		}
		if found, ok := catalog.WeaknessOf(w.ID); !ok || found.Title != w.Title {
			t.Errorf("%s is not found", at)
		}
	}
}

func TestDetectionsAreComplete(t *testing.T) {
	for _, d := range catalog.Detections() {
		at := string(d.ID)
		heading(t, at, d.Title)
		sentence(t, at+" when", d.When, 20, 300)
		sentence(t, at+" playbook", d.Playbook, 40, 500)
		if len(d.Benign) == 0 || d.Severity == catalog.None {
			t.Errorf("%s: %d harmless causes, severity %v", at, len(d.Benign), d.Severity)
		}
		for _, b := range d.Benign {
			if b == "" || strings.HasSuffix(b, ".") || strings.ToLower(b[:1]) != b[:1] {
				t.Errorf("%s: a harmless cause is a phrase: %q", at, b)
			}
		}
		references(t, at, d.Refs)
		if found, ok := catalog.DetectionOf(d.ID); !ok || found.Title != d.Title {
			t.Errorf("%s is not found", at)
		}
	}
}

var forms = map[string]*regexp.Regexp{
	"API":   regexp.MustCompile(`^API([1-9]|10)$`),
	"Top10": regexp.MustCompile(`^(A(0[1-9]|10)|\(A(0[1-9]|10)\))$`),
	"ASVS":  regexp.MustCompile(`^\d+\.\d+\.\d+$`),
	"RFC":   regexp.MustCompile(`^RFC \d{4}( section \d+(\.\d+)*)?$`),
	"ATTCK": regexp.MustCompile(`^T\d{4}(\.\d{3})?$`),
}

func references(t *testing.T, at string, r catalog.Refs) {
	t.Helper()
	for name, list := range map[string][]string{"API": r.API, "Top10": r.Top10, "ASVS": r.ASVS, "RFC": r.RFC, "ATTCK": r.ATTCK} {
		for _, s := range list {
			if !forms[name].MatchString(s) {
				t.Errorf("%s: %s has %q", at, name, s)
			}
		}
	}
	if len(r.Top10) == 0 || len(r.ASVS) == 0 {
		t.Errorf("%s: no place in the Top 10 or in ASVS", at)
	}
	if len(r.NIST53)+len(r.SOC2)+len(r.ISO)+len(r.PCI) > 0 {
		t.Errorf("%s: NIST, SOC 2, ISO and PCI are compared with their texts first; then change this test and the comment of Refs", at)
	}
}

// TestWordsAgreeWithEvents holds that the catalogue and package event name the
// same kinds and reasons, in the same order, with the same class, severity and
// OWASP term.
func TestWordsAgreeWithEvents(t *testing.T) {
	kinds := catalog.Kinds()
	if len(kinds) != len(event.Kinds()) {
		t.Fatalf("%d kinds, package event has %d", len(kinds), len(event.Kinds()))
	}
	for i, k := range event.Kinds() {
		w := kinds[i]
		if w.Name != k.String() {
			t.Errorf("kind %d: %s, want %s", i, w.Name, k)
			continue
		}
		heading(t, w.Name, w.Title)
		sentence(t, w.Name, w.Meaning, 15, 300)
		if got, want := w.OWASP, (&event.Event{Kind: k}).OWASP(); got != want {
			t.Errorf("%v: OWASP %q, want %q", k, got, want)
		}
		byReason := event.DefaultSeverity(k, event.ReasonExpired) != event.DefaultSeverity(k, event.ReasonAlgNone)
		want := int(event.DefaultSeverity(k, event.ReasonAlgNone))
		if byReason {
			want = 0
		}
		if w.Severity != want {
			t.Errorf("%v: severity %d, want %d", k, w.Severity, want)
		}
	}
	reasons := catalog.Reasons()
	if len(reasons) != len(event.Reasons()) {
		t.Fatalf("%d reasons, package event has %d", len(reasons), len(event.Reasons()))
	}
	for i, r := range event.Reasons() {
		w := reasons[i]
		if w.Name != r.String() || w.Class != r.Class().String() || w.Severity != int(r.Severity()) {
			t.Errorf("reason %d: %s of class %s, severity %d; want %s, %s, %d", i, w.Name, w.Class, w.Severity, r, r.Class(), r.Severity())
		}
		heading(t, w.Name, w.Title)
		sentence(t, w.Name, w.Meaning, 15, 300)
		sentence(t, w.Class, catalog.ClassOf(w.Class), 15, 300)
	}
}

// TestTextsNameWhatThereIs looks up what the texts quote: a name of guard must be
// exported by guard, a word of the vocabulary must be one, a page must exist.
func TestTextsNameWhatThereIs(t *testing.T) {
	exports := exportsOf(t, filepath.Join("..", "..", "guard"))
	events := exportsOf(t, filepath.Join("..", "..", "guard", "event"))
	quoted := regexp.MustCompile("`[^`]+`")
	name := regexp.MustCompile(`\b(guard|event|g|Issuer)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
	bare := regexp.MustCompile(`^[A-Z]\w+$`) // a function, a type, a constant, or a field or method of some type
	word := regexp.MustCompile(`^(jwt\.)?[a-z]+(_[a-z]+)+$|^jwt\.[a-z_.]+$`)
	for _, w := range catalog.Weaknesses() {
		for _, q := range quoted.FindAllString(w.Why+" "+w.Fix, -1) {
			q = strings.Trim(q, "`")
			for _, m := range name.FindAllStringSubmatch(q, -1) {
				pkg, sym, field := m[1], m[2], m[3]
				names := map[string]map[string]bool{"guard": exports, "event": events}[pkg]
				switch {
				case pkg == "g":
					names, sym = exports, "Guard."+sym
				case pkg == "Issuer":
					names, sym = exports, "Issuer."+sym
				case field != "":
					sym += "." + field
				}
				if !names[sym] {
					t.Errorf("%s: %s has no %s", w.ID, cmp.Or(map[string]string{"event": "event"}[pkg], "guard"), sym)
				}
			}
			if bare.MatchString(q) && !known(exports, q) {
				t.Errorf("%s: guard has no %s", w.ID, q)
			}
			if word.MatchString(q) {
				_, kind := event.ParseKind("jwt." + strings.TrimPrefix(q, "jwt."))
				_, reason := event.ParseReason(q)
				_, key := event.FieldOf(q)
				if !kind && !reason && !key {
					t.Errorf("%s: %q is no kind, reason or key", w.ID, q)
				}
			}
		}
	}
}

// known finds a bare name, also behind the name of a type.
func known(exports map[string]bool, name string) bool {
	for export := range exports {
		if export == name || strings.HasSuffix(export, "."+name) {
			return true
		}
	}
	return false
}

// exportsOf reads the exported names of a package from its source: functions,
// types, constants, "Type.Method" and "Type.Field".
func exportsOf(t *testing.T, dir string) map[string]bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	names := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
					continue
				}
				r := d.Recv.List[0].Type
				if star, ok := r.(*ast.StarExpr); ok {
					r = star.X
				}
				if id, ok := r.(*ast.Ident); ok {
					names[id.Name+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					case *ast.TypeSpec:
						names[s.Name.Name] = true
						if st, ok := s.Type.(*ast.StructType); ok {
							for _, f := range st.Fields.List {
								for _, n := range f.Names {
									names[s.Name.Name+"."+n.Name] = true
								}
							}
						}
					}
				}
			}
		}
	}
	return names
}

func TestSeverities(t *testing.T) {
	for s := catalog.None; s <= catalog.Critical; s++ {
		b, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back catalog.Severity
		if err := back.UnmarshalText(b); err != nil || back != s {
			t.Errorf("%v: got %v, %v", s, back, err)
		}
	}
	for _, s := range []string{"", "High", "worst"} {
		if v, err := catalog.ParseSeverity(s); err == nil {
			t.Errorf("%q is a severity: %v", s, v)
		}
	}
	if got := catalog.Severity(9).String(); got != "none" {
		t.Errorf("severity 9 prints %q", got)
	}
}
