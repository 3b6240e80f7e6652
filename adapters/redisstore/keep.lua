-- How much longer than Until a revocation is kept, for clocks that differ.
local afterlife = 3600 * 1000

-- Ended entries that one new one may sweep out. More than one, so that they
-- grow fewer; not all, so that no call takes long.
local sweep = 100

-- The feed serves those who come back within so many revocations. Who was away
-- for longer is given all that still live.
local feedLength = 10000

-- keep stores a revocation and tells of it, unless what is stored under its name
-- says as much already. k holds keys, r the revocation.
local function keep(k, r)
  local till, from = r.till, r.from
  local old = redis.call('HGET', k.revoked, r.name)
  if old then
    local otill, ofrom = old:match('^%S+ (%S+) (%S+) ')
    if till ~= none and (otill == none or before(till, otill)) then till = otill end
    if from ~= none and ofrom ~= none and before(from, ofrom) then from = ofrom end
    if till == otill and from == ofrom then return end
  end
  local now = clock()
  local over = redis.call('ZRANGEBYSCORE', k.ends, '-inf', now, 'LIMIT', 0, sweep)
  if #over > 0 then
    redis.call('HDEL', k.revoked, unpack(over))
    redis.call('HDEL', k.cuts, unpack(over))
    redis.call('ZREM', k.ends, unpack(over))
  end
  local value = till .. ' ' .. from .. ' ' .. r.rest
  local id = redis.call('XADD', k.feed, 'MAXLEN', '~', feedLength, '*', 'op', r.op, 'v', value)
  redis.call('HSET', k.revoked, r.name, id .. ' ' .. value)
  if till == none then
    redis.call('ZREM', k.ends, r.name)
  else
    local ends = now + r.left + afterlife
    local was = redis.call('ZSCORE', k.ends, r.name)
    if not was or ends > tonumber(was) then redis.call('ZADD', k.ends, ends, r.name) end
  end
  redis.call('PUBLISH', k.feed, r.sender .. ' ' .. value)
end
