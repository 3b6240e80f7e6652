package scan

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

const (
	issuancePaths  = 6 // of openAPIPaths, the usual ones
	issuanceRoutes = 4
)

// The operations are those that the service's own OpenAPI document calls open and
// that speak of tokens; no other is sent.
var _ = add(Probe{
	Name:     "published-issuance",
	Weakness: catalog.UnauthenticatedIssuance,
	Title:    "operations of the OpenAPI document that give tokens to anybody",
	Stage:    StageLifecycle,
	Requests: requests(issuancePaths + 3*issuanceRoutes),
	To: func(r *Recipe) (list []Step) {
		for _, path := range openAPIPaths[:issuancePaths] {
			list = append(list, Step{Method: "GET", Path: path})
		}
		return append(list, Step{Method: "POST", Path: "operations of that document"}, r.Protected.Step)
	},
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		doc, err := a.document(ctx)
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		if doc == nil {
			a.skip("no OpenAPI document at the usual paths")
			return
		}
		var open []string
		tried := 0
		for _, o := range doc.operations {
			if tried == issuanceRoutes {
				break
			}
			if !r.issues(o) {
				continue
			}
			tried++
			step := Step{Method: o.method, Path: o.path}
			token, err := a.issued(ctx, step, o)
			if err != nil {
				a.inconclusive("%v", err)
				return
			}
			if token != "" {
				open = append(open, o.method+" "+o.path+a.whose(token))
				a.at = &step
			}
		}
		if len(open) == 0 {
			a.pass("%d operations that may give tokens: none gives one that works", tried)
			return
		}
		a.result.Accepted = true
		a.fail("%s: gives a token that opens the resource", strings.Join(open, ", "))
		r.find(found{id: catalog.UnauthenticatedIssuance, confidence: finding.Certain, step: *a.at,
			message: "tokens are issued without authentication", evidence: []string{a.probe.Name + ": " + a.result.Why}})
	},
})

var (
	issueName    = regexp.MustCompile(`token|jwt|impersonat|\b(?:guest|anonymous|sessions?|issue)\b`)
	notIssueName = regexp.MustCompile(`refresh|revoke|introspect|verif|valid|csrf|xsrf|push|device|reset|forgot|regist|sign-?up|log-?out|delete|invite|confirm|webhook`)
)

// issues reports whether an operation may give tokens, and can be tried without
// changing anything else.
func (r *run) issues(o operation) bool {
	known := slices.ContainsFunc(r.recipe.Login, func(s Step) bool { return s.Path == o.path })
	return o.method == "POST" && o.open == "" && !o.secured && !known && o.passwordField() == "" &&
		issueName.MatchString(o.name) && !notIssueName.MatchString(o.name)
}

// document reads the service's OpenAPI document; nil: there is none.
func (a *attempt) document(ctx context.Context) (*api, error) {
	for _, path := range openAPIPaths[:issuancePaths] {
		res, err := a.v.do(ctx, plainGet(path))
		if err != nil {
			return nil, err
		}
		if res.status != 200 || markup(res) {
			continue
		}
		if doc, err := parseOpenAPI(res.body); err == nil {
			return doc, nil
		}
	}
	return nil, nil
}

// issued sends an operation with nothing but names in it, and gives the token
// that came back if that opens the resource.
func (a *attempt) issued(ctx context.Context, step Step, o operation) (token string, err error) {
	r := a.run
	user := newCanary()
	if in, ok := r.recipe.passwordLogin(); ok {
		user = in.name(r.main)
	}
	texts, tree := map[string]string{}, map[string]any{}
	for _, f := range o.fields {
		texts[f] = newCanary()
		if userKey.MatchString(f) || f == "sub" || f == "subject" {
			texts[f] = user
		}
		tree[f] = texts[f]
	}
	if step.Form = texts; !o.form {
		step.Form, step.JSON = nil, tree
	}
	req := newRequest(step, func(s string) string { return s })
	a.marker.add(req.canary, a.v)
	res, err := a.v.do(ctx, req)
	if err != nil {
		return "", err
	}
	a.result.Status = res.status
	if res.status >= 300 {
		return "", nil
	}
	spots := tokensIn(res)
	for _, s := range spots[:min(2, len(spots))] {
		r.know("a token that was given to nobody", s.value, live)
		_, got, err := r.aside(ctx, a.v, s.value)
		if err != nil {
			return "", err
		}
		if got == took {
			return s.value, nil
		}
	}
	return "", nil
}
