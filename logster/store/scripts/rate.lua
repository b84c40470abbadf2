-- Tells how many occurrences some levels had in the last minute or hour, and whether the caller is the first who sees
-- them over the limit.
--
-- KEYS: prefix
-- ARGV: levels, limit, per
-- Returns: {rate, 1 for the first who sees the breach}
-- Cost: O(levels × buckets), 50 µs
-- Uses: names, rates

local levels, limit, per = unpack(ARGV)
local prefix = KEYS[1]
local now, rate = now_ms(), 0
local breach = prefix .. 'rates:breach:' .. per .. ':' .. limit .. ':' .. levels

redis.call('SET', prefix .. 'rates:watched', 1, 'EX', 86400)
for level in string.gmatch(levels, '%d+') do
  rate = rate + rate_of(prefix, per, level, now)
end
if rate <= tonumber(limit) then
  redis.call('DEL', breach)
  return { rate, 0 }
end
-- Where nobody looks for so long, nothing was reported for so long, and the breach is over.
local lasts = WINDOWS[per].length * WINDOWS[per].buckets
local is_first = redis.call('SET', breach, rate, 'NX', 'PX', lasts)
redis.call('PEXPIRE', breach, lasts)
return { rate, is_first and 1 or 0 }
