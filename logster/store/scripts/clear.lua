-- Removes the oldest unprotected entries, whatever their age; solved marks stay.
--
-- KEYS: prefix
-- ARGV: limit
-- Returns: how many were removed; fewer than the limit means that none is left
-- Cost: O(limit × log entries), 20 µs an entry, 50 µs where a stack goes with it
-- Uses: names, rows, frames, remove, trimming

local limit = unpack(ARGV)
local prefix = KEYS[1]
-- glibc's allocator sorts what was freed when it is next asked for a large piece. Asked each time, it never has much to do.
string.rep('-', 8192)
local removed = trim_backlog(prefix, 0, tonumber(limit))
-- An entry that was evicted has never ended its use of frames, nor taken its text along.
if redis.call('EXISTS', prefix .. 'trimmable', prefix .. 'protected') == 0 then
  redis.call('UNLINK', prefix .. 'frames', prefix .. 'texts')
end
return removed
