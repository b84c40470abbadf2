-- Tells in which of the hours between two entries occurred, and how often.
--
-- KEYS: prefix
-- ARGV: first_hour, last_hour, keys...
-- Returns: for each key {place, count, place, count…}; a place counts from the first hour, which is 0
-- Cost: O(keys × hours), and what an entry has where that is less; 10 µs a key at most for a day
-- Uses: none

local first_hour, last_hour = unpack(ARGV)
local prefix = KEYS[1]
first_hour, last_hour = tonumber(first_hour), tonumber(last_hour)
local length = last_hour - first_hour + 1
local named = {}
for place = 1, length do
  named[place] = first_hour + place - 1
end

-- Most entries occur in few hours.
local function of_all(found)
  local pairs_found = {}
  for i = 1, #found, 2 do
    local hour = tonumber(found[i])
    if hour >= first_hour and hour <= last_hour then
      pairs_found[#pairs_found + 1] = hour - first_hour
      pairs_found[#pairs_found + 1] = tonumber(found[i + 1])
    end
  end
  return pairs_found
end

local function of_named(found)
  local pairs_found = {}
  for place = 1, length do
    if found[place] then
      pairs_found[#pairs_found + 1] = place - 1
      pairs_found[#pairs_found + 1] = tonumber(found[place])
    end
  end
  return pairs_found
end

local hours = {}
for i = 3, #ARGV do
  local name = prefix .. 'timeline:hour:entry:' .. ARGV[i]
  if redis.call('HLEN', name) <= length then
    hours[i - 2] = of_all(redis.call('HGETALL', name))
  else
    hours[i - 2] = of_named(redis.call('HMGET', name, unpack(named)))
  end
end
return hours
