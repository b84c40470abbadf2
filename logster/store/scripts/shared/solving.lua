-- Marks that say which versions an entry is solved in. They outlive the entry, and expire. Needs names, rows.

local function forget_mark(prefix, key)
  redis.call('ZREM', prefix .. 'solved', key)
  redis.call('HDEL', prefix .. 'solved:versions', key)
end

-- The versions that a mark names, one a line; nil where there is none that still holds.
local function solved_versions(prefix, key, expires, now)
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
  local state = state_of(prefix, key)
  if not state or not state.solved then
    return false
  end
  redis.call('HDEL', prefix .. 'entry:' .. key, 'solved')
  relist(prefix, key, state, changed(state, { solved = '' }))
  return true
end
