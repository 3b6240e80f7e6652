// Package guard verifies JSON Web Tokens in net/http services and writes down
// what happens to them, so that an attack on one cannot go unseen.
//
//	g, err := guard.New(guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"},
//		Audience: []string{"orders"}, Events: guard.EventConfig{Sink: guard.JSONSink(os.Stdout), Service: "orders"}})
//	http.ListenAndServe("127.0.0.1:8080", g.Verify(mux)) // after looking at err
//
// [Guard.Verify] is a func(http.Handler) http.Handler: any router takes it. A
// handler finds the token with [FromContext] or decodes its claims with
// [Claims]; [Guard.Require] asks a route for scopes; [Guard.Check] serves
// protocols other than HTTP. [Guard.Observe] is the first step for a service that has
// its own authentication: it watches, verifies nothing and refuses nothing. An
// [Issuer] issues, refreshes and revokes.
//
// # Verify, then decode
//
// A token is cut at its dots and every byte outside the alphabet refused; its
// alg is compared with the list before any key is looked for; keys that the
// token brings along (jku, x5u, jwk, x5c) and critical headers are refused; and
// only after golang-jwt's code has found the signature good are claims decoded.
// An attacker's payload is never interpreted on the way to a decision. A failure
// has one of the reasons of package event, and each reason means one thing: an
// unsigned token is not a bad signature.
//
// A token that was verified is remembered by the SHA-256 of its whole text and
// costs a lookup the next time. Whatever can change is looked at on every use:
// expiry, the keys, and revocation.
//
// A token that is bound to a key of its client, by DPoP or by a TLS certificate,
// is good only for whoever shows that key, on every request ([BindingConfig]).
//
// # What is written
//
// Every failure, every act of an Issuer, and of good tokens the first use, each
// change of network or user agent and a count of the rest. A flood of one kind
// from one address is written in full ten times a second and counted beyond:
// [event.Event.Count] says how many facts a record stands for, and the sum is
// exact. A [Sink] that is stuck costs detail, not facts; a Sink that loses
// something says how much. Nobody waits longer than a tenth of a second for one.
//
// No event holds a token, a signature or a secret. Tokens are named by keyed
// fingerprints; whatever looks like a token in a path, a user agent or a claim
// is replaced by [token]. Claims of a token that was not verified are marked as
// such, and its subject never stands where a verified one does.
//
// # What the client is told
//
// A status, and no reason: RFC 6750 challenges with an RFC 9457 body. 401 for
// a bad token, 403 for a missing scope, 400 for two tokens or one in the URL, 429
// with Retry-After for an address with too many failures, and 503 when keys or
// revocations cannot be known, because a client that is told 401 throws a good
// token away.
//
// # Defaults
//
// A zero field of [Config] is the safe choice: exp is required, iss and aud must
// be named or waived in so many words, id and refresh tokens are no access
// tokens, and a store of revocations that does not answer closes the door. What
// has to be chosen with care is [Config.ClientIP]: behind a proxy every request
// comes from the proxy's address, and shares its limit, until it is set.
//
// # Limits
//
// A guard protects the routes that it wraps and sees what passes through them. A
// stolen token that is used as its owner would use it is a good token. Counts of
// failures are per process. What a Keyfunc takes away is believed until the cache
// forgets it ([CacheConfig]). A memory store ends with its process: with several
// processes, or to survive a restart, give a Store that they share.
package guard
