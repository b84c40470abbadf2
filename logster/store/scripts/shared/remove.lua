-- Removes an entry with all that belongs to it, and says whether there was one. Needs names.

local function remove(prefix, key)
  local level = redis.call('HGET', prefix .. 'entry:' .. key, 'level')
  local levels = level and { tonumber(level) } or LEVELS
  local listed = 0
  for _, each in ipairs(levels) do
    listed = listed + redis.call('ZREM', rows_of(prefix, each, false), key)
    listed = listed + redis.call('ZREM', rows_of(prefix, each, true), key)
  end
  redis.call('ZREM', prefix .. 'trimmable', key)
  redis.call('SREM', prefix .. 'protected', key)
  redis.call('UNLINK', prefix .. 'entry:' .. key, prefix .. 'env:' .. key, prefix .. 'timeline:hour:entry:' .. key)
  return level or listed > 0
end
