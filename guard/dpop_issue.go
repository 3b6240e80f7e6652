package guard

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// Confirm checks the DPoP proof of a request for a token (RFC 9449 section 5),
// which Guard.Meta has put into m, and gives what Grant.Confirm takes. A request
// without a proof gives an empty text: whether it may have a token is for the
// caller to say. A proof that is refused is recorded as an issuance that failed;
// the error is an *Error, which RespondError answers.
func (i *Issuer) Confirm(ctx context.Context, m Meta) (string, error) {
	if m.Proof.IsZero() {
		return "", nil
	}
	now := i.g.now()
	if i.g.blocked(m.Address.Unmap(), now) > 0 {
		i.g.recordLimited(&origin{meta: &m, addr: m.Address.Unmap()}, now)
		return "", refuse(event.ReasonRateLimited)
	}
	p, e := i.proof(ctx, &m, now)
	if e == nil {
		return wordKey + p.key.thumbprint, nil
	}
	i.g.charge(m.Address.Unmap(), e, now)
	kind := event.IssueFailed
	if e.Reason == event.ReasonReplayed {
		kind = event.Replayed
	}
	if rec := i.g.rec.flood(kind, e.Reason, m.Address, now); rec != nil {
		m.describe(&rec.Event)
		rec.ClientID, rec.Issuer, rec.Detail = event.Scrub(m.ClientID), i.issuer, e.detail
		i.g.rec.send(rec)
	}
	return "", e
}

// proof checks the proof of a request to a token endpoint and uses it up.
func (i *Issuer) proof(ctx context.Context, m *Meta, now time.Time) (*proof, *Error) {
	b := i.g.binding
	var nonce string
	p, e := b.take(ctx, &presented{proof: m.Proof.Reveal(), method: m.Method, url: m.URL}, i.proofs, now, &nonce)
	if e != nil {
		e.nonce = nonce
	}
	return p, e
}

// shown gives the words of what a client that refreshes has shown: see
// Advance.Confirm.
func (i *Issuer) shown(ctx context.Context, m *Meta, now time.Time) (words []string, e *Error) {
	if !m.Proof.IsZero() {
		p, e := i.proof(ctx, m, now)
		if e != nil {
			return nil, e
		}
		words = append(words, wordKey+p.key.thumbprint, wordKey)
	}
	if m.Certificate != nil {
		words = append(words, ConfirmCertificate(m.Certificate), wordCertificate)
	}
	return words, nil
}

// mismatch says what a client that the family was refused to did not match.
func (f *Family) mismatch(clientID string) *Error {
	e := *refuse(event.ReasonBindingMismatch)
	if e.detail = "the refresh token is another client's"; clientID == f.ClientID {
		e.detail = "the refresh token is bound to a key that was not shown"
	}
	return &e
}

// bind says what the next access token of a family is bound to. Where the family
// takes any key of a kind it is the one that was shown, and a proof that nobody
// asked for binds too (RFC 9449 section 5).
func (f *Family) bind(shown []string) string {
	switch kind := f.Confirm; {
	case kind == wordKey || kind == wordCertificate:
		for _, word := range shown {
			if len(word) > len(kind) && strings.HasPrefix(word, kind) {
				return word
			}
		}
	case kind == "" && len(shown) > 0 && strings.HasPrefix(shown[0], wordKey):
		return shown[0]
	}
	return f.Confirm
}

// RespondError answers a request for a token that was refused: by Confirm, by
// Refresh or by Issue. It says no more than RFC 6749 section 5.2 and RFC 9449
// section 5 do: invalid_dpop_proof or use_dpop_nonce for a proof, code for what
// else is wrong with the request, and a status of its own for what is not.
func (i *Issuer) RespondError(w http.ResponseWriter, err error, code string) {
	i.refused(w, err, code)
}

// proofError says how a token endpoint answers a proof that was refused, and
// tells the nonce that is asked for.
func proofError(w http.ResponseWriter, err error) (code string, ok bool) {
	var e *Error
	if !errors.As(err, &e) || e.code == "" {
		return "", false
	}
	if e.nonce != "" {
		w.Header().Set("DPoP-Nonce", e.nonce)
	}
	return e.code, true
}
