-- Counts occurrences that a pattern or rule keeps out.
--
-- KEYS: prefix
-- ARGV: pattern, patterns_version, report...
-- Returns: {{outcome, 0}}; outcome is suppressed, repeated, refused or stale
-- Cost: O(1)
-- Uses: names, admission

local pattern, patterns_version = unpack(ARGV, 1, 2)
local count, sender, sequence, after = unpack(ARGV, 3)
local prefix = KEYS[1]

local outcome = turned_away(prefix, sender, sequence, after, patterns_version)
if outcome then
  return { { outcome, 0 } }
end
mark_applied(prefix)
redis.call('HINCRBY', prefix .. 'patterns:hits', pattern, count)
redis.call('HINCRBY', prefix .. 'counters', 'suppressed', count)
return { { 'suppressed', 0 } }
