-- Puts entries into groups, or out of them.
--
-- KEYS: prefix
-- ARGV: patterns_version, members...
-- Returns: the keys of entries that were reported meanwhile, and so were left alone; or `stale`, and nothing was done
-- Cost: O(entries × log entries), 30 µs an entry
-- Uses: names, rows

local patterns_version = unpack(ARGV, 1, 1)
local prefix = KEYS[1]
local missed = {}

local function regroup(key, count, group, pattern)
  local entry, state = prefix .. 'entry:' .. key, state_of(prefix, key)
  if not state then
    return
  end
  if state.count ~= tonumber(count) then
    missed[#missed + 1] = key
    return
  end
  if group == '' then
    redis.call('HDEL', entry, 'group')
  else
    redis.call('HSET', entry, 'group', group)
  end
  relist(prefix, key, state, changed(state, { group = group, pattern = pattern }))
end

if (redis.call('GET', prefix .. 'patterns:version') or '0') ~= patterns_version then
  return 'stale'
end
for i = 2, #ARGV, 4 do -- key, count, group, pattern
  regroup(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
end
redis.call('SET', prefix .. 'patterns:regrouping', 1, 'PX', 5000)
return missed
