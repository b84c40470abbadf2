-- Env samples: the entry's first one is kept whole, as lines of `"key":json`; each sample is its difference from that.

-- What makes a sample of its time: a line `-"key"` for each key of the base that it lacks, and its lines that the base has
-- not, each after a line break; nothing where it is like the base.
local function difference(base, lines)
  if lines == base then
    return ''
  end
  local known, lacking = {}, {}
  for line in string.gmatch(base, '[^\n]+') do
    known[line] = true
  end
  local parts = { '' }
  local own = {}
  for line in string.gmatch(lines, '[^\n]+') do
    own[string.match(line, '^"[^"]*"') or line] = true
    if known[line] then
      known[line] = nil
    else
      parts[#parts + 1] = line
    end
  end
  for line in pairs(known) do
    local key = string.match(line, '^"[^"]*"')
    if key and not own[key] then
      lacking[#lacking + 1] = '-' .. key
    end
  end
  table.sort(lacking)
  for _, each in ipairs(lacking) do
    parts[#parts + 1] = each
  end
  return table.concat(parts, '\n')
end
