-- KEYS: family, cuts
local f = look(KEYS[1], KEYS[2])
if not f then return {0} end
return {1, f.data, f.counter, f.rotated, f.who, f.revoked}
