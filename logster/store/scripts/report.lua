-- Applies reports one after the other: each creates its entry or counts the repeat, keeps its env samples. Then trims what is
-- too old or too much.
--
-- KEYS: prefix
-- ARGV: max_backlog, max_age_ms, max_env, watched, patterns_version, fingerprint_version, reports...
-- Returns: {outcome, count} for each report; outcome is created, merged, regressed, solved, repeated, refused or stale,
--   which is also the answer where the entry is to share a stack whose frames are neither sent nor stored
-- Cost: O(reports × log entries), 50 µs a report, plus the timeline's buckets when a new one begins
-- Uses: names, admission, rows, frames, remove, trimming, solving, samples, texts, timeline, rates

-- A report is how many words follow, then: key, level, logger, message, message_text, first_message, template, type,
-- location, details, text, source, version, count, first, last, raised, group, pattern, sender, sequence, after, stack,
-- its frames, how many words have frames, text of the first env; then id and body of each frame that is sent, and
-- times and lines of samples, together where their lines are the same.
local max_backlog, max_age_ms, max_env, watched, patterns_version, fingerprint_version = unpack(ARGV, 1, 6)
local FIRST, WORDS = 7, 26
local AHEAD_AT_MOST = 3600000
local TRIMMED_AT_MOST = 20

local prefix = KEYS[1]
local now = now_ms()
max_env = tonumber(max_env)

-- The report at hand.
local key, level, logger, message, message_text, first_message, template, exception_type, location, details, text, source,
  version, count, first, last, raised, group, pattern, sender, sequence, after, stack, frames, frame_words, env_text
local entry, frames_at, samples_at, stop, first_digits, last_digits
local mark -- when its solved mark expires
local retold -- what is new of the search text

local function take_up(at)
  stop = at + tonumber(ARGV[at])
  key, level, logger, message, message_text, first_message, template, exception_type, location, details, text, source,
    version, count, first, last, raised, group, pattern, sender, sequence, after, stack, frames, frame_words,
    env_text = unpack(ARGV, at + 1, at + WORDS)
  first_digits, last_digits = first, last
  level, count, first, last = tonumber(level), tonumber(count), tonumber(first), tonumber(last)
  -- A clock that was years ahead for a moment would keep the entry at the top of the list, and from its age, for ever.
  if last > now + AHEAD_AT_MOST then
    first, last = math.min(first, now), now
    first_digits, last_digits = digits(first), digits(last)
  end
  frames_at = at + WORDS + 1
  samples_at = frames_at + frame_words
  entry, retold = prefix .. 'entry:' .. key, {}
end

local function bodies()
  local found = {}
  for i = frames_at, samples_at - 1, 2 do
    found[ARGV[i]] = ARGV[i + 1]
  end
  return found
end

-- A repeat says nothing new, and needs no frames.
local function lacks_needed_frames(known)
  return stack ~= '' and (not known or mark)
    and lacks_frames(prefix, look_up_stack(prefix, stack), frames, bodies())
end

local function field_of_stack()
  return stack ~= '' and use_stack(prefix, stack, frames, bodies()) or ''
end

local words, length

local function put_unless_empty(name, value)
  if value ~= '' then
    words[length + 1], words[length + 2] = name, value
    length = length + 2
  end
end

local function create()
  -- What eviction tore apart would otherwise stay in the list of another level.
  if redis.call('ZADD', prefix .. 'trimmable', last_digits, key) == 0 then
    remove(prefix, key)
    redis.call('ZADD', prefix .. 'trimmable', last_digits, key)
  end
  local stack_used = field_of_stack()
  local env_base = max_env > 0 and stop > samples_at and ARGV[samples_at + 1] or ''
  -- With room for the others: a table that grows is costly.
  words = { 'level', level, 'logger', logger, 'message', message, 'count', count, 'first', first_digits,
    'last', last_digits, 'fingerprint', fingerprint_version, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
    nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }
  length = 14
  put_unless_empty('template', template)
  put_unless_empty('type', exception_type)
  put_unless_empty('location', location)
  put_unless_empty('details', details)
  put_unless_empty('text', text)
  put_unless_empty('source', source)
  put_unless_empty('versions', version)
  put_unless_empty('raised', raised)
  put_unless_empty('group', group)
  put_unless_empty('stack', stack_used)
  put_unless_empty('first_message', first_message ~= message and first_message or '')
  put_unless_empty('env_base', env_base)
  redis.call('HSET', entry, unpack(words, 1, length))
  retold.said, retold.stack, retold.env, retold.versions = text, stack_used, env_text, string.lower(version)
end

-- What it said when it was new may have changed. Details are compressed with the help of their text, and cannot be read
-- with another.
local function tell_anew()
  local before, now_used = redis.call('HGET', entry, 'stack'), field_of_stack()
  if before then
    release_stack(prefix, before)
  end
  redis.call('HDEL', entry, 'details', 'stack')
  words, length = { 'regressed', 1 }, 2
  put_unless_empty('details', details)
  put_unless_empty('text', text)
  put_unless_empty('stack', now_used)
  put_unless_empty('location', location)
  redis.call('HSET', entry, unpack(words, 1, length))
  retold.said, retold.stack = text, now_used
end

local function known_entry()
  local found = redis.call('HMGET', entry, 'level', 'first', 'last', 'count', 'message', 'first_message', 'versions',
    'protected', 'raised', 'group', 'solved', 'env_base')
  return found[1] and { level = tonumber(found[1]), first = found[2], last = found[3], count = tonumber(found[4]),
    message = found[5], first_message = found[6], versions = found[7], protected = found[8], raised = found[9] or nil,
    group = found[10] or nil, solved = found[11] or nil, env_base = found[12] or nil }
end

-- An entry that is new to a version may be the first to be seen in it at all.
local deploys_noted = {}

local function note_deploy()
  if version == '' or deploys_noted[version] then
    return
  end
  deploys_noted[version] = true
  if redis.call('ZSCORE', prefix .. 'deploys', version) then
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
  local state = { level = level, count = count,
    last = known and digits(last) or last_digits, first = known and digits(first) or first_digits,
    group = group ~= '' and group or nil, pattern = pattern ~= '' and pattern or nil }
  if known then
    relist(prefix, key, known, state)
  else
    enlist(prefix, key, state)
  end
  if known and not known.protected then
    join(prefix .. 'trimmable', state.last, key)
  end
end

local function keep_samples(known)
  if max_env == 0 or stop < samples_at then
    return
  end
  local samples, base = prefix .. 'env:' .. key, ARGV[samples_at + 1]
  if known and known.env_base then
    base = known.env_base
  elseif known then
    redis.call('HSET', entry, 'env_base', base)
    retold.env = env_text
  end
  local kept, size, varied = {}, 0, false
  for i = samples_at, stop, 2 do
    local differs = difference(base, ARGV[i + 1])
    varied = varied or differs ~= ''
    for time in string.gmatch(ARGV[i], '%S+') do
      size = size + 1
      kept[size] = time .. differs
    end
  end
  if varied and redis.call('HSET', entry, 'varied', 1) == 1 then
    retold.varied = true
  end
  if redis.call('LPUSH', samples, unpack(kept)) > max_env then
    redis.call('LTRIM', samples, 0, max_env - 1)
  end
end

local function is_solved_still(solved_in)
  return solved_in and version ~= '' and has_line(solved_in, version)
end

local is_watched

local function count_occurrences(reported, reported_level, reported_last, outcome)
  count_in_timelines(prefix, key, level_floor(reported_level), reported_last, reported, now, tonumber(max_age_ms),
    outcome == 'created')
  if watched ~= '' or is_watched then
    count_in_rates(prefix, level_floor(reported_level), reported, now)
  end
end

local function announce(outcome)
  redis.call('PUBLISH', prefix .. 'events', string.format(
    '{"kind":"report","key":"%s","level":%d,"new":%s,"count":%d,"outcome":"%s","group":"%s"}',
    key, level, tostring(outcome == 'created'), count, outcome, group))
end

local function note(known, solved_in)
  local outcome = 'merged'
  if known then
    merge(known)
  else
    outcome = 'created'
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
  return outcome
end

local marks_are_there = redis.call('EXISTS', prefix .. 'solved') == 1

local function apply()
  local known = known_entry()
  mark = marks_are_there and redis.call('ZSCORE', prefix .. 'solved', key)
  if lacks_needed_frames(known) then
    return { 'stale', 0 }
  end
  local refusal = turned_away(prefix, sender, sequence, after, patterns_version)
  if refusal then
    return { refusal, 0 }
  end
  local solved_in = solved_versions(prefix, key, mark, now)
  if is_solved_still(solved_in) then
    redis.call('HINCRBY', prefix .. 'counters', 'dropped_by_solved', count)
    return { 'solved', 0 }
  end
  local reported, reported_level, reported_last = count, level, last
  local outcome = note(known, solved_in)
  count_occurrences(reported, reported_level, reported_last, outcome)
  announce(outcome)
  return { outcome, count }
end

local schema
schema, is_watched = unpack(redis.call('MGET', prefix .. 'schema', prefix .. 'rates:watched'))
local answers, created, at = {}, 0, FIRST

local function apply_all()
  while at <= #ARGV do
    take_up(at)
    answers[#answers + 1] = apply()
    created = created + (answers[#answers][1] == 'created' and 1 or 0)
    at = stop + 1
  end
end

puts_off = true
-- Where one fails, those before it have been applied, and are not to be applied again.
local succeeded, problem = pcall(apply_all)
mark_applied(prefix)
write_rows()
write_timelines()
if not succeeded then
  error(problem, 0)
end
if created > 0 and not schema then
  redis.call('SET', prefix .. 'schema', 1, 'NX')
end
trim_age(prefix, now - max_age_ms, TRIMMED_AT_MOST)
if created > 0 then
  trim_backlog(prefix, tonumber(max_backlog), TRIMMED_AT_MOST + created)
end
write_rows()
return answers
