-- Times and durations come as decimal texts: seconds, then nine digits of
-- nanoseconds. A number of Lua has 53 bits, too few for both in one.
-- No value is written as '-'.
local none = '-'

local function split(t)
  return tonumber(t:sub(1, -10)), tonumber(t:sub(-9))
end

local function before(a, b)
  local as, an = split(a)
  local bs, bn = split(b)
  return as < bs or (as == bs and an < bn)
end

local function plus(t, d)
  local s, n = split(t)
  local ds, dn = split(d)
  s, n = s + ds, n + dn
  if n >= 1e9 then
    s, n = s + 1, n - 1e9
  end
  return string.format('%.0f%09.0f', s, n)
end

local function milliseconds(d)
  local s, n = split(d)
  return s * 1000 + math.floor(n / 1e6)
end

-- clock is the server's own time in milliseconds: only it says when a key ends.
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
