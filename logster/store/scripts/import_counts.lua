-- Restores a hash of counts, or adds to the one that is there.
--
-- KEYS: counts
-- ARGV: mode, values...
-- Returns: nothing
-- Cost: O(values)
-- Uses: none

local mode = unpack(ARGV)
if mode == 'replace' then
  redis.call('UNLINK', KEYS[1])
end
for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
