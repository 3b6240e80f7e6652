package scan

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxAnswer bounds one answer of a store of logs or alerts.
const maxAnswer = 16 << 20

// An asker speaks to a store of logs or alerts: not the target, so that nothing
// it sends counts as a request of the scan or carries a canary. It follows no
// redirect, which could carry its credentials elsewhere. One goroutine uses it.
type asker struct {
	base     *url.URL
	http     *http.Client
	headers  map[string]string
	user     string // of Basic authentication, if there are no login steps
	pass     string
	login    []Step
	vars     map[string]string
	signedIn bool

	mu   sync.Mutex
	told []string // what the login steps took
}

// newAsker prepares to speak to base. The recipe's root certificate is believed;
// its insecure is for the target alone.
func newAsker(r *Recipe, base *url.URL) (*asker, error) {
	conf := &tls.Config{InsecureSkipVerify: r.TLS.Insecure && r.Target != nil && base.Host == r.Target.Host}
	if r.TLS.CA != "" {
		text, err := os.ReadFile(r.file(r.TLS.CA))
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", plainError(err))
		}
		conf.RootCAs = x509.NewCertPool()
		conf.RootCAs.AppendCertsFromPEM(text)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	a := &asker{base: base, vars: map[string]string{}}
	for k, v := range r.Vars {
		a.vars[k] = v
	}
	a.http = &http.Client{
		Timeout: 10 * time.Second, Jar: jar,
		Transport:     &http.Transport{TLSClientConfig: conf, IdleConnTimeout: 5 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, nil
}

// An unexpected status of an answer.
type unexpected struct {
	what   string
	status int
}

func (u *unexpected) Error() string { return fmt.Sprintf("%s answered %d", u.what, u.status) }

// ask sends one request and gives the body of an answer of 2xx. It signs in
// first where there are steps for that, and once more when it was forgotten. The
// error names method, path and status, and neither query, header nor body.
func (a *asker) ask(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	if len(a.login) > 0 && !a.signedIn {
		if err := a.signIn(ctx); err != nil {
			return nil, err
		}
	}
	_, answer, err := a.once(ctx, method, path, query, body, a.headers)
	var u *unexpected
	if len(a.login) > 0 && errors.As(err, &u) && (u.status == http.StatusUnauthorized || u.status == http.StatusForbidden) {
		if err := a.signIn(ctx); err != nil {
			return nil, err
		}
		_, answer, err = a.once(ctx, method, path, query, body, a.headers)
	}
	return answer, err
}

// signIn goes through the login steps.
func (a *asker) signIn(ctx context.Context) error {
	took := []string{}
	for i, s := range a.login {
		headers := expandMap(s.Headers, a.expand)
		for k, v := range s.Cookies {
			headers["Cookie"] = strings.TrimPrefix(headers["Cookie"]+"; "+k+"="+a.expand(v), "; ")
		}
		var body any
		if s.JSON != nil {
			body = expandTree(s.JSON, a.expand)
		} else if len(s.Form) > 0 {
			form := url.Values{}
			for k, v := range s.Form {
				form.Set(k, a.expand(v))
			}
			body = form
		}
		header, answer, err := a.once(ctx, s.Method, a.expand(s.Path), nil, body, headers)
		var u *unexpected
		if err != nil && !(errors.As(err, &u) && u.status/100 == 3) { // a form sends a browser on
			return fmt.Errorf("login[%d]: %w", i, err)
		}
		for _, c := range (&http.Response{Header: header}).Cookies() {
			took = append(took, c.Value)
		}
		for name, e := range s.Take {
			v := e.from(header, answer)
			if v == "" {
				return fmt.Errorf("login[%d]: take.%s is not in the answer", i, name)
			}
			a.vars[name] = v
			took = append(took, v)
		}
	}
	a.signedIn = true
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, took...)
	return nil
}

// secrets gives what the logins took. It may be called from any goroutine.
func (a *asker) secrets() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.told)
}

func (a *asker) expand(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string { return a.vars[placeholder.FindStringSubmatch(m)[1]] })
}

func (a *asker) once(ctx context.Context, method, path string, query url.Values, body any, headers map[string]string) (http.Header, []byte, error) {
	path, own, _ := strings.Cut(path, "?")
	what := method + " " + path
	u := *a.base
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	if p, err := url.PathUnescape(path); err == nil && p != path {
		u.Path, u.RawPath = strings.TrimSuffix(a.base.Path, "/")+p, strings.TrimSuffix(a.base.Path, "/")+path
	}
	u.RawQuery = own
	if len(query) > 0 {
		u.RawQuery = strings.TrimPrefix(own+"&"+query.Encode(), "&")
	}
	var in io.Reader
	kind := ""
	switch body := body.(type) {
	case nil:
	case url.Values:
		in, kind = strings.NewReader(body.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: body: %w", what, err)
		}
		in, kind = bytes.NewReader(text), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), in)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: cannot be written as a request", what)
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if a.user != "" && len(a.login) == 0 {
		req.SetBasicAuth(a.user, a.pass)
	}
	for k, v := range headers {
		req.Header.Set(k, a.expand(v))
	}
	res, err := a.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address and its query
		}
		return nil, nil, fmt.Errorf("%s: %w", what, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode/100 != 2:
		return res.Header, text, &unexpected{what, res.StatusCode}
	case err != nil:
		return res.Header, nil, fmt.Errorf("%s: answer: %w", what, err)
	case len(text) > maxAnswer:
		return res.Header, nil, fmt.Errorf("%s: the answer has more than %d MiB", what, maxAnswer>>20)
	}
	return res.Header, text, nil
}

func (a *asker) close() { a.http.CloseIdleConnections() }
