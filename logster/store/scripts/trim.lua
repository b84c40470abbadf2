-- Removes unprotected entries that are over age, a bounded number a call, and shows again those whose solved mark
-- has expired.
--
-- KEYS: prefix
-- ARGV: max_age_ms, limit
-- Returns: how many entries it dealt with; fewer than the limit means that none is left
-- Cost: O(log entries), plus 20 µs for each entry it deals with, 50 µs where a stack goes with it
-- Uses: names, rows, frames, remove, trimming, solving, expiry

local max_age_ms, limit = unpack(ARGV)
return expire(KEYS[1], max_age_ms, limit)
