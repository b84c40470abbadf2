-- Restores a pattern with its hits, or adds its hits to those of the one that is there.
--
-- KEYS: prefix
-- ARGV: kind, pattern, counted_as, value, hits, mode
-- Returns: 1 where there was no such pattern, else 0
-- Cost: O(1)
-- Uses: names, patterns

local kind, pattern, counted_as, value, hits, mode = unpack(ARGV)
local prefix = KEYS[1]
local patterns, counts = prefix .. 'patterns:' .. kind, prefix .. 'patterns:hits'
-- A rule of the app's own code is counted here, and kept there.
local is_new = value == '' and redis.call('HEXISTS', counts, counted_as) == 0
  or value ~= '' and redis.call('HSETNX', patterns, pattern, value) == 1

if value ~= '' and is_new then
  renew(prefix, kind)
elseif value ~= '' and mode == 'replace' then
  redis.call('HSET', patterns, pattern, value)
end
if tonumber(hits) > 0 and (is_new or mode == 'replace') then
  redis.call('HSET', counts, counted_as, hits)
elseif tonumber(hits) > 0 and mode == 'merge' then
  redis.call('HINCRBY', counts, counted_as, hits)
elseif mode == 'replace' then
  redis.call('HDEL', counts, counted_as)
end
return is_new and 1 or 0
