package lint

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/jotsight/jotsight/internal/finding"
)

// WriteJSON writes v as indented JSON, in the form that its Schema promises.
func (v *Inventory) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(finding.EscapeJSON(text), '\n'))
	return err
}

// WriteText writes v for a person at a terminal: one operation after the other,
// each with its outcomes below it.
func (v *Inventory) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, o := range v.Operations {
		use := ""
		if o.Use != "" {
			use = " (" + o.Use + ")"
		}
		fmt.Fprintf(&b, "%s%s  %s  %s:%d  %s\n", o.Does, finding.Escape(use), finding.Escape(o.Name), finding.Escape(o.Path), o.Line, finding.Escape(o.Function))
		if len(o.Routes) > 0 {
			const most = 6
			more := ""
			if n := len(o.Routes); n > most {
				more = fmt.Sprintf(" and %d more", n-most)
			}
			fmt.Fprintf(&b, "    routes: %s%s; limiter: %s\n", finding.Escape(strings.Join(o.Routes[:min(len(o.Routes), most)], ", ")), more, o.Limiter)
		}
		t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
		for _, x := range o.Outcomes {
			unknown := ""
			if x.Unknown > 0 {
				unknown = fmt.Sprintf(" (%d of %d ways unknown)", x.Unknown, x.Ways)
			}
			fmt.Fprintf(t, "    %s\t%s%s\t%s\t%s\t%s\n", x.Outcome, x.Tier, unknown, finding.Escape(x.Level), finding.Escape(strings.Join(x.Fields, ",")), finding.Escape(strings.Join(x.Records, " ")))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if len(v.Operations) == 0 {
		b.WriteString("No operation on a token was found.\n")
	}
	if v.Unresolved > 0 {
		fmt.Fprintf(&b, "\n%d of %d calls lead to code that could not be told: what they do is not in here.\n", v.Unresolved, v.Calls)
	}
	// Cells that are empty leave white space at the ends of lines.
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

var (
	//go:embed inventory.tmpl
	inventoryPage string
	//go:embed inventory.css
	inventoryStyle string

	inventoryTemplate = template.Must(template.New("map").Funcs(template.FuncMap{"esc": finding.Escape}).Parse(inventoryPage))
)

// WriteHTML writes v as one page that needs nothing beside itself.
func (v *Inventory) WriteHTML(w io.Writer) error {
	sum := sha256.Sum256([]byte(inventoryStyle))
	return inventoryTemplate.Execute(w, struct {
		*Inventory
		Policy string
		Style  template.CSS
	}{v, "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'", template.CSS(inventoryStyle)})
}
