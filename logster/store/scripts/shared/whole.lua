-- An entry with all that belongs to it, as one answer. Needs frames.

local function whole(prefix, key)
  return {
    key,
    redis.call('HGETALL', prefix .. 'entry:' .. key),
    redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1),
    redis.call('HGETALL', prefix .. 'timeline:hour:entry:' .. key),
    redis.call('ZSCORE', prefix .. 'solved', key),
    redis.call('HGET', prefix .. 'solved:versions', key),
    bodies_of(prefix, redis.call('HGET', prefix .. 'entry:' .. key, 'stack')),
  }
end

-- How much of it there is, its timeline left out.
local function size_of_whole(found)
  local size = 0
  for _, words in ipairs({ found[2], found[3], found[7] }) do
    for _, word in ipairs(words) do
      size = size + #word
    end
  end
  return size
end
