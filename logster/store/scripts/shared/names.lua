-- The key names of one namespace, as keys.py has them, and what follows from them.

local LEVELS = { 10, 20, 30, 40, 50 }

local function level_floor(level)
  return math.min(50, math.max(10, math.floor(level / 10) * 10))
end

-- The sorted set that lists an entry.
local function rows_of(prefix, level, solved)
  return prefix .. (solved and 'solved:' or 'recent:') .. level_floor(level)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Lua would write a time as 1.7e+12.
local function digits(number)
  return string.format('%.0f', number)
end
