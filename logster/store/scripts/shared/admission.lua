-- Whether what a sender sends is to be applied: once, in the order of its numbers, under the patterns that hold.

-- Nil where it is, and then the sender's mark is made. Redis refuses a script for want of memory at its first write
-- only, so the mark must be that write.
local function turned_away(prefix, sender, sequence, after, patterns_version)
  local found = redis.call('MGET', prefix .. 'patterns:version', prefix .. 'sender:' .. sender)
  local applied = tonumber(sender ~= '' and found[2] or -1)
  if sender ~= '' and applied >= tonumber(sequence) then
    return 'repeated'
  end
  -- Were a report applied whose predecessor in the batch was not, its repetition would be taken for done.
  if sender ~= '' and applied < tonumber(after) then
    return 'refused'
  end
  if (found[1] or '0') ~= patterns_version then
    return 'stale'
  end
  if sender ~= '' then
    redis.call('SET', prefix .. 'sender:' .. sender, sequence, 'EX', 86400)
  end
  return nil
end
