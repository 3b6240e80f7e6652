package catalog

var failing = []Weakness{
	{
		ID: TimingOracle, Title: "The time of the answer tells valid from invalid input",
		Group: "Oracles and failure modes", Sides: Scan, Severity: Low, CWE: []int{208}, Refs: aboutTiming,
		Why:        "If an unknown key id is refused faster than a wrong signature, or a known user is looked up before the token is checked, the clock answers questions that the service does not. The finding is made only where the difference is beyond that between two runs of the same request.",
		Fix:        "Compare secrets in constant time, verify before looking anything up, and answer all refusals on the same path. `guard` verifies before it decodes, and uses constant-time comparison for HMAC.",
		Detections: []ID{TimingProbe},
	},
	{
		ID: VerboseError, Title: "The answer tells in detail why verification failed",
		Group: "Oracles and failure modes", Sides: Scan | Lint, Severity: Low, CWE: []int{209}, Refs: aboutAnswers,
		Why:        "\"Signature is invalid\" against \"token is expired\" tells an attacker how far he has come, and the error of a library may name paths, keys or versions. The client needs to know only that it must log in again.",
		Fix:        "Answer with the challenge of RFC 6750 and the same words for every reason; put the reason into the event. The default `Deny` of `guard` does this.",
		Detections: nil,
	},
	{
		ID: FailOpen, Title: "An error in the check lets the request through",
		Group: "Oracles and failure modes", Sides: Lint | Scan, Severity: Critical, CWE: []int{636}, Refs: aboutFailOpen,
		Why:        "When the key source, the revocation store or the verifier itself breaks, somebody wrote code that carries on. Breaking it is then the attack: a slow store or an odd token opens the door.",
		Fix:        "Refuse with 503 when the answer cannot be known, and record it. `guard` fails closed by default (`FailClosed`), writes `store_unavailable` or `internal_error`, and turns a panic into a 500 with an event.",
		Detections: []ID{FailureRatio},
	},
}
