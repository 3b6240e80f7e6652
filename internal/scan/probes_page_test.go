package scan

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
)

var update = flag.Bool("update", false, "write the page of the probes instead of comparing with it")

const probesPage = "../../docs/scan/probes.md"

// TestProbesPage holds that the list of all probes for people is the one that
// runs, and that every probe says what the page needs of it.
func TestProbesPage(t *testing.T) {
	got := writeProbesPage(t)
	if *update {
		if err := os.WriteFile(probesPage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(probesPage)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s is not what the probes are: go test -run TestProbesPage ./internal/scan -update", filepath.Base(probesPage))
	}
}

// TestProbeFiles holds that a probe stands in a file of its name.
func TestProbeFiles(t *testing.T) {
	for _, p := range Probes() {
		if _, err := os.Stat(strings.ReplaceAll(p.Name, "-", "_") + ".go"); err != nil {
			t.Errorf("%s has no file of its own: %v", p.Name, err)
		}
	}
}

var stageNames = map[Stage]string{
	StageRefusal: "Tokens that must be refused", StageKey: "Ways to sign", StageClaims: "Tokens signed in such a way",
	StageLifecycle: "Sessions", StageBurst: "Bursts", StageEnd: "What waits, or changes the account", StageBrute: "Wrong passwords",
}

var needNames = map[Need]string{
	NeedJWT: "a JWT", NeedKey: "a way to sign", NeedLogin: "login", NeedRefresh: "refresh", NeedLogout: "logout or revoke",
	NeedLog: "a log", NeedRoutes: "several routes", NeedCallback: "a callback address", NeedForbidden: "a forbidden resource",
	NeedPasswordChange: "a password change",
}

// fullRecipe has all that the budget of a probe can depend on.
const fullRecipe = `
target: http://127.0.0.1:8080
login:
  - request: POST /login
    json: {user: alice}
    take: {access: $.access, refresh: $.refresh}
protected: {request: GET /me, proof: $.id}
refresh: {request: POST /refresh, json: {refresh: "{{refresh}}"}, take: {access: $.access, refresh: $.refresh}}
logout: {request: POST /logout, headers: {Authorization: "Bearer {{access}}"}}
logs: [{id: app, file: app.log}]
`

func writeProbesPage(t *testing.T) string {
	recipe, err := Parse("jotsight.yaml", []byte(fullRecipe), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# The probes

<!-- Written by internal/scan, TestProbesPage. Change the probes, not this page. -->

Every attack that ` + "`jotsight scan`" + ` makes, in the order in which it makes them. A
probe that lacks what it needs is skipped and says so. *At most* is what it sends
with a recipe of all steps and the default limits; most of it is sent only to
confirm a hit. *Finds* is the [weakness](../reference/weaknesses.md) when the
attack gets in, *unrecorded* the one when the service refuses it and its log holds
nothing, *alert* the [detection](../reference/detections.md) that must fire. A
record is right if it gives one of the [reasons](../reference/reasons.md).

A hit is never one answer: it is repeated, and where a key is concerned the same
token under a random key must be refused. Keys are fresh in every run. What a
probe offers for download is its own public key or an empty page, under an address
that nobody can guess; what it has a database or a shell do is to give back a
constant or to fetch such a page.

## Keys and callbacks

    keys: {secret: "${HMAC_SECRET}"}            the key that signs the service's tokens,
    keys: {pem: key.pem}                        unlocks the probes of claims; or --key-file FILE
    keys: {jwks: /.well-known/jwks.json}        the public keys, where they are not in the usual
    keys: {public: key.pub}                     places; a file, or a path or address to ask
    callback: 192.0.2.7:8444                    where the target reaches this machine; or --callback

Without a key a probe may find one: a guessable secret or a published private key
then serves the probes that come after it. A target on this machine is pointed to a
free port of it; for every other one the probes that need a callback address are
skipped until you name one. The scan listens there while it runs.
`)
	stage := Stage(-1)
	for _, p := range Probes() {
		if p.Stage != stage {
			stage = p.Stage
			name, ok := stageNames[stage]
			if !ok {
				t.Errorf("stage %d has no name on the page", stage)
			}
			fmt.Fprintf(&b, "\n## %s\n\n| probe | what is sent | at most | needs | finds | unrecorded | alert | right reasons |\n|---|---|---|---|---|---|---|---|\n", name)
		}
		var needs, reasons []string
		for _, n := range p.Needs {
			name, ok := needNames[n]
			if !ok {
				t.Errorf("need %d of %s has no name on the page", n, p.Name)
			}
			needs = append(needs, name)
		}
		for _, r := range p.Truth {
			reasons = append(reasons, r.String())
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d | %s | %s | %s | %s | %s |\n", p.Name, strings.ReplaceAll(p.Title, "|", `\|`), p.Requests(recipe),
			orNothing(strings.Join(needs, ", ")), anchored("weaknesses", p.Weakness), anchored("weaknesses", p.Silent), anchored("detections", p.Alert), orNothing(strings.Join(reasons, ", ")))
	}
	for _, n := range slices.Sorted(maps.Keys(needNames)) {
		if !slices.ContainsFunc(Probes(), func(p Probe) bool { return slices.Contains(p.Needs, n) }) {
			t.Errorf("no probe needs %s", needNames[n])
		}
	}
	return b.String()
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func anchored(page string, id catalog.ID) string {
	if id == "" {
		return "-"
	}
	return fmt.Sprintf("[%s](../reference/%s.md#%s)", id, page, id)
}
