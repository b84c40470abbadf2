-- Declares entries solved in the versions they were seen in and hides them; without a version, until they happen again.
--
-- KEYS: prefix
-- ARGV: expire_seconds, keys...
-- Returns: how many of them there are
-- Cost: O(keys × log entries), 10 µs a key
-- Uses: names, rows

local expire_seconds = unpack(ARGV)
local prefix = KEYS[1]
local expires = now_ms() + tonumber(expire_seconds) * 1000

local function solve(key)
  local entry = prefix .. 'entry:' .. key
  local state = state_of(prefix, key)
  if not state then
    return 0
  end
  redis.call('HSET', entry, 'solved', 1)
  redis.call('HDEL', entry, 'regressed')
  redis.call('ZADD', prefix .. 'solved', digits(expires), key)
  redis.call('HSET', prefix .. 'solved:versions', key, redis.call('HGET', entry, 'versions') or '')
  relist(prefix, key, state, changed(state, { solved = 1 }))
  redis.call('PUBLISH', prefix .. 'events', '{"kind":"solve","key":"' .. key .. '"}')
  return 1
end

local solved = 0
for i = 2, #ARGV do
  solved = solved + solve(ARGV[i])
end
return solved
