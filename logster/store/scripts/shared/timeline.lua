-- Counts of occurrences a bucket: overall by level, and by entry. Fields are bucket numbers. Needs names.

local HOUR, MINUTE = 3600000, 60000
local HOURS_AT_MOST, MINUTES_KEPT = 2160, 1440

-- What is to be added to the timelines of all entries: by name the oldest bucket to keep, and counts by bucket.
local sums = {}

local function bump(name, bucket, count, oldest)
  if redis.call('HINCRBY', name, bucket, count) ~= count then
    return
  end
  for _, field in ipairs(redis.call('HKEYS', name)) do
    if tonumber(field) < oldest then
      redis.call('HDEL', name, field)
    end
  end
end

local function add_to(name, bucket, count, oldest)
  if bucket >= oldest then
    local sum = sums[name] or { oldest = oldest, counts = {} }
    sum.counts[bucket] = (sum.counts[bucket] or 0) + count
    sums[name] = sum
  end
end

-- Counts occurrences of an entry; `write_timelines` has to follow. A new entry has no older buckets to be rid of.
local function count_in_timelines(prefix, key, level, time, count, now, max_age_ms, is_new)
  local hour, minute, this_hour = math.floor(time / HOUR), math.floor(time / MINUTE), math.floor(now / HOUR)
  local oldest = this_hour - math.min(HOURS_AT_MOST, math.floor(max_age_ms / HOUR))
  local own = prefix .. 'timeline:hour:entry:' .. key
  if hour >= oldest then
    if is_new then
      redis.call('HINCRBY', own, hour, count)
    else
      bump(own, hour, count, oldest)
    end
  end
  add_to(prefix .. 'timeline:hour:' .. level, hour, count, oldest)
  add_to(prefix .. 'timeline:minute:' .. level, minute, count, math.floor(now / MINUTE) - MINUTES_KEPT)
end

-- Writes what was counted for all entries together.
local function write_timelines()
  for name, sum in pairs(sums) do
    for bucket, count in pairs(sum.counts) do
      bump(name, bucket, count, sum.oldest)
    end
  end
end
