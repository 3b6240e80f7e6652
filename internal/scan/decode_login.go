package scan

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// routes reads one protected resource, or a list of them; the first is the one
// with which most probes work.
func (d *decoder) routes(n *yaml.Node, f string) (main Protected, also []Protected) {
	if n.Kind != yaml.SequenceNode {
		return d.protected(n, f), nil
	}
	var all []Protected
	d.list(n, f, func(n *yaml.Node, f string) { all = append(all, d.protected(n, f)) })
	switch {
	case len(all) == 0:
		d.fail(n, f, "an empty list")
		return Protected{}, nil
	case len(all) > maxRoutes:
		d.fail(n, f, "more than %d routes", maxRoutes)
	}
	return all[0], all[1:]
}

// oauthStep reads a step of a login that is a whole OAuth grant.
func (d *decoder) oauthStep(n *yaml.Node, field string) (s Step) {
	o := &OAuth{Redirect: "http://127.0.0.1/callback", User: "{{user}}", Password: "{{password}}"}
	s = Step{Method: "POST", OAuth: o, File: d.name, Line: n.Line}
	d.object(n, field, fields{"oauth": func(n *yaml.Node, f string) {
		var seen map[string]bool
		place := func(to *string) func(*yaml.Node, string) {
			return func(n *yaml.Node, f string) {
				if *to = d.text(n, f); !isPath(*to) {
					d.fail(n, f, "neither a path on the target nor an address")
				}
			}
		}
		text := func(to *string) func(*yaml.Node, string) {
			return func(n *yaml.Node, f string) { *to = d.text(n, f) }
		}
		seen = d.object(n, f, fields{
			"grant": func(n *yaml.Node, f string) {
				if o.Grant = d.text(n, f); !slices.Contains([]string{"code", "password", "client"}, o.Grant) {
					d.fail(n, f, "not one of code, password, client")
				}
			},
			"issuer": place(&o.Issuer), "authorize": place(&o.Authorize), "token": place(&o.Token), "revoke": place(&o.Revoke),
			"client": text(&o.Client), "scope": text(&o.Scope), "user": text(&o.User), "password": text(&o.Password),
			"secret": func(n *yaml.Node, f string) { o.Secret = d.secret(n, f) },
			"auth": func(n *yaml.Node, f string) {
				if o.Auth = d.text(n, f); !slices.Contains([]string{"basic", "post", "none"}, o.Auth) {
					d.fail(n, f, "not one of basic, post, none")
				}
			},
			"redirect": func(n *yaml.Node, f string) {
				o.Redirect = d.text(n, f)
				if u, err := url.Parse(o.Redirect); err != nil || u.Scheme == "" || strings.Contains(o.Redirect, "#") {
					d.fail(n, f, "not an address without fragment (RFC 6749 section 3.1.2)")
				}
			},
			"params": func(n *yaml.Node, f string) { o.Params = d.texts(n, f) },
			"inputs": func(n *yaml.Node, f string) {
				o.Inputs = d.texts(n, f)
				for name := range o.Inputs {
					if name != "user" && name != "password" {
						d.fail(n, join(f, name), "unknown field, not one of password, user")
					}
				}
			},
		})
		if n.Kind != yaml.MappingNode {
			return
		}
		if !seen["grant"] {
			d.fail(n, join(f, "grant"), "missing")
		}
		if o.Issuer == "" && o.wantsMetadata() {
			d.fail(n, join(f, "issuer"), "missing, and so is an endpoint that its metadata could name")
		}
		if !seen["client"] && o.Grant != "password" {
			d.fail(n, join(f, "client"), "missing")
		}
		if o.Auth == "" {
			o.Auth = "none"
			if o.Secret != "" {
				o.Auth = "basic"
			}
		}
		if (o.Auth != "none") != (o.Secret != "") {
			d.fail(n, join(f, "auth"), "%s, which goes with %s", o.Auth, map[bool]string{true: "no secret", false: "a secret"}[o.Auth == "none"])
		}
		if o.Grant == "code" || o.Grant == "password" {
			for _, name := range []string{"user", "password"} {
				if !seen[name] { // the default is a variable, which must be there
					d.uses = append(d.uses, use{n, join(f, name), name})
				}
			}
		}
	}})
	s.Path = o.Token
	return s
}

// mint reads how a service's clients sign their own tokens.
func (d *decoder) mint(n *yaml.Node, field string) *Mint {
	m := &Mint{Lifetime: defaultLifetime}
	object := func(to *map[string]any) func(*yaml.Node, string) {
		return func(n *yaml.Node, f string) {
			if n.Kind != yaml.MappingNode {
				d.fail(n, f, "not a mapping of names to values")
				return
			}
			*to, _ = d.tree(n, f).(map[string]any)
		}
	}
	seen := d.object(n, field, fields{
		"alg": func(n *yaml.Node, f string) {
			if m.Alg = d.text(n, f); !slices.Contains(mintAlgs, m.Alg) {
				d.fail(n, f, "not one of %s", strings.Join(mintAlgs, ", "))
			}
		},
		"secret":   func(n *yaml.Node, f string) { m.Secret = d.secret(n, f) },
		"pem":      func(n *yaml.Node, f string) { m.PEM = d.text(n, f) },
		"header":   object(&m.Header),
		"claims":   object(&m.Claims),
		"lifetime": func(n *yaml.Node, f string) { m.Lifetime = d.duration(n, f) },
		"one_time": func(n *yaml.Node, f string) { m.OneTime = d.flag(n, f) },
	})
	if n.Kind != yaml.MappingNode {
		return m
	}
	if !seen["alg"] {
		d.fail(n, join(field, "alg"), "missing")
	}
	switch hmac := strings.HasPrefix(m.Alg, "HS"); {
	case seen["secret"] && seen["pem"]:
		d.fail(n, join(field, "pem"), "stands beside secret; a token has one key")
	case hmac && !seen["secret"]:
		d.fail(n, join(field, "secret"), "missing; %s signs with one", m.Alg)
	case slices.Contains(mintAlgs, m.Alg) && !hmac && !seen["pem"]:
		d.fail(n, join(field, "pem"), "missing; %s signs with a private key", m.Alg)
	}
	if m.Lifetime < time.Second {
		d.fail(n, join(field, "lifetime"), "less than a second")
	}
	return m
}

var mintAlgs = []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// maxRoutes bounds the protected resources of a recipe, and with them the requests.
const maxRoutes = 20
