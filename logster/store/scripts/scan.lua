-- Walks the list from one place on for entries with the right flags and count in which each of some lowercase
-- literals occurs. After each literal stand the ids of the shared stacks in which it does, or `*` for any of them.
--
-- KEYS: prefix, sets...
-- ARGV: wanted, with_text, since_ms, until_ms, cursor_score, cursor_key, step, flags, forbidden, min_count, max_count,
--   literals...
-- Returns: {all was walked, score and key of the place where the walk stopped, {entry…}}; an entry is its key, or with
--   its text {key, {message, text, env_base, stack}, {sample that is not as the env_base…}}
-- Cost: O(sets × log entries) and at most 200 entries or about 800 kB of their text, 3 ms
-- Uses: names, frames, walk

local wanted, with_text, since_ms, until_ms, cursor_score, cursor_key, step, flags, forbidden, min_count,
  max_count = unpack(ARGV)
local ROWS_AT_MOST, BYTES_AT_MOST = 200, 800000
local prefix = KEYS[1]
local bytes = 0

local function words_of(text)
  local words = {}
  for word in string.gmatch(text, '%S+') do
    words[#words + 1] = word
  end
  return words
end

-- Each with the set of ids of the stacks that have it.
local literals = {}
for i = 12, #ARGV, 2 do
  local stacks, is_any = {}, ARGV[i + 1] == '*'
  for _, id in ipairs(is_any and {} or ids_in(ARGV[i + 1])) do
    stacks[id] = true
  end
  literals[#literals + 1] = { text = ARGV[i], stacks = stacks, is_any = is_any }
end

local required, ruled_out = words_of(flags), words_of(forbidden)

-- The samples in the form that they are stored in, none where all are as the first one.
local function samples_of(key, varied)
  local samples = varied and redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1) or {}
  for _, sample in ipairs(samples) do
    bytes = bytes + #sample
  end
  return samples
end

local function is_in(text, literal)
  return text and string.find(text, literal, 1, true)
end

local function is_in_stack(stack, literal)
  return literal.is_any or literal.stacks[string.sub(stack, SINCE_BYTES + 1)]
end

local function has_literals(key)
  local text, message, versions, base, varied, stack = unpack(redis.call('HMGET', prefix .. 'entry:' .. key,
    'text', 'message_text', 'versions', 'env_base', 'varied', 'stack'))
  bytes = bytes + #(text or '') + #(base or '')
  local lower_base, lower_samples

  local function is_in_env(literal)
    lower_base = lower_base or string.lower(base)
    if is_in(lower_base, literal) then
      return true
    end
    lower_samples = lower_samples or string.lower(table.concat(samples_of(key, varied), '\n'))
    return is_in(lower_samples, literal)
  end

  for _, literal in ipairs(literals) do
    local sought = literal.text
    if not (is_in(text, sought) or is_in(message, sought) or stack and is_in_stack(stack, literal)
      or versions and is_in(string.lower(versions), sought) or base and is_in_env(sought)) then
      return false
    end
  end
  return true
end

local function has_flags(key)
  for _, flag in ipairs(required) do
    if redis.call('HEXISTS', prefix .. 'entry:' .. key, flag) == 0 then
      return false
    end
  end
  for _, flag in ipairs(ruled_out) do
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

local function found(key)
  if with_text == '' then
    return key
  end
  local about = redis.call('HMGET', prefix .. 'entry:' .. key, 'message', 'text', 'env_base', 'stack', 'varied')
  local varied = table.remove(about)
  bytes = bytes + #(about[2] or '') + #(about[3] or '')
  return { key, about, samples_of(key, varied) }
end

local walks = start_walks(since_ms, until_ms, cursor_score, cursor_key, tonumber(step))
local entries, last, walked = {}, nil, 0
while #entries < tonumber(wanted) and walked < ROWS_AT_MOST and bytes < BYTES_AT_MOST do
  local row = next_row(walks, 100)
  if not row then
    return { 1, '', '', entries }
  end
  last, walked = row, walked + 1
  if not row.group and matches(row.key) then
    entries[#entries + 1] = found(row.key)
  end
end
return { 0, last.score, last.key, entries }
