-- The search texts of all entries, in one hash: a search that finds little reads them one after the other, in no order,
-- and Redis evicts all of them or none. Needs frames.
--
-- An entry's text is in ASCII lower case: `*` where its samples differ from the first env, or a space; its stack's field,
-- or as many spaces; then its versions, its later message, its first env, and what it said when it was new.

local BETWEEN, STACK_BYTES = '\n\0\n', SINCE_BYTES + ID_BYTES
local PARTS = { 'versions', 'message', 'env', 'said' }

local function stack_in(text)
  return string.byte(text, 2) ~= 32 and string.sub(text, 2 + SINCE_BYTES, 1 + STACK_BYTES) or nil
end

local function has_other_samples(text)
  return string.byte(text, 1) == 42
end

local function joined_text(about)
  local stack = about.stack and about.stack ~= '' and about.stack or string.rep(' ', STACK_BYTES)
  local parts = { (about.varied and '*' or ' ') .. stack }
  for i, name in ipairs(PARTS) do
    parts[i + 1] = about[name] or ''
  end
  return table.concat(parts, BETWEEN)
end

local function parted_text(text)
  local about = { varied = has_other_samples(text), stack = stack_in(text) and string.sub(text, 2, 1 + STACK_BYTES) }
  local from = 2 + STACK_BYTES + #BETWEEN
  for i, name in ipairs(PARTS) do
    local last, after = string.find(text, BETWEEN, from, true)
    if i == #PARTS or not last then
      last, after = #text + 1, #text
    end
    about[name] = string.sub(text, from, last - 1)
    from = after + 1
  end
  return about
end

-- What can be told by the entry's hash: an older Logster wrote it, or the texts were evicted.
local function text_parts_of_entry(prefix, key)
  local said, message, first_message, versions, env, varied, stack = unpack(redis.call('HMGET',
    prefix .. 'entry:' .. key, 'text', 'message', 'first_message', 'versions', 'env_base', 'varied', 'stack'))
  local function lower(value)
    return string.gsub(string.lower(value or ''), '\n%z\n', '\n \n')
  end
  return { said = said, message = first_message and lower(message), versions = lower(versions), env = lower(env),
    varied = varied, stack = stack }
end

local function text_of(prefix, key)
  local text = redis.call('HGET', prefix .. 'texts', key)
  if text then
    return text
  end
  local about = text_parts_of_entry(prefix, key)
  -- The first env is as it is stored, not as a search looks at it, and has to be read as the others are.
  about.varied = about.env ~= ''
  return joined_text(about)
end

-- Changes parts of an entry's text; where it is new, that is all there is to it.
local function retell(prefix, key, changes, is_new)
  local text = not is_new and redis.call('HGET', prefix .. 'texts', key)
  local about = is_new and {} or text and parted_text(text) or text_parts_of_entry(prefix, key)
  for name, value in pairs(changes) do
    about[name] = value
  end
  redis.call('HSET', prefix .. 'texts', key, joined_text(about))
end

-- The samples in the form that they are stored in, none where all are as the first env.
local function other_samples(prefix, key, text)
  return has_other_samples(text) and redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1) or {}
end

-- The literals among ARGV, each with the set of ids of the shared stacks that have it, or `*` for any of them.
local function literals_from(first)
  local literals = {}
  for i = first, #ARGV, 2 do
    local stacks, is_any = {}, ARGV[i + 1] == '*'
    for _, id in ipairs(is_any and {} or ids_in(ARGV[i + 1])) do
      stacks[id] = true
    end
    literals[#literals + 1] = { text = ARGV[i], stacks = stacks, is_any = is_any }
  end
  return literals
end

local function has_literals(prefix, key, text, literals)
  local samples
  for _, literal in ipairs(literals) do
    if not string.find(text, literal.text, 1, true) then
      local stack = stack_in(text)
      if not (stack and (literal.is_any or literal.stacks[stack])) then
        samples = samples or string.lower(table.concat(other_samples(prefix, key, text), '\n'))
        if not string.find(samples, literal.text, 1, true) then
          return false
        end
      end
    end
  end
  return true
end
