-- Removes the oldest unprotected entries, a bounded number a call, and returns how many. Needs names, rows, remove.

local function remove_range(prefix, keys)
  for _, key in ipairs(keys) do
    take_out(prefix, key)
  end
  if #keys > 0 then
    drop(prefix, keys)
  end
  return #keys
end

local function trim_age(prefix, oldest_ms, limit)
  local bound = '(' .. digits(oldest_ms)
  local keys = redis.call('ZRANGEBYSCORE', prefix .. 'trimmable', '-inf', bound, 'LIMIT', 0, limit)
  return remove_range(prefix, keys)
end

local function trim_backlog(prefix, max_backlog, limit)
  local excess = math.min(redis.call('ZCARD', prefix .. 'trimmable') - max_backlog, limit)
  if excess <= 0 then
    return 0
  end
  return remove_range(prefix, redis.call('ZRANGE', prefix .. 'trimmable', 0, excess - 1))
end
