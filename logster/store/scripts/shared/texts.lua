-- The search texts of all entries, in one hash: a search that finds little reads them one after the other, in no order,
-- and Redis evicts all of them or none. Needs frames.
--
-- An entry's text is in ASCII lower case: `*` where its samples differ from the first env, or a space; `+` where what it
-- said when it was new is long and in the entry alone, or a space; its stack's field, or as many spaces; then its versions,
-- its later message, its first env, and what it said when it was new.

local BETWEEN, STACK_BYTES, LONG = '\n\0\n', SINCE_BYTES + ID_BYTES, 1000
local PARTS = { 'versions', 'message', 'env', 'said' }

local function has_other_samples(text)
  return string.byte(text, 1) == 42
end

local function is_long(text)
  return string.byte(text, 2) == 43
end

local function field_in(text)
  return string.byte(text, 3) ~= 32 and string.sub(text, 3, 2 + STACK_BYTES) or ''
end

local function joined_text(about)
  local stack = about.stack and about.stack ~= '' and about.stack or string.rep(' ', STACK_BYTES)
  local long = about.said and #about.said > LONG
  local parts = { (about.varied and '*' or ' ') .. (long and '+' or ' ') .. stack }
  for i, name in ipairs(PARTS) do
    parts[i + 1] = not (long and name == 'said') and about[name] or ''
  end
  return table.concat(parts, BETWEEN)
end

local function parted_text(prefix, key, text)
  local about = { varied = has_other_samples(text), stack = field_in(text) }
  local from = 3 + STACK_BYTES + #BETWEEN
  for i, name in ipairs(PARTS) do
    local last, after = string.find(text, BETWEEN, from, true)
    if i == #PARTS or not last then
      last, after = #text + 1, #text
    end
    about[name] = string.sub(text, from, last - 1)
    from = after + 1
  end
  about.said = is_long(text) and redis.call('HGET', prefix .. 'entry:' .. key, 'text') or about.said
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
  local about = changes
  if not is_new then
    local text = redis.call('HGET', prefix .. 'texts', key)
    about = text and parted_text(prefix, key, text) or text_parts_of_entry(prefix, key)
    for name, value in pairs(changes) do
      about[name] = value
    end
  end
  redis.call('HSET', prefix .. 'texts', key, joined_text(about))
end

-- The samples in the form that they are stored in, none where all are as the first env.
local function other_samples(prefix, key, text)
  return has_other_samples(text) and redis.call('LRANGE', prefix .. 'env:' .. key, 0, -1) or {}
end

-- What it said when it was new, where that is in the entry alone.
local function long_text(prefix, key, text)
  return is_long(text) and redis.call('HGET', prefix .. 'entry:' .. key, 'text') or ''
end

-- The literals among ARGV, each with the set of ids of the shared stacks that have it, or `*` for any of them.
local function literals_from(first)
  local literals = {}
  for i = first, #ARGV, 2 do
    local stacks, is_any = {}, ARGV[i + 1] == '*'
    for _, id in ipairs(is_any and {} or ids_in(ARGV[i + 1])) do
      stacks[id] = true
    end
    literals[#literals + 1] = { text = ARGV[i], stacks = next(stacks) and stacks, is_any = is_any }
  end
  return literals
end

local function is_in_stack(text, literal)
  if literal.is_any then
    return string.byte(text, 3) ~= 32
  end
  return literal.stacks and literal.stacks[string.sub(text, 3 + SINCE_BYTES, 2 + STACK_BYTES)]
end

-- Most entries have nothing beyond their text, and most texts have none of the literals.
local function has_literals(prefix, key, text, literals)
  local rest
  for _, literal in ipairs(literals) do
    if not (string.find(text, literal.text, 1, true) or is_in_stack(text, literal)) then
      if not (has_other_samples(text) or is_long(text)) then
        return false
      end
      rest = rest or long_text(prefix, key, text) .. '\n'
        .. string.lower(table.concat(other_samples(prefix, key, text), '\n'))
      if not string.find(rest, literal.text, 1, true) then
        return false
      end
    end
  end
  return true
end
