-- Lists a page of rows from one place on.
--
-- KEYS: prefix, sets...
-- ARGV: limit, since_ms, until_ms, cursor_score, cursor_key, step, fields...
-- Returns: {total, more rows follow, rows lie behind, {row…}}; a row is {key, env count, fields…}
-- Cost: O(sets × log entries + limit)
-- Uses: names, walk

local limit, since_ms, until_ms, cursor_score, cursor_key, step = unpack(ARGV)
limit, step = tonumber(limit), tonumber(step)
local fields = { unpack(ARGV, 7) }

local walks = start_walks(since_ms, until_ms, cursor_score, cursor_key, step)
local total, behind = total_of(walks), has_behind(walks)
local rows = {}
while #rows < limit do
  local row = next_row(walks, limit + 1)
  if not row then
    break
  end
  local values = redis.call('HMGET', KEYS[1] .. 'entry:' .. row.key, unpack(fields))
  rows[#rows + 1] = { row.key, redis.call('LLEN', KEYS[1] .. 'env:' .. row.key), unpack(values) }
end
return { total, next_row(walks, limit + 1) and 1 or 0, behind and 1 or 0, rows }
