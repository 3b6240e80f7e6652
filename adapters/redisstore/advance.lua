-- guard.Advance.Judge, line by line.
--
-- KEYS: family, cuts, revoked, feed, ends
-- ARGV: op, counter, counter + 1, client id, client, grace, now, and of the revocation
--       that a reuse causes: its name, the rest of it, its sender; then the words of Confirm
local Unknown, Rotated, Retried, Reused, Revoked, Expired, Mismatched, Ahead = 0, 1, 2, 3, 4, 5, 6, 7
local op, presented, following, clientID, client, grace, now = unpack(ARGV, 1, 7)

local f = look(KEYS[1], KEYS[2])
if not f then return {Unknown} end
local counter, rotated, who, revoked = f.counter, f.rotated, f.who, f.revoked

local function outcome(state)
  return {state, f.data, counter, rotated, who, revoked}
end

-- A call that is repeated because its answer was lost is answered the same, unless
-- the family was revoked since.
if f.op == op and (revoked == '' or tonumber(f.was) == Reused) then return outcome(tonumber(f.was)) end

-- Counters are compared as texts: they have 64 bits.
local function above(a, b)
  return #a > #b or (#a == #b and a > b)
end

local function shown()
  for i = 11, #ARGV do
    if ARGV[i] == f.confirm then return true end
  end
  return false
end

local last = rotated
if last == none then last = f.created end
if revoked ~= '' then
  return outcome(Revoked)
elseif not before(now, f.expires) or (f.idle ~= none and before(plus(last, f.idle), now)) then
  return outcome(Expired)
elseif clientID ~= f.owner or (f.confirm and not shown()) then
  return outcome(Mismatched)
elseif above(presented, counter) then
  return outcome(Ahead)
elseif presented == counter then
  counter, rotated, who = following, now, client
  redis.call('HSET', KEYS[1], 'step', table.concat({counter, rotated, op, Rotated}, ' '), 'who', who)
  return outcome(Rotated)
elseif following == counter and client == who and grace ~= none and before(now, plus(rotated, grace)) then
  return outcome(Retried)
end
revoked = '1'
redis.call('HSET', KEYS[1], 'step', table.concat({counter, rotated, op, Reused}, ' '), 'revoked', revoked)
keep({cuts = KEYS[2], revoked = KEYS[3], feed = KEYS[4], ends = KEYS[5]},
  {op = op, name = ARGV[8], till = plus(now, f.access), from = none, rest = ARGV[9], left = milliseconds(f.access), sender = ARGV[10]})
return outcome(Reused)
