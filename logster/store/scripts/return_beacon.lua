-- Gives back leased permits that nobody used; none where their minute is over.
--
-- KEYS: counter
-- ARGV: unused
-- Returns: how many permits of the minute are out
-- Cost: O(1)
-- Uses: none

local unused = unpack(ARGV)
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
return redis.call('DECRBY', KEYS[1], unused)
