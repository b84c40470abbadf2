-- Puts one pattern in the place of another, with no hits of its own yet.
--
-- KEYS: prefix
-- ARGV: kind, pattern, new_pattern, by
-- Returns: changed, missing or exists
-- Cost: O(1)
-- Uses: names, history, patterns

local kind, pattern, new_pattern, by = unpack(ARGV)
local prefix = KEYS[1]
local patterns = prefix .. 'patterns:' .. kind

local found = redis.call('HGET', patterns, pattern)
if not found then
  return 'missing'
end
if redis.call('HEXISTS', patterns, new_pattern) == 1 then
  return 'exists'
end
redis.call('HSET', patterns, new_pattern, string.match(found, '^%d+') .. '\t' .. by)
redis.call('HDEL', patterns, pattern)
if kind == 'suppression' then
  redis.call('HDEL', prefix .. 'patterns:hits', pattern)
end
renew(prefix, kind)
remember(prefix, 'change_pattern', kind .. ' ' .. pattern .. ' ' .. new_pattern, by)
return 'changed'
