-- Applies one report: creates the entry or counts the repeat, keeps its env samples, then trims what is too old
-- or too much.
--
-- KEYS: prefix
-- ARGV: key, level, logger, message, message_text, first_message, template, exception_type, location, details, text, source,
--   version, count, first, last, fingerprint_version, max_backlog, max_age_ms, max_env, raised,
--   group, pattern, watched, patterns_version, sender, sequence, after, stack, frames, frame_words, env_text,
--   values...
-- Returns: {outcome, count}; outcome is created, merged, regressed, solved, repeated, refused or stale, which is also
--   the answer where the entry is to share a stack whose frames are neither sent nor stored
-- Cost: O(log entries), plus the timeline's buckets when a new one begins
-- Uses: names, admission, rows, frames, remove, trimming, solving, samples, texts, timeline, rates

local key, level, logger, message, message_text, first_message, template, exception_type, location, details, text, source,
  version, count, first, last, fingerprint_version, max_backlog, max_age_ms, max_env, raised,
  group, pattern, watched, patterns_version, sender, sequence, after, stack, frames, frame_words,
  env_text = unpack(ARGV, 1, 32)
local FRAMES = 33 -- the first of the values: id and body of a frame, id, body, …
local SAMPLES = FRAMES + frame_words -- then time and lines of a sample, time, lines, …
local TRIMMED_AT_MOST = 20
local schema, is_watched
local retold = {} -- what is new of the search text

local prefix = KEYS[1]
local entry = prefix .. 'entry:' .. key
local now = now_ms()
level, count, first, last = tonumber(level), tonumber(count), tonumber(first), tonumber(last)

local function bodies()
  local found = {}
  for i = FRAMES, SAMPLES - 1, 2 do
    found[ARGV[i]] = ARGV[i + 1]
  end
  return found
end

-- A repeat says nothing new, and needs no frames.
local function lacks_needed_frames()
  return stack ~= ''
    and (redis.call('HEXISTS', entry, 'level') == 0 or redis.call('ZSCORE', prefix .. 'solved', key))
    and lacks_frames(prefix, stack, frames, bodies())
end

local function field_of_stack()
  return stack ~= '' and use_stack(prefix, stack, frames, bodies()) or ''
end

local function set_unless_empty(fields)
  local words = {}
  for name, value in pairs(fields) do
    if value ~= '' then
      words[#words + 1] = name
      words[#words + 1] = value
    end
  end
  redis.call('HSET', entry, unpack(words))
end

local function create()
  -- What eviction tore apart would otherwise stay in the list of another level.
  if redis.call('ZADD', prefix .. 'trimmable', digits(last), key) == 0 then
    remove(prefix, key)
    redis.call('ZADD', prefix .. 'trimmable', digits(last), key)
  end
  if not schema then
    redis.call('SET', prefix .. 'schema', 1, 'NX')
  end
  local stack_used = field_of_stack()
  set_unless_empty({
    level = level, logger = logger, message = message, template = template, type = exception_type, location = location,
    details = details, text = text, source = source, versions = version, count = count, first = digits(first),
    last = digits(last), fingerprint = fingerprint_version, raised = raised, group = group,
    stack = stack_used,
    first_message = first_message ~= message and first_message or '',
    env_base = tonumber(max_env) > 0 and ARGV[SAMPLES + 1] or '',
  })
  retold = { said = text, stack = stack_used, env = env_text, versions = string.lower(version) }
end

-- What it said when it was new may have changed. Details are compressed with the help of their text, and cannot be read
-- with another.
local function tell_anew()
  local before, now_used = redis.call('HGET', entry, 'stack'), field_of_stack()
  if before then
    release_stack(prefix, before)
  end
  redis.call('HDEL', entry, 'details', 'stack')
  set_unless_empty({ regressed = 1, details = details, text = text, stack = now_used, location = location })
  retold.said, retold.stack = text, now_used
end

local function known_entry()
  local found = redis.call('HMGET', entry, 'level', 'first', 'last', 'count', 'message', 'first_message', 'versions',
    'protected', 'raised', 'group', 'solved')
  return found[1] and { level = tonumber(found[1]), first = found[2], last = found[3], count = tonumber(found[4]),
    message = found[5], first_message = found[6], versions = found[7], protected = found[8], raised = found[9] or nil,
    group = found[10] or nil, solved = found[11] or nil }
end

-- An entry that is new to a version may be the first to be seen in it at all.
local function note_deploy()
  if version == '' or redis.call('ZSCORE', prefix .. 'deploys', version) then
    return
  end
  redis.call('ZADD', prefix .. 'deploys', digits(first), version)
  redis.call('ZREMRANGEBYRANK', prefix .. 'deploys', 0, -101)
end

local function add_version(versions)
  if version == '' or has_line(versions, version) then
    return
  end
  note_deploy()
  local kept = { version }
  for line in string.gmatch(versions, '[^\n]+') do
    if #kept < 20 then
      kept[#kept + 1] = line
    end
  end
  redis.call('HSET', entry, 'versions', table.concat(kept, '\n'))
  retold.versions = string.lower(table.concat(kept, '\n'))
end

local function put(name, value, known)
  if value ~= '' and value ~= known then
    redis.call('HSET', entry, name, value)
  elseif value == '' and known then
    redis.call('HDEL', entry, name)
  end
end

local function remember_message(known)
  if first < tonumber(known.first) then
    redis.call('HSET', entry, 'first', digits(first), 'first_message', first_message)
  elseif message ~= known.message and not known.first_message then
    redis.call('HSET', entry, 'first_message', known.message)
  end
  if last < tonumber(known.last) then
    return
  end
  if message ~= known.message then
    redis.call('HSET', entry, 'message', message)
    retold.message = message_text
  end
  put('raised', raised, known.raised)
end

local function merge(known)
  count = redis.call('HINCRBY', entry, 'count', count)
  remember_message(known)
  add_version(known.versions or '')
  if level > known.level then
    redis.call('HSET', entry, 'level', level)
  end
  if last < tonumber(known.last) then
    group, pattern = known.group or '', ''
  else
    put('group', group, known.group)
  end
  if known.solved then
    redis.call('HDEL', entry, 'solved')
  end
  first = math.min(first, tonumber(known.first))
  level = math.max(level, known.level)
  last = math.max(last, tonumber(known.last))
  redis.call('HSET', entry, 'last', digits(last))
end

local function list(known)
  local state = changed({ level = level, last = digits(last), first = digits(first), count = count },
    { group = group, pattern = pattern })
  if known then
    relist(prefix, key, known, state)
  else
    enlist(prefix, key, state)
  end
  if known and not known.protected then
    redis.call('ZADD', prefix .. 'trimmable', digits(last), key)
  end
end

local function keep_samples(known)
  local samples, most = prefix .. 'env:' .. key, tonumber(max_env)
  if most == 0 or #ARGV < SAMPLES then
    return
  end
  local base = ARGV[SAMPLES + 1]
  if known then
    local first_base = redis.call('HGET', entry, 'env_base')
    if first_base and redis.call('EXISTS', samples) == 1 then
      base = first_base
    elseif first_base ~= base then
      redis.call('HSET', entry, 'env_base', base)
      retold.env = env_text
    end
  end
  local differences = {}
  for i = SAMPLES, #ARGV, 2 do
    differences[#differences + 1] = difference(base, ARGV[i + 1], ARGV[i])
  end
  if string.find(table.concat(differences), '\n', 1, true) then
    if redis.call('HSET', entry, 'varied', 1) == 1 then
      retold.varied = true
    end
  end
  if redis.call('LPUSH', samples, unpack(differences)) > most then
    redis.call('LTRIM', samples, 0, most - 1)
  end
end

if lacks_needed_frames() then
  return { 'stale', 0 }
end
local refusal = turned_away(prefix, sender, sequence, after, patterns_version)
if refusal then
  return { refusal, 0 }
end

local solved_in = solved_versions(prefix, key, now)
if solved_in and version ~= '' and has_line(solved_in, version) then
  redis.call('HINCRBY', prefix .. 'counters', 'dropped_by_solved', count)
  return { 'solved', 0 }
end

schema, is_watched = unpack(redis.call('MGET', prefix .. 'schema', prefix .. 'rates:watched'))
local reported, reported_level, reported_last = count, level, last
local known = known_entry()
local outcome = 'created'
if known then
  outcome = 'merged'
  merge(known)
else
  create()
  note_deploy()
end
list(known)
if solved_in then
  outcome = 'regressed'
  tell_anew()
  if solved_in == '' then
    forget_mark(prefix, key)
  end
end
keep_samples(known)
if next(retold) then
  retell(prefix, key, retold, not known)
end
count_in_timelines(prefix, key, level_floor(reported_level), reported_last, reported, now, tonumber(max_age_ms))
if watched ~= '' or is_watched then
  count_in_rates(prefix, level_floor(reported_level), reported, now)
end
redis.call('PUBLISH', prefix .. 'events', string.format(
  '{"kind":"report","key":"%s","level":%d,"new":%s,"count":%d,"outcome":"%s","group":"%s"}',
  key, level, tostring(outcome == 'created'), count, outcome, group))
trim_age(prefix, now - max_age_ms, TRIMMED_AT_MOST)
if outcome == 'created' then
  trim_backlog(prefix, tonumber(max_backlog), TRIMMED_AT_MOST)
end
return { outcome, count }
