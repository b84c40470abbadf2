-- Walks the rows of several sorted sets as one list, newest first or oldest first. Needs names.
--
-- Rows of equal last seen are ordered by key. A cursor is a place in that order, whether its row still exists or not.
-- A group has a row in the set of each level of its members; the newest of those that are walked stands for it, and
-- shadows the others.

-- How many rows of a set stand before the place (score, key), walking from the newest.
local function rank_of(set, score, key)
  local newer = redis.call('ZCOUNT', set, '(' .. score, '+inf')
  local low, high = newer, newer + redis.call('ZCOUNT', set, score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZREVRANGE', set, middle, middle)[1] > key then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- One set's stretch: `position` is the rank of the next row, `first` and `stop` bound what the times allow.
local function stretch(set, since_ms, until_ms, cursor_score, cursor_key, step)
  local first = until_ms == '' and 0 or redis.call('ZCOUNT', set, '(' .. until_ms, '+inf')
  local stop = since_ms == '' and redis.call('ZCARD', set) or redis.call('ZCOUNT', set, since_ms, '+inf')
  local walk = { set = set, first = first, stop = math.max(first, stop), step = step, level = tonumber(string.match(set, '%d+$')),
    read = {}, size = 0, at = 1 }
  walk.position = step == 1 and first or walk.stop - 1
  if cursor_score ~= '' then
    local rank = rank_of(set, cursor_score, cursor_key)
    if step == -1 then
      walk.position = math.min(rank - 1, walk.stop - 1)
    else
      local is_there = redis.call('ZREVRANGE', set, rank, rank)[1] == cursor_key
        and tonumber(redis.call('ZSCORE', set, cursor_key)) == tonumber(cursor_score)
      walk.position = math.max(is_there and rank + 1 or rank, first)
    end
  end
  return walk
end

-- Reads on in one set, and says whether there was anything.
local function read_on(walk, chunk)
  if walk.position < walk.first or walk.position >= walk.stop then
    return false
  end
  local from, to = walk.position, math.min(walk.position + chunk, walk.stop) - 1
  if walk.step == -1 then
    from, to = math.max(walk.position - chunk + 1, walk.first), walk.position
  end
  walk.read = redis.call('ZREVRANGE', walk.set, from, to, 'WITHSCORES')
  walk.size = #walk.read
  walk.position = walk.position + walk.step * walk.size / 2
  walk.at = walk.step == 1 and 1 or walk.size - 1
  return walk.size > 0
end

-- Brings a walk to the next row of its set, and says whether there is one.
local function advance(walk, chunk)
  if (walk.at < 1 or walk.at > walk.size) and not read_on(walk, chunk) then
    return false
  end
  local read, at = walk.read, walk.at
  walk.key, walk.score, walk.time = read[at], read[at + 1], tonumber(read[at + 1])
  walk.at = at + 2 * walk.step
  return true
end

local function is_before(a, b, step)
  if a.time ~= b.time then
    return (a.time > b.time) == (step == 1)
  end
  return (a.key > b.key) == (step == 1)
end

-- Asked of every row: its second byte says no without a string that would have to be made.
local function group_of(key)
  return string.byte(key, 2) == 45 and string.sub(key, 1, 1) == 'g' and string.sub(key, 3) or nil
end

local function is_shadowed(walks, walk, key, time)
  for _, other in ipairs(walks) do
    local score = other ~= walk and tonumber(redis.call('ZSCORE', other.set, key) or nil)
    if score and (score > time or score == time and other.level > walk.level) then
      return true
    end
  end
  return false
end

-- Puts the walk at a place of `left` behind those whose rows come before its own; they are in order.
local function sort_in(left, place)
  local walk = left[place]
  while left[place + 1] and is_before(left[place + 1], walk, walk.step) do
    left[place] = left[place + 1]
    place = place + 1
  end
  left[place] = walk
end

-- Those walks that are not at their end, the one with the next row first.
local function begin(walks, chunk)
  local left = {}
  for _, walk in ipairs(walks) do
    if advance(walk, chunk) then
      table.insert(left, 1, walk)
      sort_in(left, 1)
    end
  end
  return left
end

-- Takes the next row of all sets, or nil where none is left; each set is read in chunks. The row is the walk itself as it
-- stands there, until the next one is taken: a table for each would be most of a long list's cost.
local function next_row(walks, chunk)
  local left = walks.left
  if not left then
    left = begin(walks, chunk)
    walks.left = left
  elseif left[1] and advance(left[1], chunk) then
    sort_in(left, 1)
  else
    table.remove(left, 1)
  end
  local row = left[1]
  if not row then
    return nil
  end
  row.group = group_of(row.key)
  if row.group and is_shadowed(walks, row, row.key, row.time) then
    return next_row(walks, chunk)
  end
  return row
end

local function start_walks(since_ms, until_ms, cursor_score, cursor_key, step)
  local walks = {}
  for i = 2, #KEYS do
    walks[i - 1] = stretch(KEYS[i], since_ms, until_ms, cursor_score, cursor_key, step)
  end
  return walks
end

-- How many rows of the walks are shadowed: between their ends, and on the other side of where they start.
local function count_shadowed(prefix, walks)
  local within, behind = 0, 0
  for _, group in ipairs(#walks > 1 and redis.call('SMEMBERS', prefix .. 'groups') or {}) do
    local row, times, shown = 'g-' .. group, {}, nil
    for i, walk in ipairs(walks) do
      times[i] = tonumber(redis.call('ZSCORE', walk.set, row) or nil)
      if times[i] and (not shown or times[i] > times[shown]
          or times[i] == times[shown] and walk.level > walks[shown].level) then
        shown = i
      end
    end
    for i, walk in ipairs(walks) do
      local rank = times[i] and i ~= shown and redis.call('ZREVRANK', walk.set, row)
      if rank and rank >= walk.first and rank < walk.stop then
        within = within + 1
        if walk.step == 1 and rank < walk.position or walk.step == -1 and rank > walk.position then
          behind = behind + 1
        end
      end
    end
  end
  return within, behind
end

-- How many rows there are, and whether some lie on the other side of where the walks start. To be asked before they do.
local function measure(prefix, walks)
  local total, behind = 0, 0
  for _, walk in ipairs(walks) do
    total = total + walk.stop - walk.first
    local passed = walk.step == 1 and walk.position - walk.first or walk.stop - 1 - walk.position
    behind = behind + math.min(math.max(passed, 0), walk.stop - walk.first)
  end
  local shadowed, shadowed_behind = count_shadowed(prefix, walks)
  return total - shadowed, behind - shadowed_behind > 0
end
