-- Deletes entries, protected ones too, and hands over what is needed to bring them back.
--
-- KEYS: prefix
-- ARGV: keys...
-- Returns: for each key dealt with what export.lua returns; the rest of the keys are to be asked for again
-- Cost: O(size of the entries + keys × log entries), until 40 kB are read, 1 ms
-- Uses: names, rows, frames, remove, whole

local BYTES_AT_MOST = 40000
local prefix = KEYS[1]
local bytes = 0

local found = {}
for i, key in ipairs(ARGV) do
  found[i] = whole(prefix, key)
  bytes = bytes + size_of_whole(found[i])
  if remove(prefix, key) then
    redis.call('PUBLISH', prefix .. 'events', '{"kind":"delete","key":"' .. key .. '"}')
  end
  if bytes > BYTES_AT_MOST then
    break
  end
end
return found
