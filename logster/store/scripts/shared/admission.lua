-- Whether what a sender sends is to be applied: once, in the order of its numbers, under the patterns that hold.

-- What is known of a sender's last number that was applied, and whether that is to be written.
local applied_by, is_applying = {}, {}
local patterns_held

local function last_applied(prefix, sender)
  if not applied_by[sender] then
    applied_by[sender] = tonumber(redis.call('GET', prefix .. 'sender:' .. sender) or -1)
  end
  return applied_by[sender]
end

-- Nil where it is; `mark_applied` has to follow, whatever becomes of it.
local function turned_away(prefix, sender, sequence, after, patterns_version)
  local applied = sender ~= '' and last_applied(prefix, sender) or -1
  if sender ~= '' and applied >= tonumber(sequence) then
    return 'repeated'
  end
  -- Were a report applied whose predecessor in the batch was not, its repetition would be taken for done.
  if sender ~= '' and applied < tonumber(after) then
    return 'refused'
  end
  patterns_held = patterns_held or redis.call('GET', prefix .. 'patterns:version') or '0'
  if patterns_held ~= patterns_version then
    return 'stale'
  end
  if sender ~= '' then
    applied_by[sender], is_applying[sender] = tonumber(sequence), true
  end
  return nil
end

-- Writes the marks. Redis refuses a script for want of memory at its first write only: where that was refused, so is this.
local function mark_applied(prefix)
  for sender in pairs(is_applying) do
    redis.call('SET', prefix .. 'sender:' .. sender, digits(applied_by[sender]), 'EX', 86400)
  end
end
