local function build(n)
  local pieces = {}
  for i = 0, n - 1 do
    pieces[#pieces + 1] = "k"
    pieces[#pieces + 1] = i % 1000
    pieces[#pieces + 1] = i % 3 == 0 and ";" or ","
  end
  return table.concat(pieces)
end

local function split(text, sign)
  local parts, from = {}, 1
  while true do
    local at = text:find(sign, from, true)
    if not at then
      parts[#parts + 1] = text:sub(from)
      return parts
    end
    parts[#parts + 1] = text:sub(from, at - 1)
    from = at + 1
  end
end

local function score(text)
  local parts, total = {}, 0
  for _, part in ipairs(split(text, ";")) do
    local words = split(part, ",")
    total = total + #words
    parts[#parts + 1] = words[1] .. "=" .. #part
  end
  return #table.concat(parts, "\n"):upper() * 31 + total
end
print(score(build(500000)))
