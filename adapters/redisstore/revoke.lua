-- KEYS: cuts, revoked, feed, ends; for a session its family
-- ARGV: op, name, till, from, rest, milliseconds until till, sender; for a subject its name
if KEYS[5] and redis.call('EXISTS', KEYS[5]) == 1 then
  redis.call('HSET', KEYS[5], 'revoked', '1')
end
if ARGV[8] then
  local name, from = 'c' .. ARGV[8], ARGV[4]
  local cut = redis.call('HGET', KEYS[1], name)
  if not cut or before(cut, from) then redis.call('HSET', KEYS[1], name, from) end
  local last = math.max(tonumber(redis.call('HGET', KEYS[1], 'last') or 0), clock())
  redis.call('ZADD', KEYS[4], last + afterlife, name)
end
keep({cuts = KEYS[1], revoked = KEYS[2], feed = KEYS[3], ends = KEYS[4]},
  {op = ARGV[1], name = ARGV[2], till = ARGV[3], from = ARGV[4], rest = ARGV[5], left = tonumber(ARGV[6]), sender = ARGV[7]})
return 1
