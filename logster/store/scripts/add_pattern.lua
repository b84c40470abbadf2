-- Adds a suppression or grouping pattern.
--
-- KEYS: prefix
-- ARGV: kind, pattern, by
-- Returns: 1, or 0 where there is such a pattern already
-- Cost: O(1)
-- Uses: names, history, patterns

local kind, pattern, by = unpack(ARGV)
local prefix = KEYS[1]

if redis.call('HSETNX', prefix .. 'patterns:' .. kind, pattern, digits(now_ms()) .. '\t' .. by) == 0 then
  return 0
end
renew(prefix, kind)
remember(prefix, 'add_pattern', kind .. ' ' .. pattern, by)
return 1
