-- Notes that all entries are grouped by the patterns of a version, unless these have changed since.
--
-- KEYS: prefix
-- ARGV: patterns_version
-- Returns: 1, or 0 where the patterns have changed
-- Cost: O(1)
-- Uses: none

local patterns_version = unpack(ARGV)
local prefix = KEYS[1]

if (redis.call('GET', prefix .. 'patterns:version') or '0') ~= patterns_version then
  return 0
end
redis.call('DEL', prefix .. 'patterns:regroup', prefix .. 'patterns:regrouping')
redis.call('PUBLISH', prefix .. 'events', '{"kind":"regroup"}')
return 1
