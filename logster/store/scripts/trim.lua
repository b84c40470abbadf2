-- Removes unprotected entries that are over age, a bounded number a call, and shows again those whose solved mark
-- has expired.
--
-- KEYS: prefix
-- ARGV: max_age_ms, limit
-- Returns: how many entries it dealt with; fewer than the limit means that none is left
-- Cost: O(log entries), plus 20 µs for each entry it deals with
-- Uses: names, rows, remove, trimming, solving

local max_age_ms, limit = unpack(ARGV)
local prefix = KEYS[1]
local now = now_ms()

local expired = redis.call('ZRANGEBYSCORE', prefix .. 'solved', '-inf', digits(now), 'LIMIT', 0, limit)
for _, key in ipairs(expired) do
  forget_mark(prefix, key)
  show(prefix, key)
end
return math.max(#expired, trim_age(prefix, now - max_age_ms, limit))
