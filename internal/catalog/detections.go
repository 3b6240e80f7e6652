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
	{
		ID: SignatureBruteforce, Title: "One address sends many forged or broken tokens", Severity: High, Refs: aboutFloods,
		When:     "20 failures of class probe or attack from one client address in 60 s.",
		Benign:   []string{"a client whose token was cut or mangled and that repeats without pause", "a penetration test or a run of jotsight scan", "many users behind one address after a key was changed without overlap"},
		Playbook: "Look at the reasons and at jwt.fp: one token repeated is a broken client, many tokens are an attempt. Block the address for a time, then search for successes from it before and after the burst.",
	},
	{
		ID: SignatureGuessing, Title: "One token body is tried under many signatures", Severity: Critical, Refs: aboutGuessing,
		When:     "5 different jwt.fp for one jwt.body_fp in 10 min.",
		Benign:   []string{"a penetration test or a run of jotsight scan"},
		Playbook: "Somebody is trying to sign claims of his own. See whether any token with this jwt.body_fp was accepted: if one was, the key is known, so rotate it now and revoke what it signed. If none was, check the strength of the secret.",
	},
	{
		ID: DistributedBruteforce, Title: "One key or issuer is attacked from many addresses", Severity: High, Refs: aboutFloods,
		When:     "50 client addresses with failures of class probe or attack for one key id or issuer in 10 min.",
		Benign:   []string{"a key that was rotated before all verifiers knew the new one", "a client release that mangles tokens"},
		Playbook: "If it began with a deployment or a key rotation, it is probably yours: compare the times. Otherwise limit by key id or issuer instead of by address, and watch for the first success.",
	},
	{
		ID: ForgedAlgorithm, Title: "A token that no honest client sends", Severity: Critical, Refs: aboutAlgorithms,
		When:     "The first failure whose reason is of class attack: an unsigned token, a swapped algorithm, a key brought along, a hostile key id, a token of another kind.",
		Benign:   []string{"a penetration test or a run of jotsight scan", "a client that sends its id or refresh token by mistake (cross_token_use)"},
		Playbook: "Read the reason, then look for accepted tokens from the same address and for the same subject around that time. If one was accepted, take the service for compromised: rotate the keys and revoke the sessions.",
	},
	{
		ID: FailureRatio, Title: "A large share of a service's verifications fails", Severity: High, Refs: aboutFloods,
		When:     "More than 10 % of the last 1,000 verifications of a service failed.",
		Benign:   []string{"a key rotation, a changed issuer or audience, or a clock that jumped", "a client release with a mistake", "traffic so low that a few failures are a tenth of it"},
		Playbook: "Group the failures by reason. One configuration reason for all clients is a deployment: roll it back. Probe and attack reasons from few addresses are an attack: go on with signature-bruteforce.",
	},
	{
		ID: RefreshAbuse, Title: "A refresh token or family is renewed too often", Severity: High, Refs: aboutRefresh,
		When:     "More than 10 refreshes of one token or family in 60 s.",
		Benign:   []string{"a client that refreshes on every request, or in several tabs at once", "a client whose clock is wrong, so that each new token looks expired"},
		Playbook: "Find the client by jwt.client_id and user agent, and compare the addresses within the family. If they differ, revoke the family and have the user log in again.",
	},
	{
		ID: RefreshFailures, Title: "Refreshes fail in numbers", Severity: High, Refs: aboutRefresh,
		When:     "20 failed refreshes of one address in 60 s (medium), or more than 50 of a service in 10 min (high).",
		Benign:   []string{"many sessions that ended at once, after a maintenance or a policy change", "a client that goes on trying with a token that was revoked"},
		Playbook: "unknown_token from one address is somebody trying tokens: block it. expired or session_ended from many is the end of many sessions: see what ended them.",
	},
	{
		ID: RefreshReuse, Title: "A rotated refresh token was used again", Severity: Critical, Refs: aboutRotation,
		When:     "The first use of a refresh token that has a successor, outside the grace time for a lost answer.",
		Benign:   []string{"a client that stores tokens badly, or a device restored from a backup", "two processes that share one token without agreeing who refreshes"},
		Playbook: "Two parties hold tokens of one family, and nobody can tell which of them is the thief. See that the family is revoked (guard does it), compare addresses and user agents within it, tell the user, and look at what was done since the first foreign use.",
	},
	{
		ID: RevokedUse, Title: "A revoked token was used", Severity: Critical, Refs: aboutRevokedUse,
		When:     "The first use of a revoked token, also where it was refused; more than 10 of one address or subject in 10 min escalate it.",
		Benign:   []string{"a request that was under way while its user logged out", "a client that keeps its token after logout, or runs in several tabs"},
		Playbook: "Compare the address with that of the logout: the same within a minute is a slow client, another is a copy of the token. Then end all sessions of the user and find out where the copy came from.",
	},
	{
		ID: RevokedAccepted, Title: "A revoked token was accepted", Severity: Critical, Refs: aboutRevokedOK,
		When:     "The first successful use of a token after the event of its revocation.",
		Benign:   []string{"a use within the second that revocations take to reach every instance"},
		Playbook: "Revocation does not work at that service: check that it asks the store, and how old its copy is. Until then shorten the lifetime of tokens, and treat what the token did after its revocation as done by a stranger.",
	},
	{
		ID: TokenShared, Title: "One token is used from several places at once", Severity: High, Refs: aboutSharing,
		When:     "One token or family from 3 addresses, networks or user agents in 10 min.",
		Benign:   []string{"mobile networks, VPNs and proxies that change the address of one client", "a token for machines that a fleet shares on purpose"},
		Playbook: "Look at networks and user agents rather than at single addresses. One telephone on two networks is normal; two browsers are not. Revoke the family if they differ, and bind tokens to their client (RFC 9449) if it happens often.",
	},
	{
		ID: TokenCrossUser, Title: "One token id or family appears under several users", Severity: Critical, Refs: aboutSharing,
		When:     "The first token id or family with two verified subjects.",
		Benign:   []string{"an issuer that reuses token ids"},
		Playbook: "A token id belongs to one user. Either the issuer is wrong, or somebody signs tokens with your key: check the issuer's records for this id, and if it did not issue both, rotate the key at once.",
	},
	{
		ID: TokenCrossService, Title: "A token is used at a service that it was not made for", Severity: High, Refs: aboutAudience,
		When:     "The first use of a token at a service that its audience does not name.",
		Benign:   []string{"a client that sends one token everywhere", "a service that was renamed"},
		Playbook: "If the service refused it, tell the owner of the client. If it was accepted, the service does not check the audience: see audience-not-checked.",
	},
	{
		ID: ImpossibleTravel, Title: "A user is in two places faster than anybody travels", Severity: High, Refs: aboutPlaces,
		When:     "The first time that a verified subject moves faster than 900 km/h, with the precision of both locations allowed for.",
		Benign:   []string{"a VPN switched on or off", "a location database that is wrong about a network", "a server that acts for the user from a data centre"},
		Playbook: "Check whether one of the networks is a VPN or a data centre. If not, ask the user, end the sessions of the place that is not theirs, and see what was done from there.",
	},
	{
		ID: NewCountry, Title: "A user appears in a new country", Severity: Low, Refs: aboutPlaces,
		When:     "A verified subject from a country in which it was not seen for 30 days.",
		Benign:   []string{"travel", "a VPN or a mobile network that leaves the internet abroad"},
		Playbook: "Nothing by itself. Read it together with other alerts about the same subject.",
	},
	{
		ID: AbnormalLifetime, Title: "A token lives longer than it should", Severity: Medium, Refs: aboutTimes,
		When:     "exp - iat is over 24 h, or over 4 times the median of its issuer.",
		Benign:   []string{"a token for machines with a long life by design", "an issuer whose policy was changed"},
		Playbook: "Find out who made it. If your issuer did, look for numericdate-millis or a changed setting; if it has no record of the token, treat it as forged and rotate the key.",
	},
	{
		ID: ScopeProbing, Title: "A user tries routes beyond their rights", Severity: High, Refs: aboutScope,
		When:     "Scope denials of one subject over 5 different routes in 5 min.",
		Benign:   []string{"a client release that shows menus without looking at rights", "a role that was taken away while the user was at work"},
		Playbook: "List the routes in order: a walk through administration is no accident. Look for what succeeded in between, and talk to the user or suspend the account.",
	},
	{
		ID: IssuanceSpike, Title: "Far more tokens are issued than usual", Severity: Medium, Refs: aboutIssuance,
		When:     "Tokens issued for a client or address: over 6 times the mean of that hour, and at least 50.",
		Benign:   []string{"a campaign, a migration, or the return after an outage", "a client that asks for a new token for each request"},
		Playbook: "See which client and which grant. Many subjects from one address are stolen passwords being tried with success: stop the address and reset those accounts.",
	},
	{
		ID: DUnauthenticatedIssuance, Title: "A token was issued to nobody in particular", Severity: High, Refs: aboutOpenIssuing,
		When:     "The first jwt.issued without an authenticated actor.",
		Benign:   []string{"a service that does not fill jwt.actor in", "tokens for guests, by design"},
		Playbook: "Find the route that issued it and try it without credentials. If it answers, close it and revoke what it gave out.",
	},
	{
		ID: MissingTokenFlood, Title: "One address sends many requests without a token", Severity: Low, Refs: aboutFailures,
		When:     "100 requests without a token from one client address in 60 s.",
		Benign:   []string{"a crawler or a health check at the wrong path", "a client that lost its session and repeats"},
		Playbook: "Look at the routes: one path is a mistake, many are a search for doors that are open. Limit the address, and see whether any of its requests was answered.",
	},
	{
		ID: SlowVerification, Title: "Verification is slow", Severity: Low, Refs: aboutCost,
		When:     "5 verifications over 100 ms in 60 s.",
		Benign:   []string{"a machine that is overloaded or has just started", "a key set fetched over a slow network"},
		Playbook: "Compare the sizes and algorithms of the slow tokens with others. Odd ones are an attempt to cost you time: bound the size. Ordinary ones mean the machine or the key source.",
	},
	{
		ID: TimingProbe, Title: "Somebody measures how long refusals take", Severity: Medium, Refs: aboutTiming,
		When:     "200 near-identical forged tokens at a steady pace in 5 min.",
		Benign:   []string{"a monitoring check that was given a bad token"},
		Playbook: "Block the address. Then run the timing check of jotsight scan against the service: if it finds nothing, the measurement found nothing either.",
	},
	{
		ID: UnknownKIDSpike, Title: "Many tokens name keys that do not exist", Severity: Medium, Refs: aboutKeySets,
		When:     "20 tokens with unknown key ids in 5 min.",
		Benign:   []string{"a key rotation that has not reached this service yet", "tokens of another environment"},
		Playbook: "One key id from many clients: compare with the issuer's key set and refresh yours. Many key ids from few clients: somebody is trying names, see kid-injection.",
	},
	{
		ID: StaleTokenUse, Title: "A token is used long after it expired", Severity: Low, Refs: aboutTimes,
		When:     "A token over 24 h past its expiry.",
		Benign:   []string{"a device that was switched off for days", "a bookmark or a script with an old token in it"},
		Playbook: "An old token may come from a log or a backup. See where it was used before and whether the address is the same; if not, look for the leak.",
	},
	{
		ID: CanaryUsed, Title: "A planted token was used", Severity: Critical, Refs: aboutCanaries,
		When:     "The first use of a token that nobody has a reason to use.",
		Benign:   []string{"a colleague who found it and tried it"},
		Playbook: "Whoever used it has read the place where it was planted. Take that place for compromised, keep its logs, and rotate every secret that lies beside it.",
	},
	{
		ID: DTelemetrySilence, Title: "A service has stopped reporting", Severity: High, Refs: aboutSilence,
		When:     "No event and no heartbeat from a service for 3 times its habit, and at least 2 min.",
		Benign:   []string{"a service that was shut down on purpose", "a network that was cut between it and the monitor"},
		Playbook: "See whether the service runs. If it serves without reporting, somebody or some deployment has switched its events off: treat the gap as unobserved time and look at other logs for it.",
	},
	{
		ID: EventsDropped, Title: "Events were lost", Severity: Medium, Refs: aboutSilence,
		When:     "The first record that says that events were lost.",
		Benign:   []string{"a disk that was full or a monitor that was away for longer than the buffer holds"},
		Playbook: "See what came just before: a flood may have been meant to hide something. Give the sink room or speed, and note the interval as incomplete.",
	},
	{
		ID: ProbeUnseen, Title: "A test attack left no event", Severity: High, Refs: aboutSilence,
		When:     "The first of the monitor's own bad tokens whose event did not arrive.",
		Benign:   []string{"a service that restarted at that moment", "a firewall that stops the probe on its way"},
		Playbook: "The service is blind now, whatever its dashboards say. Send a bad token by hand and follow it: through the guard, the sink, the network, the monitor.",
	},
	{
		ID: StateSaturated, Title: "The detectors have more to remember than they can", Severity: High, Refs: aboutSilence,
		When:     "The first time that the engine's bounded state is fuller than its accuracy allows.",
		Benign:   []string{"traffic that has outgrown the configuration"},
		Playbook: "Look for a flood of invented keys, addresses or users: it may be meant to push something out. Otherwise raise the bound in the configuration.",
	},
	{
		ID: DetectionLag, Title: "Detection is behind", Severity: Medium, Refs: aboutAlerts,
		When:     "Detection is over 30 s behind ingest for 1 min.",
		Benign:   []string{"the catching up after a restart", "a large import of old logs"},
		Playbook: "Alerts come late, none is lost. If the lag grows, look at the machine and at the rate of events.",
	},
	{
		ID: ClockSkew, Title: "The clock of a source is ahead", Severity: Low, Refs: aboutClocks,
		When:     "The first event whose time is more than 60 s ahead of its arrival.",
		Benign:   []string{"a machine without time synchronisation", "a virtual machine that was paused"},
		Playbook: "Set the clock. Until then the events of this source count at the time of their arrival, and times in its evidence are not to be trusted.",
	},
}
