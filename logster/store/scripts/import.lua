-- Restores one entry whole, or adds it to the one that is there, or its solved mark alone where it has no fields.
--
-- KEYS: prefix
-- ARGV: key, mode, max_env, mark_end, mark_versions, env_text, field_words, timeline_words, values...
-- Returns: created, replaced, merged, or exists where the mode is `add` and there is such an entry already
-- Cost: O(size of the entry + log entries), 50 µs
-- Uses: names, rows, frames, remove, solving, samples, texts

local key, mode, max_env, mark_end, mark_versions, env_text, field_words, timeline_words = unpack(ARGV, 1, 8)
local FIRST = 9 -- of the values: field, value, …, bucket, count, …, time of a sample, its lines, …
local prefix = KEYS[1]
local entry, samples = prefix .. 'entry:' .. key, prefix .. 'env:' .. key
local timeline = prefix .. 'timeline:hour:entry:' .. key
local timeline_at = FIRST + field_words
local samples_at = timeline_at + timeline_words
-- What stays as it was when a later report of the same entry is added.
local KEPT = { count = true, first = true, first_message = true, versions = true, level = true, env_base = true,
  protected = true, solved = true, regressed = true }

local function pairs_at(from, to)
  local found = {}
  for i = from, to - 1, 2 do
    found[ARGV[i]] = ARGV[i + 1]
  end
  return found
end

local function hash(name)
  local found, words = {}, redis.call('HGETALL', name)
  for i = 1, #words, 2 do
    found[words[i]] = words[i + 1]
  end
  return found
end

-- The lines of both, those of the first before the others, and no more than twenty.
local function united(first, second)
  local kept = {}
  for line in string.gmatch(first .. '\n' .. second, '[^\n]+') do
    if #kept < 20 and not has_line(table.concat(kept, '\n'), line) then
      kept[#kept + 1] = line
    end
  end
  return table.concat(kept, '\n')
end

local function merged(known, given)
  local given_is_newer = tonumber(given.last) > tonumber(known.last)
  local earliest = tonumber(given.first) < tonumber(known.first) and given or known
  local first_message = earliest.first_message or earliest.message
  local known_versions, given_versions = known.versions or '', given.versions or ''
  if given_is_newer then
    for name, value in pairs(given) do
      if not KEPT[name] then
        known[name] = value
      end
    end
    known.raised = given.raised
    -- What was compressed with the help of another text, or goes with another stack, cannot be read with this one.
    known.details, known.stack = given.details, given.stack
  end
  known.count = digits(tonumber(known.count) + tonumber(given.count))
  known.first = digits(math.min(tonumber(known.first), tonumber(given.first)))
  known.level = digits(math.max(tonumber(known.level), tonumber(given.level)))
  known.first_message = first_message ~= known.message and first_message or nil
  if given_is_newer then
    known_versions, given_versions = given_versions, known_versions
  end
  known.versions = united(known_versions, given_versions)
  known.versions = known.versions ~= '' and known.versions or nil
  known.protected = known.protected or given.protected
  known.env_base = known.env_base or given.env_base
  return known
end

-- Samples, newest first, each once.
local function by_time(known, given)
  local all, seen = {}, {}
  for _, list in ipairs({ known, given }) do
    for _, sample in ipairs(list) do
      if not seen[sample] then
        seen[sample] = true
        all[#all + 1] = { tonumber(string.match(sample, '^%d+')), #all, sample }
      end
    end
  end
  table.sort(all, function(a, b)
    if a[1] ~= b[1] then
      return a[1] > b[1]
    end
    return a[2] < b[2]
  end)
  local ordered = {}
  for i = 1, math.min(#all, tonumber(max_env)) do
    ordered[i] = all[i][3]
  end
  return ordered
end

local function mark()
  if mark_end == '' then
    return
  end
  local known = mode ~= 'replace' and tonumber(redis.call('ZSCORE', prefix .. 'solved', key) or nil)
  if known then
    mark_versions = united(mark_versions, redis.call('HGET', prefix .. 'solved:versions', key) or '')
    mark_end = digits(math.max(known, tonumber(mark_end)))
  end
  redis.call('ZADD', prefix .. 'solved', mark_end, key)
  redis.call('HSET', prefix .. 'solved:versions', key, mark_versions)
end

local function write(fields, kept_samples)
  fields.group, fields.varied = nil, nil
  for name, value in pairs(fields) do
    redis.call('HSET', entry, name, value)
  end
  for _, sample in ipairs(kept_samples) do
    redis.call('RPUSH', samples, sample)
    if string.find(sample, '\n', 1, true) then
      redis.call('HSET', entry, 'varied', 1)
    end
  end
  retell(prefix, key, { env = env_text or nil })
  local last = fields.last
  -- Its group, if any, is found once all is imported.
  enlist(prefix, key, { level = tonumber(fields.level), last = last, solved = fields.solved })
  if fields.protected then
    redis.call('SADD', prefix .. 'protected', key)
  else
    redis.call('ZADD', prefix .. 'trimmable', last, key)
  end
end

local is_there = redis.call('HEXISTS', entry, 'level') == 1
if is_there and mode == 'add' then
  return 'exists'
end
redis.call('SET', prefix .. 'schema', 1, 'NX')
mark()
if tonumber(field_words) == 0 then
  return 'created'
end

local fields, given_samples = pairs_at(FIRST, timeline_at), {}
local known = is_there and mode == 'merge' and hash(entry) or nil
local base = known and known.env_base or fields.env_base or ''
if known and known.env_base then
  local text = redis.call('HGET', prefix .. 'texts', key)
  env_text = text and parted_text(prefix, key, text).env
end
for i = samples_at, #ARGV, 2 do
  given_samples[#given_samples + 1] = ARGV[i] .. difference(base, ARGV[i + 1])
end
local buckets = pairs_at(timeline_at, samples_at)
if known then
  fields = merged(known, fields)
  given_samples = by_time(redis.call('LRANGE', samples, 0, -1), given_samples)
  for bucket, count in pairs(hash(timeline)) do
    buckets[bucket] = digits(tonumber(buckets[bucket] or 0) + tonumber(count))
  end
end
if fields.stack then
  -- It stays in use while the entry is written anew.
  redis.call('HDEL', entry, 'stack')
end
remove(prefix, key)
write(fields, given_samples)
for bucket, count in pairs(buckets) do
  redis.call('HSET', timeline, bucket, count)
end
return known and 'merged' or is_there and 'replaced' or 'created'
