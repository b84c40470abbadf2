-- Removes the oldest unprotected entries, whatever their age; solved marks stay.
--
-- KEYS: prefix
-- ARGV: limit
-- Returns: how many were removed; fewer than the limit means that none is left
-- Cost: O(limit × log entries), 20 µs an entry
-- Uses: names, rows, remove, trimming

local limit = unpack(ARGV)
return trim_backlog(KEYS[1], 0, tonumber(limit))
