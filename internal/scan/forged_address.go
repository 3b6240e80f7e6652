package scan

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// The addresses are of the blocks for documentation (RFC 5737): nobody has them.
var _ = add(Probe{
	Name:     "forged-address",
	Weakness: catalog.IncompleteEvent,
	Title:    "a bad token with addresses of the attacker's choice in its headers",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT, NeedLog},
	Requests: requests(1),
	Truth:    []event.Reason{event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run:      forgedAddress,
})

func forgedAddress(ctx context.Context, a *attempt) {
	var b [3]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = 1 + b[i]%254
	}
	forged := map[string]string{
		"X-Forwarded-For": fmt.Sprintf("203.0.113.%d", b[0]),
		"X-Real-Ip":       fmt.Sprintf("198.51.100.%d", b[1]),
		"Forwarded":       fmt.Sprintf("192.0.2.%d", b[2]),
	}
	token := garbled(a.run.token)
	_, got, err := a.sendWith(ctx, token, func(q *request) {
		a.run.recipe.Carrier.put(q, token)
		for name, addr := range forged {
			q.headers[name] = addr
		}
		q.headers["Forwarded"] = "for=" + forged["Forwarded"]
	})
	if got == took {
		a.skip("bad tokens are accepted, so that there is no record of a refusal to forge")
		return
	}
	if err != nil || got != refused {
		a.inconclusive("%s", orError(got, err))
		return
	}
	a.run.book.settle(ctx)
	believed := a.believed(a.run.book.records(a.run.book.since(a.mark)), forged)
	if len(believed) == 0 {
		a.pass("no address that a header claims stands for the client")
		return
	}
	a.fail("the log has the address of %s for the client's", strings.Join(believed, ", "))
	a.find(catalog.IncompleteEvent, finding.Tentative, "a record of an attack says the wrong where: any client can choose the address that is written",
		fmt.Sprintf("%s: %s; right only if the service trusts the scanning machine as its proxy", a.probe.Name, a.result.Why))
}

// believed names the headers whose address the records give for the client's. A
// record that shows the header beside the right address is right.
func (a *attempt) believed(records []*record, forged map[string]string) (headers []string) {
	for name, addr := range forged {
		if slices.ContainsFunc(records, func(r *record) bool {
			if !a.marker.in(r.raw) && !strings.Contains(r.raw, addr) {
				return false
			}
			if v, ok := r.field(clientKeys...); ok {
				return containsAddress(v, addr)
			}
			return r.access && strings.HasPrefix(r.text, addr+" ")
		}) {
			headers = append(headers, name)
		}
	}
	slices.Sort(headers)
	return headers
}

var clientKeys = []string{"client.address", "client.ip", "client_address", "remote_addr", "remoteAddr", "remoteAddress", "client_ip", "clientIp", "remote_ip", "source.ip", "ip", "addr"}
