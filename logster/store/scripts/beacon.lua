-- Counts one more JavaScript report of an address in a minute.
--
-- KEYS: counter
-- ARGV: expire_seconds
-- Returns: the count
-- Cost: O(1)
-- Uses: none

local expire_seconds = unpack(ARGV)
local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('EXPIRE', KEYS[1], expire_seconds)
end
return count
