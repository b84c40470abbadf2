-- Leases permits of an address in a minute, for JavaScript reports or to try a password: as many as are wanted, but of
-- what is left a small part only, so that other processes find some, too; the last ones one at a time.
--
-- KEYS: counter
-- ARGV: limit, wanted, expire_seconds
-- Returns: how many were leased; 0 where none is left
-- Cost: O(1)
-- Uses: none

local limit, wanted, expire_seconds = unpack(ARGV)
local left = tonumber(limit) - tonumber(redis.call('GET', KEYS[1]) or 0)
if left < 1 then
  return 0
end
local leased = math.min(tonumber(wanted), math.max(math.floor(left / 16), 1))
if redis.call('INCRBY', KEYS[1], leased) == leased then
  redis.call('EXPIRE', KEYS[1], expire_seconds)
end
return leased
