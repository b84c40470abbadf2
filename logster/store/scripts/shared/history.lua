-- Who changed what: the newest hundred changes, each `time kind by` and what it was about, parted by tabs. Needs names.

local function remember(prefix, kind, about, by)
  redis.call('LPUSH', prefix .. 'history', table.concat({ digits(now_ms()), kind, by, about }, '\t'))
  redis.call('LTRIM', prefix .. 'history', 0, 99)
end
