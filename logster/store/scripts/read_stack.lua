-- Reads the frames of one shared stack.
--
-- KEYS: prefix
-- ARGV: field
-- Returns: their bodies in order, none where they are lost; `field` is what an entry's field `stack` holds
-- Cost: O(frames), 100 at the most, 0.1 ms
-- Uses: names, frames

local field = unpack(ARGV)
return bodies_of(KEYS[1], field)
