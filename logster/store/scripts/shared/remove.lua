-- Removes entries with all that belongs to them. Needs names, rows, frames.

-- Takes an entry out of the lists, ends its use of its stack, and says whether there was one.
local function take_out(prefix, key)
  local state = state_of(prefix, key)
  local listed = 0
  if state then
    delist(prefix, key, state)
  else
    listed = delist_everywhere(prefix, key)
  end
  if not state or state.protected then
    redis.call('SREM', prefix .. 'protected', key)
  end
  local stack = state and state.stack or not state and redis.call('HGET', prefix .. 'entry:' .. key, 'stack')
  if stack then
    release_stack(prefix, stack)
  end
  return state or listed > 0
end

-- Removes what is left of entries that were taken out.
local function drop(prefix, keys)
  local names = {}
  for _, key in ipairs(keys) do
    names[#names + 1] = prefix .. 'entry:' .. key
    names[#names + 1] = prefix .. 'env:' .. key
    names[#names + 1] = prefix .. 'timeline:hour:entry:' .. key
  end
  redis.call('ZREM', prefix .. 'trimmable', unpack(keys))
  redis.call('HDEL', prefix .. 'texts', unpack(keys))
  redis.call('UNLINK', unpack(names))
end

-- Removes one, and says whether there was one.
local function remove(prefix, key)
  local was_there = take_out(prefix, key)
  drop(prefix, { key })
  return was_there
end
