-- Reads on in the search texts, in no order, for entries in which each of some lowercase literals occurs. After each
-- literal stand the ids of the shared stacks in which it does, or `*` for any of them.
--
-- KEYS: prefix
-- ARGV: cursor, at_once, literals...
-- Returns: {cursor to go on from, 0 at the end, {key…}}
-- Cost: O(at_once), 2 µs a text
-- Uses: names, frames, texts

local cursor, at_once = unpack(ARGV)
local prefix = KEYS[1]
local literals = literals_from(3)

local follows, found = unpack(redis.call('HSCAN', prefix .. 'texts', cursor, 'COUNT', at_once))
local keys = {}
for i = 1, #found, 2 do
  if has_literals(prefix, found[i], found[i + 1], literals) then
    keys[#keys + 1] = found[i]
  end
end
return { follows, keys }
