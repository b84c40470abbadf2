-- Notes who changed what.
--
-- KEYS: prefix
-- ARGV: kind, about, by
-- Returns: 1
-- Cost: O(1)
-- Uses: names, history

local kind, about, by = unpack(ARGV)
remember(KEYS[1], kind, about, by)
return 1
