package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the parsed templates: one set a page, which shares the layout and
// the fragments with the others.
type pages struct {
	byName    map[string]*template.Template
	fragments *template.Template
}

func loadPages(a assets) (pages, error) {
	base, err := template.New("base").Funcs(template.FuncMap{
		"asset": a.url, "n": grouped, "sentence": sentence, "visible": visible,
	}).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/scans.html")
	if err != nil {
		return pages{}, fmt.Errorf("templates: %w", err)
	}
	p := pages{byName: map[string]*template.Template{}, fragments: base}
	for _, name := range []string{"overview", "alert", "event", "login", "setup", "problem"} {
		t := template.Must(base.Clone()) // fails only after an execution
		if p.byName[name], err = t.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return pages{}, fmt.Errorf("template %s: %w", name, err)
		}
	}
	return p, nil
}

// write renders a whole page before it sends the first byte, so that a broken
// page is an error and not half an answer.
func (p pages) write(rw http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.byName[name].ExecuteTemplate(&b, "layout", data); err != nil {
		panic(err) // a template that does not fit its data is a bug of ours
	}
	send(rw, status, &b)
}

// writeFragment renders one part of the overview.
func (p pages) writeFragment(rw http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := p.fragments.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	send(rw, http.StatusOK, &b)
}

func send(rw http.ResponseWriter, status int, b *bytes.Buffer) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	rw.WriteHeader(status)
	rw.Write(b.Bytes()) // the browser has gone if this fails
}

// frame is what every page for members has.
type frame struct {
	Title   string
	User    string
	Version string
	Filter  filter
	Zone    [2]string // the same page in the reader's zone and in UTC
	Totals  string    // what is known of Live, "" where nothing changes
}

func (w *Web) frame(r *http.Request, title string, f filter) frame {
	local, utc := f, f
	local.UTC, utc.UTC = false, true
	return frame{Title: title, User: visible(userOf(r)), Version: w.c.Version, Filter: f,
		Zone: [2]string{local.Path(r.URL.EscapedPath()), utc.Path(r.URL.EscapedPath())}}
}

// problem is a page that says what is wrong, for members and strangers alike.
func (w *Web) problem(rw http.ResponseWriter, _ *http.Request, status int, text string) {
	w.pages.write(rw, status, "problem", entry{Title: http.StatusText(status), Problem: text})
}

func (w *Web) notFound(rw http.ResponseWriter, r *http.Request) {
	w.problem(rw, r, http.StatusNotFound, "There is no such page.")
}

func (w *Web) crossOrigin(rw http.ResponseWriter, r *http.Request) {
	w.problem(rw, r, http.StatusForbidden, "This form was sent by another site. Nothing was changed.")
}

// fail tells the reader that it is our fault, and the log why.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the reader has gone, and took the query with it
	}
	w.c.Log.ErrorContext(r.Context(), "page failed", "error", err, "http.route", r.Pattern)
	w.problem(rw, r, http.StatusInternalServerError, "The monitor could not answer. Its log says why.")
}

func pathEscape(s string) string { return url.PathEscape(s) }
