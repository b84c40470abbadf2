-- Removes a pattern with its hits.
--
-- KEYS: prefix
-- ARGV: kind, pattern, by
-- Returns: 1, or 0 where there is no such pattern
-- Cost: O(1)
-- Uses: names, history, patterns

local kind, pattern, by = unpack(ARGV)
local prefix = KEYS[1]

if redis.call('HDEL', prefix .. 'patterns:' .. kind, pattern) == 0 then
  return 0
end
if kind == 'suppression' then
  redis.call('HDEL', prefix .. 'patterns:hits', pattern)
end
renew(prefix, kind)
remember(prefix, 'remove_pattern', kind .. ' ' .. pattern, by)
return 1
