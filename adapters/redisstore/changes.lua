-- What came after the entry that the cursor names, if it is there as it was. If
-- not, the feed was cut, or another server has taken over that never had it:
-- then only the place from which a snapshot continues.
--
-- KEYS: feed
-- ARGV: id, op, how many
if ARGV[1] ~= '' then
  local list = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[3] + 1)
  if list[1] and list[1][1] == ARGV[1] and list[1][2][2] == ARGV[2] then
    return {1, list}
  end
end
return {0, redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)}
