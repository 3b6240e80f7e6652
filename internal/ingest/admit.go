package ingest

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
)

// Admit tells whose ingest key a request carries (RFC 6750 section 2.1). A
// request without a good one is answered here, and not ok.
func Admit(w http.ResponseWriter, r *http.Request, keys Keys, log *slog.Logger) (source string, ok bool) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && key != "" {
		var err error
		if source, ok, err = keys.Source(r.Context(), KeyHash(strings.TrimSpace(key))); err != nil {
			log.Error("ingest keys cannot be read", slog.Any("error", err))
			w.Header().Set("Retry-After", "5")
			Refuse(w, http.StatusServiceUnavailable, "the keys cannot be read at the moment")
			return "", false
		}
	}
	if !ok {
		w.Header().Set("WWW-Authenticate", "Bearer")
		Refuse(w, http.StatusUnauthorized, "an ingest key is needed: Authorization: Bearer …")
	}
	return source, ok
}

// Refuse answers with a problem (RFC 9457).
func Refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
