-- Where an entry stands in the lists: alone, as a member of a group, or among the solved. Needs names.
--
-- A group's row `g-GROUP` stands in the list of each level of which it has unsolved members, where the newest of these
-- would stand. A group lasts as long as it has members, solved ones included.

-- What decides where an entry stands, or nil where there is no entry.
local function state_of(prefix, key)
  local found = redis.call('HMGET', prefix .. 'entry:' .. key, 'level', 'last', 'first', 'count', 'group', 'solved',
    'protected')
  if not found[1] then
    return nil
  end
  return { level = tonumber(found[1]), last = found[2], first = found[3], count = tonumber(found[4]),
    group = found[5] or nil, solved = found[6] or nil, protected = found[7] or nil }
end

local function changed(state, changes)
  local result = {}
  for name, value in pairs(state) do
    result[name] = value
  end
  for name, value in pairs(changes) do
    result[name] = value ~= '' and value or nil
  end
  return result
end

-- Puts the row of a group where its newest member of a level stands, and forgets a group without members.
local function settle(prefix, group, level)
  local name, row = prefix .. 'group:' .. group, 'g-' .. group
  local newest = redis.call('ZREVRANGE', name .. ':' .. level, 0, 0, 'WITHSCORES')
  if newest[1] then
    redis.call('ZADD', prefix .. 'recent:' .. level, newest[2], row)
    return
  end
  redis.call('ZREM', prefix .. 'recent:' .. level, row)
  if redis.call('EXISTS', name .. ':members') == 0 then
    redis.call('SREM', prefix .. 'groups', group)
    if redis.call('EXISTS', name .. ':solved') == 0 then
      redis.call('UNLINK', name)
    end
  end
end

-- Puts a member where its last report puts it; the group's row follows its newest member.
local function put_member(prefix, key, state)
  local name, level = prefix .. 'group:' .. state.group, level_floor(state.level)
  redis.call('ZADD', name .. ':' .. level, state.last, key)
  redis.call('ZADD', name .. ':members', state.last, key)
  redis.call('ZADD', prefix .. 'grouped:' .. level, state.last, key)
  redis.call('ZADD', prefix .. 'recent:' .. level, 'GT', state.last, 'g-' .. state.group)
end

local function enlist(prefix, key, state)
  if not state.group then
    redis.call('ZADD', rows_of(prefix, state.level, state.solved), state.last, key)
    return
  end
  local name = prefix .. 'group:' .. state.group
  if state.solved then
    if state.pattern then
      redis.call('HSET', name, 'pattern', state.pattern)
    end
    redis.call('ZADD', rows_of(prefix, state.level, true), state.last, key)
    redis.call('ZADD', name .. ':solved', state.last, key)
    return
  end
  redis.call('SADD', prefix .. 'groups', state.group)
  redis.call('ZADD', name .. ':first', state.first, key)
  -- Its first member says what the group is.
  if redis.call('HINCRBY', name, 'occurrences', state.count) == state.count and state.pattern then
    redis.call('HSET', name, 'pattern', state.pattern)
  end
  put_member(prefix, key, state)
end

local function delist(prefix, key, state)
  local level = level_floor(state.level)
  if not state.group then
    return redis.call('ZREM', rows_of(prefix, level, state.solved), key)
  end
  local name = prefix .. 'group:' .. state.group
  if state.solved then
    redis.call('ZREM', rows_of(prefix, level, true), key)
    redis.call('ZREM', name .. ':solved', key)
  else
    redis.call('ZREM', name .. ':' .. level, key)
    redis.call('ZREM', name .. ':members', key)
    redis.call('ZREM', name .. ':first', key)
    redis.call('ZREM', prefix .. 'grouped:' .. level, key)
    redis.call('HINCRBY', name, 'occurrences', -state.count)
    -- The row stands where a newer member put it, and stays there: so it is with whatever is trimmed.
    local row_at = redis.call('ZSCORE', prefix .. 'recent:' .. level, 'g-' .. state.group)
    if row_at and tonumber(state.last) < tonumber(row_at) then
      return
    end
  end
  settle(prefix, state.group, level)
end

-- A member was reported again, and stays in its group and level.
local function refresh_member(prefix, key, before, after)
  local name = prefix .. 'group:' .. after.group
  if after.first ~= before.first then
    redis.call('ZADD', name .. ':first', after.first, key)
  end
  redis.call('HINCRBY', name, 'occurrences', after.count - before.count)
  put_member(prefix, key, after)
end

-- Moves an entry from where it stands to where it belongs now.
local function relist(prefix, key, before, after)
  local stays = level_floor(before.level) == level_floor(after.level) and before.group == after.group
    and before.solved == after.solved
  if stays and after.group and not after.solved then
    refresh_member(prefix, key, before, after)
    return
  end
  if after.group and not after.pattern then
    -- The group may end for a moment.
    after.pattern = redis.call('HGET', prefix .. 'group:' .. after.group, 'pattern') or nil
  end
  if not stays then
    delist(prefix, key, before)
  end
  enlist(prefix, key, after)
end

-- Takes a key out of every list that there is: for what eviction tore apart, where nothing says where it stands.
local function delist_everywhere(prefix, key)
  local listed = 0
  local groups = redis.call('SMEMBERS', prefix .. 'groups')
  for _, level in ipairs(LEVELS) do
    listed = listed + redis.call('ZREM', prefix .. 'recent:' .. level, key)
      + redis.call('ZREM', prefix .. 'solved:' .. level, key) + redis.call('ZREM', prefix .. 'grouped:' .. level, key)
    for _, group in ipairs(groups) do
      local name = prefix .. 'group:' .. group
      if redis.call('ZREM', name .. ':' .. level, key) == 1 then
        redis.call('ZREM', name .. ':members', key)
        redis.call('ZREM', name .. ':first', key)
        settle(prefix, group, level)
      end
    end
  end
  return listed
end
