package scan

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var fencedYAML = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// inTable finds the recipes in the tables of the pages about logs and alerts.
var inTable = regexp.MustCompile("(?m)^\\| [^|]* \\| `(?:alerts: )?([{].*[}])` \\|$")

// TestDocumentedRecipes reads every example of the pages about recipes, logs and
// alerts. What an example leaves out is added.
func TestDocumentedRecipes(t *testing.T) {
	var examples [][]string
	for page, field := range map[string]string{"recipe": "", "logs": "logs: [%s]\n", "alerts": "alerts: %s\n"} {
		text, err := os.ReadFile("../../docs/scan/" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		examples = append(examples, fencedYAML.FindAllStringSubmatch(string(text), -1)...)
		for _, m := range inTable.FindAllStringSubmatch(string(text), -1) {
			if field != "" {
				examples = append(examples, []string{"", strings.Replace(field, "%s", m[1], 1)})
			}
		}
	}
	if len(examples) < 30 {
		t.Fatalf("%d examples found", len(examples))
	}
	for _, m := range examples {
		text := m[1]
		has := func(field string) bool { return strings.Contains("\n"+text, "\n"+field+":") }
		if !has("target") {
			text += "target: http://127.0.0.1:8080\n"
		}
		if !has("protected") {
			text += "protected: {request: GET /me}\n"
		}
		if !has("login") && !has("token") && !has("mint") {
			text += "token: file:token\n"
		}
		if _, err := Parse("recipe.md", []byte(text), func(string) (string, bool) { return "whsec_bm90LWEtc2VjcmV0LWJ1dC1hLXRlc3Q=", true }); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// TestSchemaAgrees holds that the schema for editors and the decoder know the
// same fields, and that the schema takes what the decoder takes.
func TestSchemaAgrees(t *testing.T) {
	text, err := os.ReadFile("../../docs/jotsight-recipe-1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`zz: unknown field, not one of (.*)`)
	for place, recipe := range map[string]string{
		"":                             "zz: 1",
		"properties tls":               "tls: {zz: 1}",
		"properties mint":              "mint: {zz: 1}",
		"properties keys":              "keys: {zz: 1}",
		"properties claims":            "claims: {zz: 1}",
		"properties monitor":           "monitor: {zz: 1}",
		"properties limits":            "limits: {zz: 1}",
		"properties suppress items":    "suppress: [{zz: 1}]",
		"$defs step":                   "logout: {zz: 1}",
		"$defs protected":              "protected: {zz: 1}",
		"$defs forbidden":              "forbidden: {zz: 1}",
		"$defs refresh":                "refresh: {zz: 1}",
		"$defs oauth properties oauth": "login: [{oauth: {zz: 1}}]",
		"$defs oauth properties oauth properties inputs": "login: [{oauth: {inputs: {zz: 1}}}]",
		"$defs log":    "logs: [{zz: 1}]",
		"$defs alerts": "alerts: {zz: 1}",
	} {
		_, err := Parse("r.yaml", []byte(recipe), testEnv)
		m := known.FindStringSubmatch(err.Error())
		if m == nil {
			t.Fatalf("%s: error %v", recipe, err)
		}
		v := doc
		for _, name := range strings.Fields(place) {
			v, _ = v.(map[string]any)[name]
		}
		object, _ := v.(map[string]any)
		properties, _ := object["properties"].(map[string]any)
		want := strings.Split(m[1], ", ")
		if place == "$defs protected" { // the decoder knows these to say that they do not belong here
			want = slices.DeleteFunc(want, func(f string) bool { return f == "take" || f == "follow" })
		}
		if got := slices.Sorted(maps.Keys(properties)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the decoder %v", place, got, want)
		}
	}

	c := jsonschema.NewCompiler()
	if err := c.AddResource("recipe.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	for recipe, valid := range map[string]bool{
		"target: http://a\ntoken: file:t\nprotected: {request: GET /me, proof: $.id}":                                                  true,
		"target: http://a\nlogin: [{oauth: {grant: code, issuer: /, client: a}}]\nrefresh: oauth\nprotected: [{request: GET /me}]":     true,
		"target: http://a\nlogin: [{request: POST /l, take: {access: 'cookie:a'}}]\nprotected: {request: GET /me}\nlimits: {rps: 0.5}": true,
		"target: http://a\ntoken: file:t\nprotected: {request: GET /me, prof: $.id}":                                                   false,
		"target: http://a\ntoken: file:t\nmint: {alg: HS256}\nprotected: {request: GET /me}":                                           false,
		"target: http://a\nlogin: [{request: /l}]\nprotected: {request: GET /me}":                                                      false,
		"target: http://a\ntoken: file:t": false,
		"target: http://a\ntoken: file:t\nprotected: {request: GET /me}\ntls: {cert: a.pem}": false,
	} {
		js, err := asJSON([]byte(recipe))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(js))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != valid {
			t.Errorf("%s: valid %v, want %v: %v", recipe, err == nil, valid, err)
		}
	}
}
