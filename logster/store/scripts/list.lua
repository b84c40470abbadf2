-- Lists a page of rows from one place on, once nothing over age is left.
--
-- KEYS: prefix, sets...
-- ARGV: max_age_ms, limit, since_ms, until_ms, cursor_score, cursor_key, step, fields...
-- Returns: {total, more rows follow, rows lie behind, {row…}, entries wait to be grouped anew}, or {} where it is to be
--   called again: more is over age than one call removes, or a group was mended; a row is {fields…, key, env count, group};
--   the group is {pattern, occurrences, first seen, how many members, newest member, {newest members…}} or {}; its fields
--   are those of its newest member on these levels. With many groups there are fewer rows than the limit, and more follow
-- Cost: O(sets × log entries + limit), plus 20 µs a group, 70 µs where its members have several levels, and 50 µs for each
--   entry that is over age
-- Uses: names, rows, frames, remove, trimming, solving, expiry, walk

local max_age_ms, limit, since_ms, until_ms, cursor_score, cursor_key, step = unpack(ARGV)
limit, step = tonumber(limit), tonumber(step)
local fields = { unpack(ARGV, 8) }

local prefix = KEYS[1]
local READ_AT_ONCE, EXPIRED_AT_ONCE, MENDED_AT_ONCE, MERGED_AT_ONCE, LISTED_MEMBERS = 16, 10, 1000, 25, 10

if expire(prefix, max_age_ms, EXPIRED_AT_ONCE) == EXPIRED_AT_ONCE then
  return {}
end

-- Puts a group's row on a level in order where a Redis that evicts took members away, or the set of those of the level.
local function mend(group, level)
  local name = prefix .. 'group:' .. group
  local function forget_if_gone(member)
    if redis.call('EXISTS', prefix .. 'entry:' .. member) == 0 then
      redis.call('ZREM', name .. ':' .. level, member)
      redis.call('ZREM', name .. ':first', member)
      redis.call('ZREM', prefix .. 'grouped:' .. level, member)
    end
  end
  for _, member in ipairs(redis.call('ZREVRANGE', name .. ':' .. level, 0, MENDED_AT_ONCE - 1)) do
    forget_if_gone(member)
  end
  for _, member in ipairs(redis.call('ZREVRANGE', name .. ':first', 0, MENDED_AT_ONCE - 1)) do
    forget_if_gone(member)
    local state = state_of(prefix, member)
    if state and state.group == group and not state.solved and level_floor(state.level) == level then
      redis.call('ZADD', name .. ':' .. level, state.last, member)
    end
  end
  settle(prefix, group, level)
end

-- How many groups had their members looked for on several levels.
local merged = 0

-- The newest members of a group, of which there are so many in all. Most groups have members of one level, the row's.
local function newest_members(name, level, count)
  if redis.call('ZCARD', name .. ':' .. level) == count then
    return redis.call('ZREVRANGE', name .. ':' .. level, 0, LISTED_MEMBERS - 1)
  end
  merged = merged + 1
  local walks, keys = {}, {}
  for i, each in ipairs(LEVELS) do
    walks[i] = stretch(name .. ':' .. each, '', '', '', '', 1)
  end
  while #keys < LISTED_MEMBERS do
    local member = next_row(walks, LISTED_MEMBERS)
    if not member then
      break
    end
    keys[#keys + 1] = member.key
  end
  return keys
end

local function group_at(row)
  local name = prefix .. 'group:' .. row.group
  local about = redis.call('HMGET', name, 'pattern', 'occurrences')
  local first = redis.call('ZRANGE', name .. ':first', 0, 0, 'WITHSCORES')[2]
  local newest = redis.call('ZREVRANGE', name .. ':' .. row.level, 0, 0)[1]
  local count = redis.call('ZCARD', name .. ':first')
  return { about[1] or '', about[2] or 0, first or 0, count, newest or '', newest_members(name, row.level, count) }
end

local walks = start_walks(since_ms, until_ms, cursor_score, cursor_key, step)
local total, behind = measure(prefix, walks)
local rows = {}
while #rows < limit and merged < MERGED_AT_ONCE do
  local row = next_row(walks, READ_AT_ONCE)
  if not row then
    break
  end
  local group = row.group and group_at(row) or {}
  local key = group[5] or row.key
  local values = redis.call('HMGET', prefix .. 'entry:' .. key, unpack(fields))
  if row.group and not values[1] then
    mend(row.group, row.level)
    return {}
  end
  values[#fields + 1] = row.key
  values[#fields + 2] = redis.call('LLEN', prefix .. 'env:' .. key)
  values[#fields + 3] = group
  rows[#rows + 1] = values
end
local follows = limit > 0 and next_row(walks, READ_AT_ONCE)
local is_ungrouped = redis.call('EXISTS', prefix .. 'patterns:regroup') == 1
  and redis.call('EXISTS', prefix .. 'patterns:regrouping') == 0
return { total, follows and 1 or 0, behind and 1 or 0, rows, is_ungrouped and 1 or 0 }
