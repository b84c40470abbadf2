-- Declares entries solved in the versions they were seen in and hides them; without a version, until they happen again.
--
-- KEYS: prefix
-- ARGV: expire_seconds, keys...
-- Returns: how many of them there are
-- Cost: O(keys × log entries), 10 µs a key
-- Uses: names

local expire_seconds = unpack(ARGV)
local prefix = KEYS[1]
local expires = now_ms() + tonumber(expire_seconds) * 1000

local function solve(key)
  local entry = prefix .. 'entry:' .. key
  local found = redis.call('HMGET', entry, 'level', 'last', 'versions')
  if not found[1] then
    return 0
  end
  redis.call('HSET', entry, 'solved', 1)
  redis.call('HDEL', entry, 'regressed')
  redis.call('ZADD', prefix .. 'solved', digits(expires), key)
  redis.call('HSET', prefix .. 'solved:versions', key, found[3] or '')
  redis.call('ZREM', rows_of(prefix, tonumber(found[1]), false), key)
  redis.call('ZADD', rows_of(prefix, tonumber(found[1]), true), found[2], key)
  redis.call('PUBLISH', prefix .. 'events', '{"kind":"solve","key":"' .. key .. '"}')
  return 1
end

local solved = 0
for i = 2, #ARGV do
  solved = solved + solve(ARGV[i])
end
return solved
