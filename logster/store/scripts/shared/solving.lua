-- Marks that say which versions an entry is solved in. They outlive the entry, and expire. Needs names.

local function forget_mark(prefix, key)
  redis.call('ZREM', prefix .. 'solved', key)
  redis.call('HDEL', prefix .. 'solved:versions', key)
end

-- The versions, one a line, or nil where no mark holds.
local function solved_versions(prefix, key, now)
  local expires = redis.call('ZSCORE', prefix .. 'solved', key)
  if not expires then
    return nil
  end
  if tonumber(expires) <= now then
    forget_mark(prefix, key)
    return nil
  end
  return redis.call('HGET', prefix .. 'solved:versions', key) or ''
end

local function has_line(lines, line)
  return string.find('\n' .. lines .. '\n', '\n' .. line .. '\n', 1, true) ~= nil
end

-- Puts a solved entry back among the rows that are shown.
local function show(prefix, key)
  local entry = prefix .. 'entry:' .. key
  if redis.call('HDEL', entry, 'solved') == 0 then
    return false
  end
  local found = redis.call('HMGET', entry, 'level', 'last')
  redis.call('ZREM', rows_of(prefix, tonumber(found[1]), true), key)
  redis.call('ZADD', rows_of(prefix, tonumber(found[1]), false), found[2], key)
  return true
end
