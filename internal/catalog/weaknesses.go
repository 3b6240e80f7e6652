package catalog

// The weaknesses.
const (
	SilentVerifyFailure     ID = "silent-verify-failure"
	SilentMissingToken      ID = "silent-missing-token"
	SilentRefresh           ID = "silent-refresh"
	SilentRevokedUse        ID = "silent-revoked-use"
	SilentIssuance          ID = "silent-issuance"
	SilentRevocation        ID = "silent-revocation"
	SilentScopeDenial       ID = "silent-scope-denial"
	IncompleteEvent         ID = "incomplete-event"
	WrongReason             ID = "wrong-reason"
	WrongLevel              ID = "wrong-level"
	NoAlert                 ID = "no-alert"
	SilentRateLimit         ID = "silent-rate-limit"
	NoisyAlert              ID = "noisy-alert"
	LostEvents              ID = "lost-events"
	TelemetrySilence        ID = "telemetry-silence"
	TokenInLog              ID = "token-in-log"
	LogInjection            ID = "log-injection"
	TokenPrefixAsID         ID = "token-prefix-as-id"
	TokenInURL              ID = "token-in-url"
	NoVerifyRateLimit       ID = "no-verify-rate-limit"
	NoRefreshRateLimit      ID = "no-refresh-rate-limit"
	NoLoginRateLimit        ID = "no-login-rate-limit"
	RefreshReuseAccepted    ID = "refresh-reuse-accepted"
	RefreshNotRotated       ID = "refresh-not-rotated"
	RevokedTokenAccepted    ID = "revoked-token-accepted"
	FamilySurvivesReuse     ID = "family-survives-reuse"
	RawTokenDenylist        ID = "raw-token-denylist"
	TokenKeyedMemory        ID = "token-keyed-memory"
	AlgNoneAccepted         ID = "alg-none-accepted"
	SignatureNotVerified    ID = "signature-not-verified"
	AlgorithmConfusion      ID = "algorithm-confusion"
	ExpiredAccepted         ID = "expired-accepted"
	NotBeforeIgnored        ID = "not-before-ignored"
	AudienceNotChecked      ID = "audience-not-checked"
	IssuerNotChecked        ID = "issuer-not-checked"
	WeakSecret              ID = "weak-secret"
	KIDInjection            ID = "kid-injection"
	UntrustedKeyHeader      ID = "untrusted-key-header"
	UnpinnedAlgorithm       ID = "unpinned-algorithm"
	UnverifiedClaimsUsed    ID = "unverified-claims-used"
	UnawaitedVerify         ID = "unawaited-verify"
	PsychicSignature        ID = "psychic-signature"
	TokenTypeConfusion      ID = "token-type-confusion"
	CritIgnored             ID = "crit-ignored"
	UnboundedLifetime       ID = "unbounded-lifetime"
	NumericdateMillis       ID = "numericdate-millis"
	SensitiveClaims         ID = "sensitive-claims"
	UnauthenticatedIssuance ID = "unauthenticated-issuance"
	DenyThenServe           ID = "deny-then-serve"
	UnauthenticatedAccess   ID = "unauthenticated-access"
	TimingOracle            ID = "timing-oracle"
	VerboseError            ID = "verbose-error"
	FailOpen                ID = "fail-open"
)

var weaknesses = []Weakness{
	{ID: SilentVerifyFailure, Title: "a token fails verification and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: High, CWE: []int{778}},
	{ID: SilentMissingToken, Title: "a request without a token is refused and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: Medium, CWE: []int{778}},
	{ID: SilentRefresh, Title: "refresh tokens are used and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: High, CWE: []int{778}},
	{ID: SilentRevokedUse, Title: "a revoked token comes back and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: Critical, CWE: []int{778}},
	{ID: SilentIssuance, Title: "tokens are issued and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: Medium, CWE: []int{778}},
	{ID: SilentRevocation, Title: "tokens are revoked (logout included) and nothing records it", Group: "Visibility", Sides: Lint | Scan, Severity: Medium, CWE: []int{778}},
	{ID: SilentScopeDenial, Title: "an authorization denial leaves no record", Group: "Visibility", Sides: Lint | Scan, Severity: Medium, CWE: []int{778}},
	{ID: IncompleteEvent, Title: "recorded, but without who, what, where, why: reason, address, route, token id or fingerprint, subject, issuer, algorithm, time", Group: "Visibility", Sides: Lint | Scan, Severity: Medium, CWE: []int{223}},
	{ID: WrongReason, Title: "recorded with the wrong reason (expired called bad signature, and so on)", Group: "Visibility", Sides: Scan, Severity: Medium, CWE: []int{223}},
	{ID: WrongLevel, Title: "an attack recorded at debug or info only", Group: "Visibility", Sides: Lint | Scan, Severity: Low, CWE: []int{778}},
	{ID: NoAlert, Title: "the attack was recorded but no alert arrived in time", Group: "Visibility", Sides: Scan | Detect, Severity: High, CWE: []int{778}},
	{ID: SilentRateLimit, Title: "a limiter refuses and nothing records it", Group: "Visibility", Sides: Scan | Lint, Severity: Medium, CWE: []int{778}},
	{ID: NoisyAlert, Title: "valid traffic, or one lone bad token, raises an alert; or one burst raises many", Group: "Visibility", Sides: Scan, Severity: Medium, CWE: []int{779}},
	{ID: LostEvents, Title: "under a burst fewer events than attacks, with no count of what was folded", Group: "Visibility", Sides: Scan | Detect, Severity: High, CWE: []int{778}},
	{ID: TelemetrySilence, Title: "a service that used to report has gone quiet", Group: "Visibility", Sides: Detect, Severity: High, CWE: []int{778}},
	{ID: TokenInLog, Title: "a raw token, a replayable part of one, or a secret is written to a log", Group: "What the log gives away", Sides: Lint | Scan, Severity: High, CWE: []int{532}},
	{ID: LogInjection, Title: "a claim or header forges, splits or colours a log line", Group: "What the log gives away", Sides: Lint | Scan, Severity: Medium, CWE: []int{117}},
	{ID: TokenPrefixAsID, Title: "a prefix of a token is logged: constant for JWTs (it is the header), a leak for opaque tokens", Group: "What the log gives away", Sides: Lint | Scan, Severity: Medium, CWE: []int{532}},
	{ID: TokenInURL, Title: "a token is accepted from, or put into, a URL", Group: "What the log gives away", Sides: Lint | Scan, Severity: Medium, CWE: []int{598}},
	{ID: NoVerifyRateLimit, Title: "bad tokens can be tried without limit", Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}},
	{ID: NoRefreshRateLimit, Title: "refresh can be called without limit", Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}},
	{ID: NoLoginRateLimit, Title: "login can be tried without limit", Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}},
	{ID: RefreshReuseAccepted, Title: "a rotated refresh token works again", Group: "Abuse and lifecycle", Sides: Scan | Lint, Severity: High, CWE: []int{294}},
	{ID: RefreshNotRotated, Title: "refresh returns, or leaves valid, the same refresh token", Group: "Abuse and lifecycle", Sides: Scan | Lint, Severity: Medium, CWE: []int{294}},
	{ID: RevokedTokenAccepted, Title: "an access or refresh token works after logout or revocation", Group: "Abuse and lifecycle", Sides: Scan, Severity: Critical, CWE: []int{613}},
	{ID: FamilySurvivesReuse, Title: "after reuse is seen, the family's other tokens still work", Group: "Abuse and lifecycle", Sides: Scan, Severity: High, CWE: []int{294}},
	{ID: RawTokenDenylist, Title: "revocation by raw token string: another spelling of the same token passes", Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{184}},
	{ID: TokenKeyedMemory, Title: "a map or set keyed by token or address that nothing evicts", Group: "Abuse and lifecycle", Sides: Lint, Severity: Medium, CWE: []int{770}},
	{ID: AlgNoneAccepted, Title: "unsigned tokens are accepted", Group: "Acceptance", Sides: Scan, Severity: Critical, CWE: []int{347}},
	{ID: SignatureNotVerified, Title: "the signature is not checked", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{347}},
	{ID: AlgorithmConfusion, Title: "a public key is accepted as an HMAC secret", Group: "Acceptance", Sides: Scan, Severity: Critical, CWE: []int{347}},
	{ID: ExpiredAccepted, Title: "an expired token is accepted", Group: "Acceptance", Sides: Scan | Lint, Severity: High, CWE: []int{613}},
	{ID: NotBeforeIgnored, Title: "a token from the future is accepted", Group: "Acceptance", Sides: Scan, Severity: Medium, CWE: []int{613}},
	{ID: AudienceNotChecked, Title: "a token for another audience is accepted", Group: "Acceptance", Sides: Scan | Lint, Severity: High, CWE: []int{345}},
	{ID: IssuerNotChecked, Title: "a token from another issuer is accepted", Group: "Acceptance", Sides: Scan | Lint, Severity: High, CWE: []int{345}},
	{ID: WeakSecret, Title: "the HMAC secret is guessable, hard-coded or short", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{1391}},
	{ID: KIDInjection, Title: "the kid header reaches a path, a query or a command", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{22, 89, 78}},
	{ID: UntrustedKeyHeader, Title: "jku, x5u, jwk or x5c of the token is trusted or fetched", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{347, 918}},
	{ID: UnpinnedAlgorithm, Title: "verification without a fixed list of algorithms (detail: default where a library's default list is relied on: low)", Group: "Acceptance", Sides: Lint, Severity: High, CWE: []int{347}},
	{ID: UnverifiedClaimsUsed, Title: "claims of an unverified decode decide something", Group: "Acceptance", Sides: Lint, Severity: High, CWE: []int{345}},
	{ID: UnawaitedVerify, Title: "the promise of an asynchronous verify is used as if it were its result", Group: "Acceptance", Sides: Lint, Severity: Critical, CWE: []int{347}},
	{ID: PsychicSignature, Title: "an all-zero ECDSA signature is accepted", Group: "Acceptance", Sides: Scan, Severity: Critical, CWE: []int{347}},
	{ID: TokenTypeConfusion, Title: "a refresh or id token works as an access token, or the reverse", Group: "Acceptance", Sides: Scan | Lint, Severity: High, CWE: []int{287}},
	{ID: CritIgnored, Title: "an unknown critical header is ignored", Group: "Acceptance", Sides: Scan, Severity: Medium, CWE: []int{358}},
	{ID: UnboundedLifetime, Title: "no exp, or a lifetime beyond policy", Group: "Acceptance", Sides: Scan | Lint, Severity: Medium, CWE: []int{613}},
	{ID: NumericdateMillis, Title: "exp or iat in milliseconds: the token lives for tens of thousands of years", Group: "Acceptance", Sides: Lint | Scan, Severity: High, CWE: []int{613}},
	{ID: SensitiveClaims, Title: "personal or secret data in the payload", Group: "Acceptance", Sides: Scan | Lint, Severity: Medium, CWE: []int{200}},
	{ID: UnauthenticatedIssuance, Title: "an endpoint issues tokens without authentication", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{306}},
	{ID: DenyThenServe, Title: "the refusal is written, then the handler goes on and serves the data", Group: "Acceptance", Sides: Scan | Lint, Severity: Critical, CWE: []int{696}},
	{ID: UnauthenticatedAccess, Title: "the protected resource answers without a token", Group: "Acceptance", Sides: Scan, Severity: Critical, CWE: []int{306}},
	{ID: TimingOracle, Title: "response time tells valid from invalid input, beyond the A/A control", Group: "Oracles and failure modes", Sides: Scan, Severity: Low, CWE: []int{208}},
	{ID: VerboseError, Title: "the response tells why verification failed in detail", Group: "Oracles and failure modes", Sides: Scan | Lint, Severity: Low, CWE: []int{209}},
	{ID: FailOpen, Title: "an error in the verifier, key source or revocation store lets the request through", Group: "Oracles and failure modes", Sides: Lint | Scan, Severity: Critical, CWE: []int{636}},
}
