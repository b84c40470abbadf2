-- Reads the shared stacks and frames that came after those that somebody knows.
--
-- KEYS: prefix
-- ARGV: since, last
-- Returns: {whether it is the same hash and has the numbers of all that are new, since, last, how many stacks and frames
--   there are, {field, value, …}}; where it is not or has not, all of it is to be read, and then what came after `last`
-- Cost: O(new frames), and at most 500 of them, 1 ms
-- Uses: names, frames

local since, last = unpack(ARGV)
local AT_MOST = 500
local frames = KEYS[1] .. 'frames'

local begun, newest = unpack(redis.call('HMGET', frames, 'since', 'last'))
if not begun then
  return { 1, '', 0, 0, {} }
end
newest = tonumber(newest)
local count = (redis.call('HLEN', frames) - 2 - math.min(newest, NEWEST)) / 2
local known = tonumber(last)
if since ~= begun or newest - known > NEWEST then
  return { 0, begun, newest, count, {} }
end
local numbers, found = {}, {}
for number = known + 1, math.min(known + AT_MOST, newest) do
  numbers[#numbers + 1] = '#' .. number % NEWEST
end
if #numbers > 0 then
  local fields = redis.call('HMGET', frames, unpack(numbers))
  for i, value in ipairs(redis.call('HMGET', frames, unpack(fields))) do
    if value then
      found[#found + 1] = fields[i]
      found[#found + 1] = value
    end
  end
end
return { 1, begun, known + #numbers, count, found }
