package catalog

// The detections. A slug that is also a weakness has D in front.
const (
	SignatureBruteforce      ID = "signature-bruteforce"
	SignatureGuessing        ID = "signature-guessing"
	DistributedBruteforce    ID = "distributed-bruteforce"
	ForgedAlgorithm          ID = "forged-algorithm"
	FailureRatio             ID = "failure-ratio"
	RefreshAbuse             ID = "refresh-abuse"
	RefreshFailures          ID = "refresh-failures"
	RefreshReuse             ID = "refresh-reuse"
	RevokedUse               ID = "revoked-use"
	RevokedAccepted          ID = "revoked-accepted"
	TokenShared              ID = "token-shared"
	TokenCrossUser           ID = "token-cross-user"
	TokenCrossService        ID = "token-cross-service"
	ImpossibleTravel         ID = "impossible-travel"
	NewCountry               ID = "new-country"
	AbnormalLifetime         ID = "abnormal-lifetime"
	ScopeProbing             ID = "scope-probing"
	IssuanceSpike            ID = "issuance-spike"
	DUnauthenticatedIssuance ID = "unauthenticated-issuance"
	MissingTokenFlood        ID = "missing-token-flood"
	SlowVerification         ID = "slow-verification"
	TimingProbe              ID = "timing-probe"
	UnknownKIDSpike          ID = "unknown-kid-spike"
	StaleTokenUse            ID = "stale-token-use"
	CanaryUsed               ID = "canary-used"
	DTelemetrySilence        ID = "telemetry-silence"
	EventsDropped            ID = "events-dropped"
	ProbeUnseen              ID = "probe-unseen"
	StateSaturated           ID = "state-saturated"
	DetectionLag             ID = "detection-lag"
	ClockSkew                ID = "clock-skew"
)

var detections = []Detection{
	{ID: SignatureBruteforce, Title: "failures of class probe or attack from one address", Severity: High, When: "failures of class probe or attack from one address: 20 in 60 s"},
	{ID: SignatureGuessing, Title: "many jwt.fp for one jwt.body_fp", Severity: Critical, When: "many jwt.fp for one jwt.body_fp: 5 in 10 min"},
	{ID: DistributedBruteforce, Title: "one kid or issuer attacked from many addresses", Severity: High, When: "one kid or issuer attacked from many addresses: 50 addresses in 10 min"},
	{ID: ForgedAlgorithm, Title: "any reason of class attack", Severity: Critical, When: "any reason of class attack: first one"},
	{ID: FailureRatio, Title: "share of failed verifications of a service", Severity: High, When: "share of failed verifications of a service: over 10 % of the last 1,000"},
	{ID: RefreshAbuse, Title: "refreshes of one token or family", Severity: High, When: "refreshes of one token or family: more than 10 in 60 s"},
	{ID: RefreshFailures, Title: "failed refreshes of one address, then of the whole service", Severity: High, When: "failed refreshes of one address, then of the whole service: 20 in 60 s; more than 50 in 10 min"},
	{ID: RefreshReuse, Title: "a rotated refresh token used again outside the grace time", Severity: Critical, When: "a rotated refresh token used again outside the grace time: first one"},
	{ID: RevokedUse, Title: "a revoked token used", Severity: Critical, When: "a revoked token used: first one; more than 10 of one address or subject in 10 min escalates"},
	{ID: RevokedAccepted, Title: "a token used successfully after its revocation event", Severity: Critical, When: "a token used successfully after its revocation event: first one"},
	{ID: TokenShared, Title: "one token (fp or family) from several addresses, networks or user agents", Severity: High, When: "one token (fp or family) from several addresses, networks or user agents: 3 in 10 min"},
	{ID: TokenCrossUser, Title: "one token id or family under several subjects", Severity: Critical, When: "one token id or family under several subjects: first one"},
	{ID: TokenCrossService, Title: "one token used at services outside its audience", Severity: High, When: "one token used at services outside its audience: first one"},
	{ID: ImpossibleTravel, Title: "one verified subject in two places faster than 900 km/h, allowing for the precision of the locations", Severity: High, When: "one verified subject in two places faster than 900 km/h, allowing for the precision of the locations: first one"},
	{ID: NewCountry, Title: "a verified subject from a country not seen in 30 days", Severity: Low, When: "a verified subject from a country not seen in 30 days: first one"},
	{ID: AbnormalLifetime, Title: "exp - iat beyond policy, or far beyond the issuer's habit", Severity: Medium, When: "exp - iat beyond policy, or far beyond the issuer's habit: 24 h, or over 4 times the median"},
	{ID: ScopeProbing, Title: "scope denials of one subject over distinct routes", Severity: High, When: "scope denials of one subject over distinct routes: 5 routes in 5 min"},
	{ID: IssuanceSpike, Title: "issued tokens per client or address against the habit of that hour", Severity: Medium, When: "issued tokens per client or address against the habit of that hour: over 6 times the mean and at least 50"},
	{ID: DUnauthenticatedIssuance, Title: "issued without an authenticated actor", Severity: High, When: "issued without an authenticated actor: first one"},
	{ID: MissingTokenFlood, Title: "requests without token from one address", Severity: Low, When: "requests without token from one address: 100 in 60 s"},
	{ID: SlowVerification, Title: "verification slower than 100 ms", Severity: Low, When: "verification slower than 100 ms: 5 in 60 s"},
	{ID: TimingProbe, Title: "many near-identical forged tokens at a steady pace", Severity: Medium, When: "many near-identical forged tokens at a steady pace: 200 in 5 min"},
	{ID: UnknownKIDSpike, Title: "unknown key ids", Severity: Medium, When: "unknown key ids: 20 in 5 min"},
	{ID: StaleTokenUse, Title: "use long after exp", Severity: Low, When: "use long after exp: over 24 h late"},
	{ID: CanaryUsed, Title: "a planted token is used", Severity: Critical, When: "a planted token is used: first one"},
	{ID: DTelemetrySilence, Title: "no event or heartbeat from a service that reported", Severity: High, When: "no event or heartbeat from a service that reported: 3 times its habit, at least 2 min"},
	{ID: EventsDropped, Title: "a guard or source says it lost or folded failures", Severity: Medium, When: "a guard or source says it lost or folded failures: first one"},
	{ID: ProbeUnseen, Title: "the monitor's own canary probe left no event", Severity: High, When: "the monitor's own canary probe left no event: first one"},
	{ID: StateSaturated, Title: "the engine's bounded state is fuller than its accuracy allows", Severity: High, When: "the engine's bounded state is fuller than its accuracy allows: first one"},
	{ID: DetectionLag, Title: "detection is behind ingest", Severity: Medium, When: "detection is behind ingest: over 30 s for 1 min"},
	{ID: ClockSkew, Title: "a source's clock is more than 60 s ahead", Severity: Low, When: "a source's clock is more than 60 s ahead: first one"},
}
