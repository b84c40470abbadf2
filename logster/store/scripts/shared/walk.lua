-- Walks the rows of several sorted sets as one list, newest first or oldest first. Needs names.
--
-- Rows of equal last seen are ordered by key. A cursor is a place in that order, whether its row still exists or not.

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
  local walk = { set = set, first = first, stop = math.max(first, stop), step = step, rows = {}, at = 1 }
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

local function has_more(walk)
  return walk.position >= walk.first and walk.position < walk.stop
end

-- The next row of one set, read ahead in chunks.
local function peek(walk, chunk)
  if walk.at > #walk.rows then
    if not has_more(walk) then
      return nil
    end
    local from, to = walk.position, math.min(walk.position + chunk, walk.stop) - 1
    if walk.step == -1 then
      from, to = math.max(walk.position - chunk + 1, walk.first), walk.position
    end
    local found = redis.call('ZREVRANGE', walk.set, from, to, 'WITHSCORES')
    walk.rows, walk.at = {}, 1
    for i = 1, #found, 2 do
      local row = { key = found[i], score = found[i + 1], time = tonumber(found[i + 1]) }
      table.insert(walk.rows, walk.step == 1 and #walk.rows + 1 or 1, row)
    end
    walk.position = walk.position + walk.step * #walk.rows
  end
  return walk.rows[walk.at]
end

local function is_before(a, b, step)
  if a.time ~= b.time then
    return (a.time > b.time) == (step == 1)
  end
  return (a.key > b.key) == (step == 1)
end

-- Takes the next row of all sets, or nil where none is left.
local function next_row(walks, chunk)
  local best, best_walk
  for _, walk in ipairs(walks) do
    local row = peek(walk, chunk)
    if row and (not best or is_before(row, best, walk.step)) then
      best, best_walk = row, walk
    end
  end
  if best then
    best_walk.at = best_walk.at + 1
  end
  return best
end

local function start_walks(since_ms, until_ms, cursor_score, cursor_key, step)
  local walks = {}
  for i = 2, #KEYS do
    walks[#walks + 1] = stretch(KEYS[i], since_ms, until_ms, cursor_score, cursor_key, step)
  end
  return walks
end

local function total_of(walks)
  local total = 0
  for _, walk in ipairs(walks) do
    total = total + walk.stop - walk.first
  end
  return total
end

-- Whether rows lie on the other side of where the walks start.
local function has_behind(walks)
  for _, walk in ipairs(walks) do
    if walk.step == 1 and walk.position > walk.first or walk.step == -1 and walk.position < walk.stop - 1 then
      return true
    end
  end
  return false
end
