-- Takes what a deletion left for its undo, so that nobody else can take it again.
--
-- KEYS: prefix
-- ARGV: token
-- Returns: what was kept, or nil where it was taken already or its time is over
-- Cost: O(size of what was kept)
-- Uses: none

local token = unpack(ARGV)
local name = KEYS[1] .. 'deleted:' .. token
local kept = redis.call('GET', name)
redis.call('DEL', name)
return kept
