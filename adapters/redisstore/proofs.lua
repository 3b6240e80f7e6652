-- KEYS: proof
-- ARGV: op, milliseconds to live
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
-- A call that is repeated because its answer was lost finds its own proof.
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
return 0
