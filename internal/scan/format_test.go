package scan

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFormats reads one refused token as every logger writes it: one record, its
// level, its time, and the reason in words of the library that goes with it.
func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		level      string
		reason     string // that the record gives; empty: none
		field, is  string
		undated    bool
	}{
		// Go
		{name: "slog text", text: `time=2026-01-02T03:04:05.678Z level=WARN msg="token refused" err="token has invalid claims: token is expired"`, level: "warn", reason: "expired"},
		{name: "slog JSON", text: `{"time":"2026-01-02T03:04:05.678Z","level":"WARN","msg":"token refused","err":"token signature is invalid: signature is invalid"}`, level: "warn", reason: "bad_signature"},
		{name: "slog, a level in between", text: `{"time":"2026-01-02T03:04:05Z","level":"WARN+1","msg":"x"}`, level: "warn"},
		{name: "slog, below debug", text: `time=2026-01-02T03:04:05.678Z level=DEBUG-4 msg="x y"`, level: "debug"},
		{name: "slog, source", text: `{"time":"2026-01-02T03:04:05Z","level":"ERROR","source":{"function":"main.f","file":"/a/b.go","line":12},"msg":"x"}`, level: "error", field: "source.line", is: "12"},
		{name: "zap JSON", text: `{"level":"warn","ts":1767323045.678,"caller":"auth/mw.go:42","msg":"token refused","error":"token is malformed: token contains an invalid number of segments"}`, level: "warn", reason: "malformed"},
		{name: "zap development", text: "2026-01-02T03:04:05.678Z\tWARN\tauth/mw.go:42\ttoken refused\t{\"error\": \"signing method none is invalid\", \"kid\": \"k1\"}", level: "warn", reason: "alg_none", field: "kid", is: "k1"},
		{name: "zap development, with a stack", text: "2026-01-02T03:04:05.678Z\tERROR\tauth/mw.go:42\ttoken refused\t{\"error\": \"x\"}\nmain.verify\n\t/src/auth/mw.go:42\nnet/http.HandlerFunc.ServeHTTP\n\t/go/src/net/http/server.go:2220", level: "error"},
		{name: "zerolog JSON", text: `{"level":"error","error":"crypto/rsa: verification error","time":"2026-01-02T03:04:05Z","message":"token refused"}`, level: "error", reason: "bad_signature"},
		{name: "zerolog console", text: "\x1b[90m3:04AM\x1b[0m \x1b[33mWRN\x1b[0m token refused \x1b[36merror=\x1b[0m\"token is expired\" \x1b[36mkid=\x1b[0mk1", level: "warn", reason: "expired", field: "kid", is: "k1", undated: true},
		{name: "logrus text", text: `time="2026-01-02T03:04:05Z" level=warning msg="token refused" error="token used before issued"`, level: "warn", reason: "issued_in_future"},
		{name: "logrus terminal", text: "\x1b[33mWARN\x1b[0m[0042] token refused                                 \x1b[33merror\x1b[0m=\"unexpected signing method: none\" \x1b[33mkid\x1b[0m=k1", level: "warn", reason: "alg_none", undated: true},
		{name: "log", text: "2026/01/02 03:04:05 token refused: token is not valid yet", reason: "not_yet_valid"},
		{name: "klog", text: "W0102 03:04:05.678901   12345 auth.go:42] token refused: no matching key", level: "warn", reason: "unknown_kid", undated: true},
		{name: "a panic of net/http", text: "2026/01/02 03:04:05 http: panic serving 127.0.0.1:4711: token signature is invalid\ngoroutine 7 [running]:\nnet/http.(*conn).serve.func1()\n\t/go/src/net/http/server.go:1947 +0xbe\npanic({0x6a2b20?, 0xc0001?})\n\t/go/src/runtime/panic.go:785 +0x132\ncreated by net/http.(*Server).Serve in goroutine 1\n\t/go/src/net/http/server.go:3360 +0x485", reason: "bad_signature"},
		// Node
		{name: "pino", text: `{"level":40,"time":1767323045678,"pid":12,"hostname":"h","err":{"type":"TokenExpiredError","message":"jwt expired"},"msg":"token refused"}`, level: "warn", reason: "expired"},
		{name: "pino-pretty", text: "[03:04:05.678] \x1b[33mWARN\x1b[39m (12): \x1b[36mtoken refused: jwt malformed\x1b[39m\n    err: {\n      \"type\": \"JsonWebTokenError\"\n    }", level: "warn", reason: "malformed", undated: true},
		{name: "bunyan", text: `{"name":"app","hostname":"h","pid":1,"level":50,"msg":"token refused: invalid signature","time":"2026-01-02T03:04:05.678Z","v":0}`, level: "error", reason: "bad_signature"},
		{name: "winston JSON", text: `{"level":"warn","message":"token refused: jwt audience invalid. expected: shop","timestamp":"2026-01-02T03:04:05.678Z"}`, level: "warn", reason: "bad_audience"},
		{name: "winston simple, coloured", text: "\x1b[33mwarn\x1b[39m: token refused: jwt not active", level: "warn", reason: "not_yet_valid", undated: true},
		{name: "winston with meta", text: `2026-01-02T03:04:05.678Z warn: token refused {"reason":"signature verification failed","code":"ERR_JWS_SIGNATURE_VERIFICATION_FAILED"}`, level: "warn", reason: "bad_signature"},
		{name: "morgan dev", text: "\x1b[0mGET /me \x1b[33m401\x1b[0m 1.234 ms - 12\x1b[0m", undated: true},
		{name: "console.error of an error", text: "UnauthorizedError: jwt issuer invalid. expected: https://issuer.test\n    at /app/node_modules/express-jwt/dist/index.js:122:26\n    at verify (/app/node_modules/jsonwebtoken/verify.js:200:14) {\n  code: 'invalid_token',\n  status: 401\n}", reason: "bad_issuer", undated: true},
		{name: "console.log of an object", text: "{\n  level: 'warn',\n  msg: 'token refused'\n}", undated: true},
		{name: "fastify", text: `{"level":30,"time":1767323045678,"pid":1,"hostname":"h","reqId":"req-1","err":{"type":"FastifyError","message":"Authorization token is invalid: The token signature is invalid.","code":"FST_JWT_AUTHORIZATION_TOKEN_INVALID","statusCode":401},"msg":"x"}`, level: "info", reason: "bad_signature"},
		// Java
		{name: "logback", text: "2026-01-02 03:04:05.678 [http-nio-8080-exec-1] WARN  c.e.JwtFilter - token refused: JWT expired 1042 milliseconds ago", level: "warn", reason: "expired"},
		{name: "logback with an exception", text: "03:04:05.678 [http-nio-8080-exec-1] ERROR c.e.JwtFilter - token refused\nio.jsonwebtoken.security.SignatureException: JWT signature does not match locally computed signature.\n\tat io.jsonwebtoken.impl.DefaultJwtParser.verifySignature(DefaultJwtParser.java:340)\n\t... 52 common frames omitted\nCaused by: java.lang.IllegalStateException: x\n\tat a.b.C.d(C.java:1)", level: "error", reason: "bad_signature", undated: true},
		{name: "log4j JSON", text: `{"instant":{"epochSecond":1767323045},"thread":"main","level":"WARN","loggerName":"c.e.F","message":"Unsecured (plain) JWTs are rejected, extend class to handle","timestamp":"2026-01-02T03:04:05Z"}`, level: "warn", reason: "alg_none"},
		{name: "logstash encoder", text: `{"@timestamp":"2026-01-02T03:04:05Z","@version":"1","message":"An error occurred while attempting to decode the Jwt: Signed JWT rejected: Invalid signature","logger_name":"o.s.s","thread_name":"x","level":"WARN","level_value":30000}`, level: "warn", reason: "bad_signature"},
		{name: "java.util.logging", text: "Jan 02, 2026 3:04:05 AM com.example.JwtFilter doFilter\nWARNING: token refused: The Token has expired on 2026-01-02", level: "warn", reason: "expired", undated: true},
		{name: "ECS, nested", text: `{"@timestamp":"2026-01-02T03:04:05Z","log":{"level":"warn","logger":"x"},"message":"token refused","error":{"type":"c.a.j.e.AlgorithmMismatchException","message":"The provided Algorithm doesn't match the one defined in the JWT's Header."}}`, level: "warn", reason: "alg_not_allowed"},
		// Python
		{name: "python logging", text: "2026-01-02 03:04:05,678 - app.auth - WARNING - token refused: Signature verification failed", level: "warn", reason: "bad_signature"},
		{name: "python basicConfig", text: "WARNING:app.auth:token refused: Not enough segments", level: "warn", reason: "malformed", undated: true},
		{name: "python, logger.exception", text: "2026-01-02 03:04:05,678 ERROR app.auth token refused\nTraceback (most recent call last):\n  File \"/app/auth.py\", line 12, in verify\n    jwt.decode(token, key)\n\njwt.exceptions.ExpiredSignatureError: Signature has expired", level: "error", reason: "expired"},
		{name: "python-json-logger", text: `{"asctime":"2026-01-02 03:04:05,678","levelname":"WARNING","name":"app","message":"token refused","exc_info":"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\njwt.exceptions.InvalidAudienceError: Audience doesn't match"}`, level: "warn", reason: "bad_audience"},
		{name: "structlog", text: `{"event":"token refused","reason":"The specified alg value is not allowed","level":"warning","timestamp":"2026-01-02T03:04:05Z"}`, level: "warn", reason: "alg_not_allowed"},
		{name: "loguru", text: "2026-01-02 03:04:05.678 | WARNING  | app.auth:verify:12 - token refused: Invalid issuer", level: "warn", reason: "bad_issuer"},
		{name: "uvicorn", text: "\x1b[33mWARNING\x1b[0m:  token refused: Token has been revoked", level: "warn", reason: "revoked", undated: true},
		// .NET
		{name: "Serilog compact", text: `{"@t":"2026-01-02T03:04:05.678Z","@mt":"Token refused: {Reason}","@l":"Warning","Reason":"IDX10223: Lifetime validation failed. The token is expired."}`, level: "warn", reason: "expired"},
		{name: "Serilog compact, without level", text: `{"@t":"2026-01-02T03:04:05.678Z","@mt":"Request"}`, level: "info"},
		{name: "Serilog console", text: "[03:04:05 WRN] Token refused: IDX10501: Signature validation failed. Unable to match key", level: "warn", reason: "unknown_kid", undated: true},
		{name: "Microsoft console", text: "\x1b[40m\x1b[33mwarn\x1b[39m\x1b[22m\x1b[49m: Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler[1]\n      Failed to validate the token.\n      IDX10214: Audience validation failed.", level: "warn", reason: "bad_audience", undated: true},
		{name: "Microsoft JSON console", text: `{"EventId":1,"LogLevel":"Information","Category":"x","Message":"Failed to validate the token. IDX12741: JWT must have three segments","Timestamp":"2026-01-02T03:04:05Z"}`, level: "info", reason: "malformed"},
		// PHP, Ruby, Elixir, Rust, Clojure
		{name: "Monolog", text: `[2026-01-02T03:04:05.678901+00:00] security.WARNING: token refused {"exception":"[object] (Firebase\\JWT\\ExpiredException(code: 0): Expired token at /app/x.php:1)"} []`, level: "warn", reason: "expired"},
		{name: "Rails", text: "W, [2026-01-02T03:04:05.678901 #12]  WARN -- : token refused: JWT::VerificationError: Signature verification raised", level: "warn", reason: "bad_signature"},
		{name: "Elixir", text: "03:04:05.678 [warning] token refused: :token_expired", level: "warn", reason: "expired", undated: true},
		{name: "tracing", text: "2026-01-02T03:04:05.678901Z  WARN app::auth: token refused error=InvalidSignature kid=k1", level: "warn", reason: "bad_signature", field: "kid", is: "k1"},
		{name: "timbre", text: `2026-01-02T03:04:05.678Z host WARN [app.auth:12] - token refused {:type :validation, :cause :exp}`, level: "warn", reason: "expired"},
		// What stands around a line
		{name: "Docker json-file", text: `{"log":"{\"level\":\"warn\",\"msg\":\"token refused: jwt expired\"}\n","stream":"stderr","time":"2026-01-02T03:04:05.678901234Z"}`, level: "warn", reason: "expired"},
		{name: "Docker json-file, a stack", text: `{"log":"Error: token refused: jwt malformed\n","stream":"stderr","time":"2026-01-02T03:04:05Z"}` + "\n" + `{"log":"    at f (a.js:1)\n","stream":"stderr","time":"2026-01-02T03:04:05Z"}`, reason: "malformed"},
		{name: "CRI", text: `2026-01-02T03:04:05.678901234Z stdout F level=warn msg="token refused" reason=expired`, level: "warn", reason: "expired"},
		{name: "CRI, cut in two", text: "2026-01-02T03:04:05.678901234Z stdout P {\"level\":\"warn\",\"msg\":\"token ref\n2026-01-02T03:04:05.678901234Z stdout F used: jwt expired\"}", level: "warn", reason: "expired"},
		{name: "docker compose", text: `app-1  | {"level":"warn","ts":1767323045,"msg":"jwt expired"}`, level: "warn", reason: "expired"},
		{name: "Fluent Bit", text: `{"log":"level=warn msg=refused reason=bad_signature\n","kubernetes":{"pod_name":"x"},"time":"2026-01-02T03:04:05Z"}`, level: "warn", reason: "bad_signature"},
		{name: "Filebeat", text: `{"@timestamp":"2026-01-02T03:04:05Z","log":{"file":{"path":"/x"}},"message":"{\"level\":\"warn\",\"msg\":\"jwt expired\"}"}`, level: "warn", reason: "expired"},
		{name: "journald short", text: `Jan 02 03:04:05 host app[12]: level=warn msg="jwt expired" n=1`, level: "warn", reason: "expired"},
		{name: "journald JSON", text: `{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1767323045678901","PRIORITY":"4","_SYSTEMD_UNIT":"app.service","MESSAGE":"token refused: jwt expired"}`, level: "warn", reason: "expired"},
		{name: "journald JSON, bytes, its own level", text: `{"__CURSOR":"s=1","PRIORITY":"6","MESSAGE":[91,119,97,114,110,93,32,106,119,116,32,101,120,112,105,114,101,100]}`, level: "warn", reason: "expired", undated: false},
		{name: "GELF", text: `{"version":"1.1","host":"h","short_message":"token refused: jwt expired","timestamp":1767323045.678,"level":4,"_request_id":"r1"}`, level: "warn", reason: "expired", field: "request_id", is: "r1"},
		{name: "syslog, RFC 5424", text: `<132>1 2026-01-02T03:04:05.678Z host app 12 - [a@1 b="c"] token refused: jwt expired`, level: "warn", reason: "expired"},
		{name: "syslog, RFC 3164", text: `<131>Jan  2 03:04:05 host app[12]: token refused: invalid signature`, level: "error", reason: "bad_signature"},
		{name: "syslog, the line knows better", text: `<134>Jan  2 03:04:05 host app[12]: {"level":"warn","msg":"jwt expired"}`, level: "warn", reason: "expired"},
		{name: "OpenTelemetry", text: `{"timeUnixNano":"1767323045678901234","severityNumber":13,"body":{"stringValue":"token refused"},"attributes":[{"key":"error.type","value":{"stringValue":"bad_signature"}}]}`, level: "warn", reason: "bad_signature"},
		{name: "OpenTelemetry, text", text: `{"Timestamp":"2026-01-02T03:04:05Z","SeverityText":"WARN","Body":"jwt expired"}`, level: "warn", reason: "expired"},
		{name: "nginx error", text: `2026/01/02 03:04:05 [warn] 12#12: *1 token refused: jwt expired, client: 127.0.0.1`, level: "warn", reason: "expired"},
		{name: "Envoy", text: "[2026-01-02 03:04:05.678][12][debug][jwt] [source/x.cc:1] Jwt verification fails", level: "debug", reason: "bad_signature"},
		{name: "a sentence, then pairs", text: `2026-01-02T03:04:05Z WARN sub is not the session's (bad_claim) error.type=bad_claim jwt.iss=https://issuer.test jwt.alg=HS256`, level: "warn", reason: "bad_claim", field: "jwt.alg", is: "HS256"},
		{name: "names of members are no words", text: `2026-01-02T03:04:05Z WARN token refused because of the signature jwt.iss=https://issuer.test jwt.alg=HS256 exp=1`, level: "warn", reason: "bad_signature"},
		// What names no reason
		{name: "one word for two reasons", text: `{"level":"warn","time":"2026-01-02T03:04:05Z","msg":"Token is invalid or expired"}`, level: "warn"},
		{name: "a route that sounds like one", text: "2026/01/02 03:04:05 [warn] GET /tokens/expired/signature 401", level: "warn"},
		{name: "braces that end nothing", text: `2026/01/02 03:04:05 WARN {"a":1} and more`, level: "warn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{logs: []LogSource{{Format: "auto"}}}
			var lines []line
			for l := range strings.SplitSeq(tt.text, "\n") {
				lines = append(lines, line{text: l})
			}
			got := b.records(lines)
			if len(got) != 1 {
				t.Fatalf("%d records, want 1: %q", len(got), got[1].raw)
			}
			r := got[0]
			if r.level() != tt.level {
				t.Errorf("level %q, want %q", r.level(), tt.level)
			}
			truth := tt.reason
			if truth == "" {
				truth = "canary"
			}
			said, right, known := r.reason(reasonsOf(t, truth), &marker{})
			if known != (tt.reason != "") || right != known {
				t.Errorf("%q: right %v, known %v; want %q", said, right, known, tt.reason)
			}
			if v, _ := r.field(tt.field); tt.field != "" && v != tt.is {
				t.Errorf("%s is %q, want %q", tt.field, v, tt.is)
			}
			if dated := r.has(nil, nil)[hasTime]; dated == tt.undated {
				t.Errorf("states a time: %v, want %v", dated, !tt.undated)
			}
		})
	}
}

// TestJoined keeps apart what does not belong together.
func TestJoined(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"an access line and an exception of the next", "127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] \"GET /me HTTP/1.1\" 401 1\nio.jsonwebtoken.SignatureException: x\n\tat a.B.c(B.java:1)", 2},
		{"an access line and an indented one", "127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] \"GET /me HTTP/1.1\" 401 1\n  token refused", 2},
		{"two errors", "UnauthorizedError: a\n    at x (y.js:1)\nUnauthorizedError: b\n    at x (y.js:1)", 2},
		{"after a traceback", "Traceback (most recent call last):\n  File \"a\"\nValueError: x\nnext", 2},
		{"an information and an exception", "INFO started\na.b.CException: x", 2},
	} {
		b := &book{logs: []LogSource{{Format: "auto"}}}
		var lines []line
		for l := range strings.SplitSeq(tt.text, "\n") {
			lines = append(lines, line{text: l})
		}
		if got := b.records(lines); len(got) != tt.want {
			t.Errorf("%s: %d records, want %d", tt.name, len(got), tt.want)
		}
	}
}

// FuzzUnwrap takes whatever a line may be out of its wrapping, and loses nothing
// of what is in none.
func FuzzUnwrap(f *testing.F) {
	f.Add(`{"log":"x\n","stream":"stdout","time":"y"}`)
	f.Add(`<132>1 2026-01-02T03:04:05.678Z host app 12 - - x`)
	f.Add(`{"MESSAGE":[1,2,3],"__CURSOR":"s"}`)
	f.Fuzz(func(t *testing.T, text string) {
		w := unwrap(text)
		if utf8.RuneCountInString(w.text) > utf8.RuneCountInString(text) { // a byte that is no UTF-8 becomes a longer sign for that
			t.Errorf("%q out of %q", w.text, text)
		}
	})
}
