-- Reads entries whole: each with its env samples, its timeline and its solved mark, all of one moment.
--
-- KEYS: prefix
-- ARGV: keys...
-- Returns: for each key dealt with {key, {field, value, …}, {sample…}, {bucket, count, …}, mark's end, its versions},
--   the fields empty where there is no such entry; the rest of the keys are to be asked for again
-- Cost: O(size of the entries), until 1 MB is read, 3 ms
-- Uses: none

local BYTES_AT_MOST = 1000000
local prefix = KEYS[1]
local bytes = 0

local function size_of(words)
  local size = 0
  for _, word in ipairs(words) do
    size = size + #word
  end
  return size
end

local found = {}
for i, key in ipairs(ARGV) do
  local fields = redis.call('HGETALL', prefix .. 'entry:' .. key)
  local samples = redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1)
  found[i] = {
    key, fields, samples,
    redis.call('HGETALL', prefix .. 'timeline:hour:entry:' .. key),
    redis.call('ZSCORE', prefix .. 'solved', key),
    redis.call('HGET', prefix .. 'solved:versions', key),
  }
  bytes = bytes + size_of(fields) + size_of(samples)
  if bytes > BYTES_AT_MOST then
    break
  end
end
return found
