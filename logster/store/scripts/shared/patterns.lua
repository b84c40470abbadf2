-- What every change of patterns brings with it: a new version, by which processes tell that those they know are stale,
-- and where groups may change a mark that the entries have to be grouped anew. Needs names.

local function renew(prefix, kind)
  local version = redis.call('INCR', prefix .. 'patterns:version')
  if kind == 'grouping' then
    redis.call('SET', prefix .. 'patterns:regroup', version)
  end
  redis.call('PUBLISH', prefix .. 'events', '{"kind":"patterns"}')
end
