-- Protects an entry: neither trimming nor clearing removes it.
--
-- KEYS: prefix
-- ARGV: key
-- Returns: 1, or 0 where there is no such entry
-- Cost: O(log entries)
-- Uses: none

local key = unpack(ARGV)
local prefix = KEYS[1]
local entry = prefix .. 'entry:' .. key
if redis.call('HEXISTS', entry, 'level') == 0 then
  return 0
end
redis.call('HSET', entry, 'protected', 1)
redis.call('SADD', prefix .. 'protected', key)
redis.call('ZREM', prefix .. 'trimmable', key)
redis.call('PUBLISH', prefix .. 'events', '{"kind":"protect","key":"' .. key .. '"}')
return 1
