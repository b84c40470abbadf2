-- Deletes entries, protected ones too.
--
-- KEYS: prefix
-- ARGV: keys...
-- Returns: how many there were
-- Cost: O(keys × log entries), 20 µs a key, 50 µs where a stack goes with it
-- Uses: names, rows, frames, remove

local prefix = KEYS[1]
local removed = 0
for _, key in ipairs(ARGV) do
  if remove(prefix, key) then
    removed = removed + 1
    redis.call('PUBLISH', prefix .. 'events', '{"kind":"delete","key":"' .. key .. '"}')
  end
end
return removed
