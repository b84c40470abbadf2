-- Notes that the data have a form, unless they have a newer one, and makes every process read the form again.
--
-- KEYS: prefix
-- ARGV: form
-- Returns: the form that is noted
-- Cost: O(1)
-- Uses: none

local form = unpack(ARGV)
local prefix = KEYS[1]

local noted = tonumber(redis.call('GET', prefix .. 'schema') or 0)
if noted < tonumber(form) then
  redis.call('SET', prefix .. 'schema', form)
  -- Reports that name another version of the patterns come back as stale, and whoever sent them reads anew.
  redis.call('INCR', prefix .. 'patterns:version')
  noted = tonumber(form)
end
return noted
