package event

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	texttemplate "text/template"
)

const planted = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWFsaWNl"

// hunt looks for the planted token in what was printed: whole, each part, and in
// the spellings that verbs and encoders have for texts.
func hunt(t *testing.T, how, printed string) {
	t.Helper()
	needles := []string{planted, url.QueryEscape(planted)}
	for _, s := range append(strings.Split(planted, "."), planted) {
		decimals := strings.Trim(fmt.Sprint([]byte(s[:8])), "[]")
		needles = append(needles, s, s[:10], hex.EncodeToString([]byte(s[:8])), fmt.Sprintf("% x", s[:8]), decimals,
			strings.ReplaceAll(decimals, " ", ", "), base64.StdEncoding.EncodeToString([]byte(s))[:12])
	}
	for _, n := range needles {
		if strings.Contains(strings.ToLower(printed), strings.ToLower(n)) {
			t.Errorf("%s shows the token: %.200q", how, printed)
			return
		}
	}
}

type exported struct{ Token Raw }
type unexported struct{ token Raw }
type embedded struct{ Raw }
type nested struct {
	In   unexported
	in   exported
	Any  any
	any  any
	List []Raw
	Map  map[string]Raw
	Keys map[Raw]int
	P    *Raw
}
type failure struct{ token Raw }

func (f failure) Error() string { return fmt.Sprintf("token %v refused", f.token) }

func carriers() map[string]any {
	r := NewRaw(planted)
	return map[string]any{
		"Raw": r, "*Raw": &r, "exported": exported{r}, "*exported": &exported{r}, "unexported": unexported{r}, "*unexported": &unexported{r},
		"embedded": embedded{r}, "slice": []Raw{r}, "array": [1]Raw{r}, "map": map[string]Raw{"k": r}, "key": map[Raw]int{r: 1},
		"nested": nested{unexported{r}, exported{r}, r, r, []Raw{r}, map[string]Raw{"k": r}, map[Raw]int{r: 1}, &r},
		"any":    []any{r, &r, unexported{r}}, "error": failure{r}, "wrapped": fmt.Errorf("verify: %w", failure{r}), "joined": errors.Join(failure{r}, failure{r}),
		"formatted": fmt.Errorf("verify %v %s %q %x", r, r, r, r), "func": func() Raw { return r }, "channel": make(chan Raw),
	}
}

func TestRawCannotBePrinted(t *testing.T) {
	surplus := strings.Clone("%d") // hidden from vet, which would rightly object
	for name, v := range carriers() {
		for verb := 'A'; verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "30", ".100", "#+-30.100"} {
				format := "%" + flags + string(verb)
				hunt(t, name+" by "+format, fmt.Sprintf(format, v))
			}
		}
		hunt(t, name+" by Sprint", fmt.Sprint(v))
		hunt(t, name+" by Sprintln", fmt.Sprintln(v, v))
		hunt(t, name+" as width", fmt.Sprintf("%*d", v, 1))
		hunt(t, name+" as surplus", fmt.Sprintf(surplus, 1, v))

		var b bytes.Buffer
		for how, h := range map[string]slog.Handler{"slog text": slog.NewTextHandler(&b, nil), "slog JSON": slog.NewJSONHandler(&b, nil)} {
			b.Reset()
			log := slog.New(h)
			log.Info("m", "k", v)
			log.With("k", v).WithGroup("g").Info("m", slog.Group("g", slog.Any("k", v)))
			hunt(t, name+" by "+how, b.String())
		}
		j, err := json.Marshal(v)
		hunt(t, name+" by JSON", fmt.Sprintf("%s %v", j, err))
		j, err = json.Marshal(map[string]any{"k": v})
		hunt(t, name+" by JSON in a map", fmt.Sprintf("%s %v", j, err))
		x, err := xml.Marshal(v)
		hunt(t, name+" by XML", fmt.Sprintf("%s %v", x, err))
		b.Reset()
		err = gob.NewEncoder(&b).Encode(v)
		hunt(t, name+" by gob", b.String()+fmt.Sprint(err))
		b.Reset()
		err = texttemplate.Must(texttemplate.New("").Parse("{{.}} {{printf `%v %s %q` . . .}}")).Execute(&b, v)
		hunt(t, name+" by text/template", b.String()+fmt.Sprint(err))
		b.Reset()
		err = template.Must(template.New("").Parse("<a href='{{.}}' onclick='f({{.}})'>{{.}}</a><script>var x = {{.}}</script>")).Execute(&b, v)
		hunt(t, name+" by html/template", b.String()+fmt.Sprint(err))
		func() {
			defer func() { hunt(t, name+" by panic", fmt.Sprint(recover())) }()
			panic(v)
		}()
	}
	type attribute struct {
		Token Raw `xml:"token,attr"`
	}
	x, err := xml.Marshal(attribute{NewRaw(planted)})
	hunt(t, "XML attribute", fmt.Sprintf("%s %v", x, err))
}

// TestTheHuntFinds holds that the hunt is no decoration: a token that is printed
// is found in each spelling.
func TestTheHuntFinds(t *testing.T) {
	for _, format := range []string{"%s", "%q", "%x", "%X", "% x", "%v", "%d", "%#v"} {
		probe := &testing.T{}
		hunt(probe, format, fmt.Sprintf(format, planted)+fmt.Sprintf(format, []byte(planted)))
		if !probe.Failed() {
			t.Errorf("%s of a plain text is not found", format)
		}
	}
}

func TestRawIsReadByRevealAlone(t *testing.T) {
	r := NewRaw(planted)
	if r.Reveal() != planted || r.IsZero() {
		t.Error("Reveal does not give the token")
	}
	if (Raw{}).Reveal() != "" || !(Raw{}).IsZero() || !NewRaw("").IsZero() {
		t.Error("no token is not zero")
	}
	b, err := json.Marshal(exported{r})
	if err != nil || string(b) != `{"Token":"[token]"}` {
		t.Errorf("got %s, %v", b, err)
	}
	var back exported
	if err := json.Unmarshal(b, &back); err == nil || back.Token.Reveal() != "" {
		t.Errorf("JSON was read back: %q, %v", back.Token.Reveal(), err)
	}
	var stream bytes.Buffer
	if err := gob.NewEncoder(&stream).Encode(exported{r}); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&stream).Decode(&back); err == nil {
		t.Error("gob was read back")
	}
}
