-- What time alone changes: entries that are over age go, and solved ones whose mark has expired are shown again; a bounded
-- number a call. Needs names, rows, frames, remove, trimming, solving.

-- Returns how many entries it dealt with; fewer than the limit means that none is left.
local function expire(prefix, max_age_ms, limit)
  local now = now_ms()
  local expired = redis.call('ZRANGEBYSCORE', prefix .. 'solved', '-inf', digits(now), 'LIMIT', 0, limit)
  for _, key in ipairs(expired) do
    forget_mark(prefix, key)
    show(prefix, key)
  end
  return math.max(#expired, trim_age(prefix, now - max_age_ms, limit))
end
