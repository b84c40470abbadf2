-- How many occurrences were reported lately, in buckets that slide over a minute or an hour by Redis's own clock.
-- Needs names.

local WINDOWS = { minute = { length = 10000, buckets = 6 }, hour = { length = 60000, buckets = 60 } }

local function count_in_rates(prefix, level, count, now)
  for per, window in pairs(WINDOWS) do
    local name = prefix .. 'rates:' .. per .. ':' .. level
    local bucket = math.floor(now / window.length)
    if redis.call('HINCRBY', name, bucket, count) == count then
      for _, field in ipairs(redis.call('HKEYS', name)) do
        if tonumber(field) <= bucket - window.buckets then
          redis.call('HDEL', name, field)
        end
      end
    end
    redis.call('PEXPIRE', name, window.length * window.buckets)
  end
end

local function rate_of(prefix, per, level, now)
  local window, rate = WINDOWS[per], 0
  local counts = redis.call('HGETALL', prefix .. 'rates:' .. per .. ':' .. level)
  for i = 1, #counts, 2 do
    if tonumber(counts[i]) > math.floor(now / window.length) - window.buckets then
      rate = rate + tonumber(counts[i + 1])
    end
  end
  return rate
end
