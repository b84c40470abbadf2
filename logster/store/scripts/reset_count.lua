-- Begins to count the hits of a suppression pattern anew.
--
-- KEYS: prefix
-- ARGV: pattern, by
-- Returns: how many there were
-- Cost: O(1)
-- Uses: names, history

local pattern, by = unpack(ARGV)
local prefix = KEYS[1]

local hits = tonumber(redis.call('HGET', prefix .. 'patterns:hits', pattern) or 0)
redis.call('HDEL', prefix .. 'patterns:hits', pattern)
remember(prefix, 'reset_count', 'suppression ' .. pattern, by)
redis.call('PUBLISH', prefix .. 'events', '{"kind":"patterns"}')
return hits
