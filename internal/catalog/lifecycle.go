package catalog

var lifecycle = []Weakness{
	{
		ID: NoVerifyRateLimit, Title: "Bad tokens can be tried without limit",
		Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}, Refs: aboutFloods,
		Why:        "Each refused token costs the service a verification and costs the sender nothing. Without a limit, guessing goes on for as long as anybody cares, and a flood of forged RS256 tokens takes the processor from everybody else.",
		Fix:        "Count failures by client address and refuse with 429 before any cryptography; good tokens must not count. `guard` does so by default: see `guard.LimitConfig`.",
		Detections: []ID{SignatureBruteforce, DistributedBruteforce, MissingTokenFlood},
	},
	{
		ID: NoRefreshRateLimit, Title: "Refresh can be called without limit",
		Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}, Refs: aboutFloods,
		Why:        "An honest client refreshes a few times an hour. One that does so ten times a minute is broken, or is spinning a stolen session to stay ahead of its revocation, and each answer is a fresh credential.",
		Fix:        "Limit refreshes by token family and by address, and record when the limit is reached. `guard.NewIssuer` limits each family in `Refresh` and `RefreshHandler`.",
		Detections: []ID{RefreshAbuse, RefreshFailures},
	},
	{
		ID: NoLoginRateLimit, Title: "Login can be tried without limit",
		Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{307}, Refs: aboutFloods,
		Why:        "The password is the way to a token that needs no forging. Lists of leaked passwords are long and machines are patient; without a limit only the user's choice of password stands in between.",
		Fix:        "Limit attempts by account and by address, slow down rather than lock out, and record each failure. Login belongs to your own code or identity provider: `guard` records what is issued behind it.",
		Detections: []ID{FailureRatio, IssuanceSpike},
	},
	{
		ID: RefreshReuseAccepted, Title: "A rotated refresh token works again",
		Group: "Abuse and lifecycle", Sides: Scan | Lint, Severity: High, CWE: []int{294}, Refs: aboutRotation,
		Why:        "Rotation is there so that a stolen refresh token is found out: the thief and the owner cannot both use it. If the old one still works, both can, and rotation is only decoration.",
		Fix:        "Remember the last generation of each family, refuse older ones, and revoke the family when one comes back. `guard.NewIssuer` does all three in one atomic step of its Store, with a short grace for a client that lost the answer.",
		Detections: []ID{RefreshReuse, RefreshAbuse},
	},
	{
		ID: RefreshNotRotated, Title: "Refresh returns, or leaves valid, the same refresh token",
		Group: "Abuse and lifecycle", Sides: Scan | Lint, Severity: Medium, CWE: []int{294}, Refs: aboutRotation,
		Why:        "A refresh token that never changes is a password with a long life. Whoever copies it once has access until it expires, and no use of it looks different from the owner's.",
		Fix:        "Give a new refresh token at each use and make the old one worthless. `Issuer.Refresh` of `guard.NewIssuer` returns a new pair each time.",
		Detections: []ID{RefreshAbuse},
	},
	{
		ID: RevokedTokenAccepted, Title: "A token works after logout or revocation",
		Group: "Abuse and lifecycle", Sides: Scan, Severity: Critical, CWE: []int{613}, Refs: aboutRevokedOK,
		Why:        "The user was told that the session is over. A copy of the token, from a shared computer, a log or a thief, is as good as before until it expires, and nothing can be done about it during an incident.",
		Fix:        "Ask for revocations on each request, from a local copy that a store keeps fresh, so that it costs no call. Give `guard` a `RevocationConfig{Store: store}` and revoke through `Issuer.Revoke` or `RevocationHandler`; keep access tokens short-lived besides.",
		Detections: []ID{RevokedUse, RevokedAccepted},
	},
	{
		ID: FamilySurvivesReuse, Title: "After a reused refresh token is seen, its family still works",
		Group: "Abuse and lifecycle", Sides: Scan, Severity: High, CWE: []int{294}, Refs: aboutRotation,
		Why:        "When an old refresh token comes back, nobody can tell whether thief or owner holds the newest one. Refusing the old token alone leaves the session to whichever of the two came first, which may be the thief.",
		Fix:        "Revoke the whole family and the access tokens that came from it, and make the user log in again. `guard.NewIssuer` does so on reuse and writes `jwt.family_revoked`.",
		Detections: []ID{RefreshReuse},
	},
	{
		ID: RawTokenDenylist, Title: "Revocation compares the raw text of the token",
		Group: "Abuse and lifecycle", Sides: Lint | Scan, Severity: High, CWE: []int{184}, Refs: aboutRevokedOK,
		Why:        "The same token can be spelled in several ways: the last character of a base64url part has unused bits that many decoders ignore. A list of raw texts knows one spelling, and the others pass. The list also holds usable tokens for whoever reads it.",
		Fix:        "Revoke by `jti`, session, family or subject, or by a hash of header and payload, and refuse base64url that is not canonical. `guard` does both.",
		Detections: []ID{RevokedAccepted},
	},
	{
		ID: TokenKeyedMemory, Title: "A map keyed by token or address grows without end",
		Group: "Abuse and lifecycle", Sides: Lint, Severity: Medium, CWE: []int{770}, Refs: aboutMemory,
		Why:        "Tokens and addresses are invented by the sender. A map that gains an entry for each of them and loses none is a way to fill the memory from outside, and it usually sits in the code that was to stop floods.",
		Fix:        "Bound the map and evict by age, or count in a structure of fixed size. The limiter and the cache of `guard` are bounded however many tokens and addresses an attacker invents.",
		Detections: nil,
	},
}
