-- Counts of occurrences a bucket: overall by level, and by entry. Fields are bucket numbers. Needs names.

local HOUR, MINUTE = 3600000, 60000
local HOURS_AT_MOST, MINUTES_KEPT = 2160, 1440

local function bump(name, bucket, count, oldest)
  if bucket < oldest or redis.call('HINCRBY', name, bucket, count) ~= count then
    return
  end
  for _, field in ipairs(redis.call('HKEYS', name)) do
    if tonumber(field) < oldest then
      redis.call('HDEL', name, field)
    end
  end
end

local function count_in_timelines(prefix, key, level, time, count, now, max_age_ms)
  local hour, minute = math.floor(time / HOUR), math.floor(time / MINUTE)
  local this_hour = math.floor(now / HOUR)
  local oldest_hour = this_hour - math.min(HOURS_AT_MOST, math.floor(max_age_ms / HOUR))
  bump(prefix .. 'timeline:hour:' .. level, hour, count, oldest_hour)
  bump(prefix .. 'timeline:hour:entry:' .. key, hour, count, oldest_hour)
  bump(prefix .. 'timeline:minute:' .. level, minute, count, math.floor(now / MINUTE) - MINUTES_KEPT)
end
