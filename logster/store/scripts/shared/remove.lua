-- Removes an entry with all that belongs to it, and says whether there was one. Needs names, rows, frames.

local function remove(prefix, key)
  local state = state_of(prefix, key)
  local listed = 0
  if state then
    delist(prefix, key, state)
  else
    listed = delist_everywhere(prefix, key)
  end
  redis.call('ZREM', prefix .. 'trimmable', key)
  if not state or state.protected then
    redis.call('SREM', prefix .. 'protected', key)
  end
  local stack = redis.call('HGET', prefix .. 'entry:' .. key, 'stack')
  if stack then
    release_stack(prefix, stack)
  end
  redis.call('HDEL', prefix .. 'texts', key)
  redis.call('UNLINK', prefix .. 'entry:' .. key, prefix .. 'env:' .. key, prefix .. 'timeline:hour:entry:' .. key)
  return state or listed > 0
end
