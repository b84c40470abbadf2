-- Walks the list from one place on for entries with the right flags and count in which each of some lowercase
-- literals occurs.
--
-- KEYS: prefix, sets...
-- ARGV: wanted, since_ms, until_ms, cursor_score, cursor_key, step, flags, forbidden, min_count, max_count,
--   literals...
-- Returns: {all was walked, score and key of the place where the walk stopped, {key…}}
-- Cost: O(sets × log entries) and at most 300 entries or about 800 kB of their text, 2 ms
-- Uses: names, walk

local wanted, since_ms, until_ms, cursor_score, cursor_key, step, flags, forbidden, min_count, max_count = unpack(ARGV)
local literals = { unpack(ARGV, 11) }
local ROWS_AT_MOST, BYTES_AT_MOST = 300, 800000
local prefix = KEYS[1]
local bytes = 0

local function env_text(key, base)
  local samples = redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1)
  samples[#samples + 1] = base
  local text = string.lower(table.concat(samples, '\n'))
  bytes = bytes + #text
  return text
end

local function is_in_any(texts, literal)
  for i = 1, 3 do
    if texts[i] and string.find(texts[i], literal, 1, true) then
      return true
    end
  end
  return false
end

local function has_literals(key)
  local found = redis.call('HMGET', prefix .. 'entry:' .. key, 'text', 'message_text', 'versions', 'env_base')
  found[3] = found[3] and string.lower(found[3])
  bytes = bytes + #(found[1] or '')
  local env
  for _, literal in ipairs(literals) do
    if not is_in_any(found, literal) then
      env = env or found[4] and env_text(key, found[4])
      if not env or not string.find(env, literal, 1, true) then
        return false
      end
    end
  end
  return true
end

local function has_flags(key)
  for flag in string.gmatch(flags, '%S+') do
    if redis.call('HEXISTS', prefix .. 'entry:' .. key, flag) == 0 then
      return false
    end
  end
  for flag in string.gmatch(forbidden, '%S+') do
    if redis.call('HEXISTS', prefix .. 'entry:' .. key, flag) == 1 then
      return false
    end
  end
  return true
end

local function has_count(key)
  if min_count == '' and max_count == '' then
    return true
  end
  local count = tonumber(redis.call('HGET', prefix .. 'entry:' .. key, 'count') or 0)
  return (min_count == '' or count >= tonumber(min_count)) and (max_count == '' or count <= tonumber(max_count))
end

local function matches(key)
  return has_flags(key) and has_count(key) and (#literals == 0 or has_literals(key))
end

local walks = start_walks(since_ms, until_ms, cursor_score, cursor_key, tonumber(step))
local keys, last, walked = {}, nil, 0
while #keys < tonumber(wanted) and walked < ROWS_AT_MOST and bytes < BYTES_AT_MOST do
  local row = next_row(walks, 100)
  if not row then
    return { 1, '', '', keys }
  end
  last, walked = row, walked + 1
  if not row.group and matches(row.key) then
    keys[#keys + 1] = row.key
  end
end
return { 0, last.score, last.key, keys }
