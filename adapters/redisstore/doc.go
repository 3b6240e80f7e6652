// Package redisstore keeps refresh families and revocations in Redis, for a
// service of several processes:
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	store, err := redisstore.New(client, redisstore.Config{Prefix: "orders"})
//	…
//	g, err := guard.New(guard.Config{Revocation: guard.RevocationConfig{Store: store}, …})
//
// Each call is one script, so one atomic step and one round trip, but for a
// Changes that has more than a thousand revocations to give. All keys of a
// store begin with its prefix in braces and so share one hash slot: a single
// server, one behind Sentinel and one node of a Cluster serve alike.
//
//	{orders}:f:<id>     hash: one family, until it ends
//	{orders}:revoked    hash: each revocation, by what it names
//	{orders}:feed       stream: the last 10,000 or so, for Changes; and the channel on which they are told
//	{orders}:ends       sorted set: when they may be forgotten
//	{orders}:cuts       hash: subjects whose logins were revoked
//	{orders}:p:<id>     string: a DPoP proof that was used, until it is too old
//
// No token stands there, and nothing from which one could be made.
//
// It needs Redis 6.2 or newer, or what speaks like it, and the right to EVALSHA,
// EVAL, EXISTS, GET, HDEL, HGET, HMGET, HSCAN, HSET, INFO, PEXPIRE, PUBLISH, SET,
// SUBSCRIBE, TIME, XADD, XRANGE, XREVRANGE, ZADD, ZRANGEBYSCORE, ZREM, ZSCORE and PING on these
// keys and that channel. Redis may not evict keys (maxmemory-policy noeviction):
// what it evicts is a revocation that nobody knows any more. Check asks for both.
package redisstore
