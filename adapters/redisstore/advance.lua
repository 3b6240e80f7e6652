-- guard.Advance.Judge, line by line.
--
-- KEYS: family, cuts, revoked, feed, ends
-- ARGV: op, counter, counter + 1, client id, client, grace, now, and of the revocation
--       that a reuse causes: its name, the rest of it, its sender; then the words of Confirm
local Unknown, Rotated, Retried, Reused, Revoked, Expired, Mismatched, Ahead = 0, 1, 2, 3, 4, 5, 6, 7
local op, presented, following, clientID, client, grace, now = unpack(ARGV, 1, 7)

local life, step, who, revoked, subject, owner, confirm, data =
  unpack(redis.call('HMGET', KEYS[1], 'life', 'step', 'who', 'revoked', 'subject', 'client', 'confirm', 'data'))
if not data then return {Unknown} end
local created, expires, idle, access = life:match('^(%S+) (%S+) (%S+) (%S+)$')
local counter, rotated, by, was = step:match('^(%S+) (%S+) (%S+) (%S+)$')
who = who or ''

-- Of the logins of a subject that was revoked, those up to then are.
local cut = redis.call('HGET', KEYS[2], 'c' .. subject)
if cut and not before(cut, created) then revoked = '1' end

local function outcome(state)
  return {state, data, counter, rotated, who, revoked or ''}
end

-- A call that is repeated because its answer was lost is answered the same.
if by == op then return outcome(tonumber(was)) end

-- Counters are compared as texts: they have 64 bits.
local function above(a, b)
  return #a > #b or (#a == #b and a > b)
end

local function shown()
  for i = 11, #ARGV do
    if ARGV[i] == confirm then return true end
  end
  return false
end

local last = rotated
if last == none then last = created end
if revoked then
  return outcome(Revoked)
elseif not before(now, expires) or (idle ~= none and before(plus(last, idle), now)) then
  return outcome(Expired)
elseif clientID ~= owner or (confirm and not shown()) then
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
  {op = op, name = ARGV[8], till = plus(now, access), from = none, rest = ARGV[9], left = milliseconds(access), sender = ARGV[10]})
return outcome(Reused)
