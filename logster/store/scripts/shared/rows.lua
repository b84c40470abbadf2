-- Where an entry stands in the lists: alone, as a member of a group, or among the solved. Needs names.
--
-- A group's row `g-GROUP` stands in the list of each level of which it has unsolved members, where the newest of these
-- would stand. A group lasts as long as it has members, solved ones included.

-- What decides where an entry stands, and its stack's field; nil where there is no entry.
local function state_of(prefix, key)
  local found = redis.call('HMGET', prefix .. 'entry:' .. key, 'level', 'last', 'first', 'count', 'group', 'solved',
    'protected', 'stack')
  if not found[1] then
    return nil
  end
  return { level = tonumber(found[1]), last = found[2], first = found[3], count = tonumber(found[4]),
    group = found[5] or nil, solved = found[6] or nil, protected = found[7] or nil, stack = found[8] or nil }
end

-- A script that deals with many entries sets `puts_off`: then what joins and what leaves sorted sets, how far rows of groups
-- move up, and how much their members occurred, waits for `write_rows`. Never do both joins and leaves wait, nor does
-- anything where a row of a group is read.
local puts_off = false
local joins, leaves, moves, sums_of_groups = {}, {}, {}, {}
local row_scores, known_groups = {}, {}

local function write_rows()
  for name, words in pairs(joins) do
    redis.call('ZADD', name, unpack(words))
  end
  for name, keys in pairs(leaves) do
    redis.call('ZREM', name, unpack(keys))
  end
  for name, rows in pairs(moves) do
    for row, last in pairs(rows) do
      redis.call('ZADD', name, 'GT', last, row)
    end
  end
  for name, sum in pairs(sums_of_groups) do
    -- Its first member says what the group is.
    if redis.call('HINCRBY', name, 'occurrences', sum.count) == sum.count and sum.pattern then
      redis.call('HSET', name, 'pattern', sum.pattern)
    end
  end
  joins, leaves, moves, sums_of_groups, row_scores = {}, {}, {}, {}, {}
end

local function join(name, score, key)
  if next(leaves) then
    write_rows()
  end
  local words = joins[name] or {}
  words[#words + 1], words[#words + 2] = score, key
  joins[name] = words
end

local function leave(name, key)
  if next(joins) then
    write_rows()
  end
  local keys = leaves[name] or {}
  keys[#keys + 1] = key
  leaves[name] = keys
end

local function add_to_group(name, count, pattern)
  local sum = sums_of_groups[name] or { count = 0 }
  sum.count, sum.pattern = sum.count + count, sum.pattern or pattern
  sums_of_groups[name] = sum
end

local function move_up(name, row, last)
  local rows = moves[name] or {}
  if not rows[row] or tonumber(rows[row]) < tonumber(last) then
    rows[row] = last
  end
  moves[name] = rows
end

local function write_unless_put_off()
  if not puts_off then
    write_rows()
  end
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
  write_rows()
  known_groups[group] = nil
  local name, row = prefix .. 'group:' .. group, 'g-' .. group
  local newest = redis.call('ZREVRANGE', name .. ':' .. level, 0, 0, 'WITHSCORES')
  if newest[1] then
    redis.call('ZADD', prefix .. 'recent:' .. level, newest[2], row)
    return
  end
  redis.call('ZREM', prefix .. 'recent:' .. level, row)
  if redis.call('EXISTS', name .. ':first') == 0 then
    redis.call('SREM', prefix .. 'groups', group)
    if redis.call('EXISTS', name .. ':solved') == 0 then
      redis.call('UNLINK', name)
    end
  end
end

-- Puts a member where its last report puts it; the group's row follows its newest member.
local function put_member(prefix, key, state)
  local name, level = prefix .. 'group:' .. state.group, level_floor(state.level)
  join(name .. ':' .. level, state.last, key)
  join(name .. ':first', state.first, key)
  join(prefix .. 'grouped:' .. level, state.last, key)
  move_up(prefix .. 'recent:' .. level, 'g-' .. state.group, state.last)
end

local function enlist_solved(prefix, key, state)
  local name = prefix .. 'group:' .. state.group
  if state.pattern then
    redis.call('HSET', name, 'pattern', state.pattern)
  end
  join(rows_of(prefix, state.level, true), state.last, key)
  join(name .. ':solved', state.last, key)
end

local function enlist_member(prefix, key, state)
  local name = prefix .. 'group:' .. state.group
  if not known_groups[state.group] then
    redis.call('SADD', prefix .. 'groups', state.group)
    known_groups[state.group] = true
  end
  put_member(prefix, key, state)
  add_to_group(name, state.count, state.pattern)
end

local function enlist(prefix, key, state)
  if not state.group then
    join(rows_of(prefix, state.level, state.solved), state.last, key)
  elseif state.solved then
    enlist_solved(prefix, key, state)
  else
    enlist_member(prefix, key, state)
  end
  write_unless_put_off()
end

-- Where the row of a group stands in the list of a level, or false.
local function row_score(prefix, group, level)
  local place = level .. ':' .. group
  if row_scores[place] == nil then
    row_scores[place] = redis.call('ZSCORE', prefix .. 'recent:' .. level, 'g-' .. group)
  end
  return row_scores[place]
end

local function delist_member(prefix, key, state, level)
  local name = prefix .. 'group:' .. state.group
  leave(name .. ':' .. level, key)
  leave(name .. ':first', key)
  leave(prefix .. 'grouped:' .. level, key)
  add_to_group(name, -state.count)
  -- The row stands where a newer member put it, and stays there: so it is with whatever is trimmed.
  local row_at = row_score(prefix, state.group, level)
  if not row_at or tonumber(state.last) >= tonumber(row_at) then
    settle(prefix, state.group, level)
  end
end

local function delist(prefix, key, state)
  local level = level_floor(state.level)
  if not state.group then
    leave(rows_of(prefix, level, state.solved), key)
  elseif state.solved then
    leave(rows_of(prefix, level, true), key)
    leave(prefix .. 'group:' .. state.group .. ':solved', key)
    settle(prefix, state.group, level)
  else
    delist_member(prefix, key, state, level)
  end
  write_unless_put_off()
end

-- A member was reported again, and stays in its group and level.
local function refresh_member(prefix, key, before, after)
  put_member(prefix, key, after)
  add_to_group(prefix .. 'group:' .. after.group, after.count - before.count)
  write_unless_put_off()
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
  write_rows()
  local listed = 0
  local groups = redis.call('SMEMBERS', prefix .. 'groups')
  for _, level in ipairs(LEVELS) do
    listed = listed + redis.call('ZREM', prefix .. 'recent:' .. level, key)
      + redis.call('ZREM', prefix .. 'solved:' .. level, key) + redis.call('ZREM', prefix .. 'grouped:' .. level, key)
    for _, group in ipairs(groups) do
      local name = prefix .. 'group:' .. group
      if redis.call('ZREM', name .. ':' .. level, key) == 1 then
        redis.call('ZREM', name .. ':first', key)
        settle(prefix, group, level)
      end
    end
  end
  return listed
end
