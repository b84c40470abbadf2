-- Takes an entry's protection away.
--
-- KEYS: prefix
-- ARGV: key
-- Returns: 1, or 0 where there is no such entry
-- Cost: O(log entries)
-- Uses: none

local key = unpack(ARGV)
local prefix = KEYS[1]
local entry = prefix .. 'entry:' .. key
local last = redis.call('HGET', entry, 'last')
if not last then
  return 0
end
redis.call('HDEL', entry, 'protected')
redis.call('SREM', prefix .. 'protected', key)
redis.call('ZADD', prefix .. 'trimmable', last, key)
redis.call('PUBLISH', prefix .. 'events', '{"kind":"unprotect","key":"' .. key .. '"}')
return 1
