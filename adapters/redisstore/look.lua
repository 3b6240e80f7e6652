-- look gives a family as it stands, nil where there is none.
local function look(row, cuts)
  local v = redis.call('HMGET', row, 'life', 'step', 'who', 'revoked', 'subject', 'client', 'confirm', 'data')
  if not v[8] then return nil end
  local f = {who = v[3] or '', revoked = v[4] or '', owner = v[6], confirm = v[7], data = v[8]}
  f.created, f.expires, f.idle, f.access = v[1]:match('^(%S+) (%S+) (%S+) (%S+)$')
  f.counter, f.rotated, f.op, f.was = v[2]:match('^(%S+) (%S+) (%S+) (%S+)$')
  -- Of the logins of a subject that was revoked, those up to then are.
  local cut = redis.call('HGET', cuts, 'c' .. v[5])
  if cut and not before(cut, f.created) then f.revoked = '1' end
  return f
end
