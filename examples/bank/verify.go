package bank

import (
	"log/slog"
	"net/http"
)

// Four steps of a protected request, each written as one finds it and as it
// ought to be: is there a token, is it good, has its session ended, does it
// allow this.

func (h *handwritten) needTokenSilently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.token(r) == "" {
			refuse(w, http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handwritten) needTokenRecorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.token(r) == "" {
			h.record(r, "jwt.missing", nil, slog.String("error.type", "missing"))
			refuse(w, http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handwritten) verifySilently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, c, err := h.parse(h.token(r), "access")
		if err != nil {
			refuse(w, http.StatusUnauthorized, h.why(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(withSession(withCaller(r.Context(), c.caller()), c)))
	})
}

func (h *handwritten) verifyPrinted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, c, err := h.parse(h.token(r), "access")
		if err != nil {
			var kid any
			if t != nil {
				kid = t.Header["kid"]
			}
			h.printer.Printf("token refused: %v sub=%s kid=%v from=%s", err, c.Subject, kid, clientAddress(r))
			refuse(w, http.StatusUnauthorized, h.why(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(withSession(withCaller(r.Context(), c.caller()), c)))
	})
}

func (h *handwritten) verifyRecorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, c, err := h.parse(h.token(r), "access")
		if err != nil {
			attrs := []slog.Attr{slog.String("error.type", reason(t, err))}
			if t != nil {
				attrs = append(attrs, slog.String("jwt.alg", text(t.Header["alg"])), slog.String("jwt.kid", text(t.Header["kid"])))
			}
			h.record(r, "jwt.verification_failed", c, attrs...)
			refuse(w, http.StatusUnauthorized, h.why(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(withSession(withCaller(r.Context(), c.caller()), c)))
	})
}

func (h *handwritten) refuseEndedSilently(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.ended(sessionOf(r).Session) {
			refuse(w, http.StatusUnauthorized, h.why(errEnded))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *handwritten) refuseEndedRecorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := sessionOf(r); h.ended(c.Session) {
			h.record(r, "jwt.revoked_use", c, slog.String("error.type", "session_ended"))
			refuse(w, http.StatusUnauthorized, h.why(errEnded))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ended asks nobody when the bank trusts its clients to forget.
func (h *handwritten) ended(session string) bool {
	return !h.sw.RevokedTokenAccepted && h.sessions.ended(session)
}

func (h *handwritten) requireSilently(scope string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !callerOf(r).allowed(scope) {
				refuse(w, http.StatusForbidden, http.StatusText(http.StatusForbidden))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (h *handwritten) requireRecorded(scope string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !callerOf(r).allowed(scope) {
				h.record(r, "jwt.scope_denied", sessionOf(r),
					slog.String("error.type", "scope_insufficient"), slog.String("jwt.scope_required", scope))
				refuse(w, http.StatusForbidden, http.StatusText(http.StatusForbidden))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
