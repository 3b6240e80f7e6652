-- KEYS: family, cuts
-- ARGV: op, life, subject, client, confirm, data, milliseconds to live
local step = redis.call('HGET', KEYS[1], 'step')
if step then
  -- A call that is repeated because its answer was lost finds its own family.
  if step:match('^%S+ %S+ (%S+)') == ARGV[1] then return 1 end
  return 0
end
redis.call('HSET', KEYS[1], 'life', ARGV[2], 'subject', ARGV[3], 'client', ARGV[4], 'data', ARGV[6],
  'step', '0 - ' .. ARGV[1] .. ' -')
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'confirm', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
-- The end of the last family: until then the revocation of a subject has to be
-- kept for those that exist.
local ends = clock() + ARGV[7]
if ends > tonumber(redis.call('HGET', KEYS[2], 'last') or 0) then redis.call('HSET', KEYS[2], 'last', ends) end
return 1
