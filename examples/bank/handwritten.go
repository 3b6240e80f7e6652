package bank

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/golang-jwt/jwt/v5"
)

// handwritten is the bank whose security somebody wrote by hand.
type handwritten struct {
	sw       Switches
	secret   []byte
	parser   *jwt.Parser
	now      func() time.Time
	ledger   *ledger
	sessions *sessions
	failures *counter // refused tokens
	renewals *counter
	guesses  *counter // wrong passwords
	log      *slog.Logger
	printer  *log.Logger // what people used before structured logs
}

// How much of each an address may have in a minute.
const (
	failuresPerMinute = 30
	renewalsPerMinute = 10
	guessesPerMinute  = 10
)

var weakSecret = []byte(WeakSecret)

func newHandwritten(c Config, l *ledger) *Bank {
	h := &handwritten{
		sw:       c.Switches,
		secret:   c.Secret,
		now:      c.Now,
		ledger:   l,
		sessions: newSessions(),
		failures: newCounter(failuresPerMinute, c.Now),
		renewals: newCounter(renewalsPerMinute, c.Now),
		guesses:  newCounter(guessesPerMinute, c.Now),
		log:      slog.New(slog.NewJSONHandler(c.Log, nil)),
		printer:  log.New(c.Log, "", log.LstdFlags),
	}
	if h.sw.WeakSecret {
		h.secret = weakSecret
	}
	h.parser = jwt.NewParser(parserOptions(h.sw, h.now)...)
	r := chi.NewRouter()
	r.Use(behindLocalProxy, middleware.RequestID)
	r.Use(middleware.RequestLogger(&middleware.DefaultLogFormatter{Logger: h.printer, NoColor: true}))
	r.Use(middleware.Recoverer)
	routes(r, h.steps(), l)
	return &Bank{Handler: r, close: func(context.Context) error { return nil }}
}

// steps chooses, switch by switch, how each step is written.
func (h *handwritten) steps() steps {
	verify := chi.Chain(
		pick(h.sw.SilentMissingToken, h.needTokenSilently, h.needTokenRecorded),
		h.chooseVerify(),
		pick(h.sw.SilentRevokedUse, h.refuseEndedSilently, h.refuseEndedRecorded),
	)
	return steps{
		limit:   pick(h.sw.NoVerifyRateLimit, unlimited, pick(h.sw.SilentRateLimit, h.limitSilently, h.limitRecorded)),
		verify:  verify.Handler,
		require: pick(h.sw.SilentScopeDenial, h.requireSilently, h.requireRecorded),
		login:   pick(h.sw.SilentIssuance, h.loginSilently, h.loginRecorded),
		refresh: pick(h.sw.SilentRefresh, h.refreshSilently, h.refreshRecorded),
		logout:  pick(h.sw.SilentRevocation, h.logoutSilently, h.logoutRecorded),
	}
}

func (h *handwritten) chooseVerify() func(http.Handler) http.Handler {
	switch {
	case h.sw.SilentVerifyFailure:
		return h.verifySilently
	case h.sw.LogInjection:
		return h.verifyPrinted
	default:
		return h.verifyRecorded
	}
}

func pick[T any](weak bool, blind, seeing T) T {
	if weak {
		return blind
	}
	return seeing
}

// token finds the token of a request; empty when there is none.
func (h *handwritten) token(r *http.Request) string {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok && h.sw.TokenInURL {
		raw = r.URL.Query().Get("access_token")
	}
	return raw
}

// record writes one structured line about a token that was refused, or about
// what was done with one. Text from the wire is an attribute, so the encoder
// escapes it.
func (h *handwritten) record(r *http.Request, event string, c *claims, attrs ...slog.Attr) {
	all := []slog.Attr{
		slog.String("event", event),
		slog.String("client.address", clientAddress(r)),
		slog.String("http.request.method", r.Method),
		slog.String("http.route", chi.RouteContext(r.Context()).RoutePattern()),
		slog.String("url.path", r.URL.Path),
		slog.String("user_agent.original", r.UserAgent()),
		slog.String("jotsight.request_id", middleware.GetReqID(r.Context())),
	}
	if c != nil {
		all = append(all, slog.String("jwt.id", c.ID), slog.String("jwt.claimed_sub", c.Subject),
			slog.String("jwt.iss", c.Issuer), slog.Any("jwt.aud", c.Audience))
	}
	h.log.LogAttrs(r.Context(), slog.LevelWarn, "token handling", append(all, attrs...)...)
}

// reason names why a token was refused, in jotsight's words.
func reason(t *jwt.Token, err error) string {
	switch {
	case errors.Is(err, errReused):
		return "refresh_reuse"
	case errors.Is(err, errEnded):
		return "session_ended"
	case errors.Is(err, errWrongUse):
		return "cross_token_use"
	case errors.Is(err, jwt.ErrTokenMalformed):
		return "malformed"
	case t != nil && strings.EqualFold(text(t.Header["alg"]), "none"):
		return "alg_none"
	case t != nil && text(t.Header["alg"]) != "HS256":
		return "alg_not_allowed"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return "bad_signature"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "expired"
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return "bad_audience"
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return "bad_issuer"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "missing_claim"
	}
	return "bad_claim"
}

func text(v any) string { s, _ := v.(string); return s }

// allowed says whether the scopes of a token hold one.
func (c caller) allowed(scope string) bool { return slices.Contains(c.Scopes, scope) }
