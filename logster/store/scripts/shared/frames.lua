-- Stacks that entries share, and frames that stacks share, all in one hash, so that Redis evicts all of it or nothing.
-- Needs names.
--
-- Under the id of a stack stands how many entries have it, under the id and `s` the ids of its frames. Under the id of a
-- frame stands how many stacks have it, under the id and `b` its body. `last` counts what ever came, and `#NUMBER` are the
-- fields of the newest, for those who read on. `since` is when the hash was begun: an entry's field `stack` has it before
-- the id, since another hash has not counted that entry.

local ID_BYTES, SINCE_BYTES, NEWEST = 8, 11, 4096

-- A recursion has the same id many times; what follows counts it once all the same.
local function ids_in(joined)
  local ids = {}
  for at = 1, #joined, ID_BYTES do
    ids[#ids + 1] = string.sub(joined, at, at + ID_BYTES - 1)
  end
  return ids
end

local function frame_uses(prefix, ids)
  return redis.call('HMGET', prefix .. 'frames', unpack(ids))
end

-- Since when the hash counts, and how many entries have a stack; nil for what is not there.
local function look_up_stack(prefix, stack)
  local since, uses = unpack(redis.call('HMGET', prefix .. 'frames', 'since', stack))
  return { since = since or nil, uses = uses or nil }
end

-- Whether a stack that was looked up is neither stored nor can be: it needs the bodies of frames that are not.
local function lacks_frames(prefix, found, joined, bodies)
  if found.uses then
    return false
  end
  if joined == '' then
    return true
  end
  local ids = ids_in(joined)
  for i, uses in ipairs(frame_uses(prefix, ids)) do
    if not uses and not bodies[ids[i]] then
      return true
    end
  end
  return false
end

local function store_stack(prefix, stack, joined, bodies)
  local ids, words = ids_in(joined), {}
  local last = redis.call('HGET', prefix .. 'frames', 'last') or 0
  local function set(field, value)
    words[#words + 1] = field
    words[#words + 1] = value
  end
  local function add(field, value)
    last = last + 1
    set(field, value)
    set('#' .. last % NEWEST, field)
  end
  for i, uses in ipairs(frame_uses(prefix, ids)) do
    set(ids[i], (uses or 0) + 1)
    if not uses then
      add(ids[i] .. 'b', bodies[ids[i]])
    end
  end
  add(stack .. 's', joined)
  set('last', digits(last))
  redis.call('HSET', prefix .. 'frames', unpack(words))
end

-- Begins an entry's use of a stack that lacks nothing, and returns what its field has to hold.
local function use_stack(prefix, stack, joined, bodies)
  local found = look_up_stack(prefix, stack)
  local since = found.since
  if not since then
    since = string.format('%011x', now_ms())
    redis.call('HSET', prefix .. 'frames', 'since', since)
  end
  if not found.uses then
    store_stack(prefix, stack, joined, bodies)
  end
  redis.call('HINCRBY', prefix .. 'frames', stack, 1)
  return since .. stack
end

-- Ends the use of the stack that an entry's field names. What nothing else uses is gone.
local function release_stack(prefix, field)
  local stack = string.sub(field, SINCE_BYTES + 1)
  local since, uses, joined = unpack(redis.call('HMGET', prefix .. 'frames', 'since', stack, stack .. 's'))
  if since ~= string.sub(field, 1, SINCE_BYTES) or not uses then
    return
  end
  if tonumber(uses) > 1 then
    redis.call('HINCRBY', prefix .. 'frames', stack, -1)
    return
  end
  local ids, words, gone = ids_in(joined), {}, { stack, stack .. 's' }
  for i, stacks in ipairs(frame_uses(prefix, ids)) do
    if tonumber(stacks or 0) > 1 then
      words[#words + 1] = ids[i]
      words[#words + 1] = stacks - 1
    else
      gone[#gone + 1] = ids[i]
      gone[#gone + 1] = ids[i] .. 'b'
    end
  end
  if #words > 0 then
    redis.call('HSET', prefix .. 'frames', unpack(words))
  end
  redis.call('HDEL', prefix .. 'frames', unpack(gone))
end

-- The bodies of the frames that an entry's field names, in their order; none where they are lost.
local function bodies_of(prefix, field)
  local joined = field and redis.call('HGET', prefix .. 'frames', string.sub(field, SINCE_BYTES + 1) .. 's')
  if not joined then
    return {}
  end
  local names = ids_in(joined)
  for i, id in ipairs(names) do
    names[i] = id .. 'b'
  end
  return redis.call('HMGET', prefix .. 'frames', unpack(names))
end
