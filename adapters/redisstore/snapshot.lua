-- A script and no plain command, because a client may send reading commands to a
-- replica that is behind.
--
-- KEYS: revoked
-- ARGV: place, how many
return redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
