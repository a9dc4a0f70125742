local function map(xs, f)
  local out = {}
  for i = 1, #xs do out[i] = f(xs[i]) end
  return out
end
local function filter(xs, keep)
  local out = {}
  for i = 1, #xs do
    if keep(xs[i]) then out[#out + 1] = xs[i] end
  end
  return out
end
local function reduce(xs, f, total)
  for i = 1, #xs do total = f(total, xs[i]) end
  return total
end

local function counter(step)
  local n = 0
  return function()
    n = n + step
    return n
  end
end

local function closures(rounds)
  local xs = {}
  for i = 0, 999 do xs[#xs + 1] = i end
  local total = 0
  for round = 0, rounds - 1 do
    local next = counter(round)
    local add = function(x) return x + round end
    local kept = filter(map(xs, add), function(x) return x % 3 == 0 end)
    total = total + reduce(kept, function(sum, x) return sum + x + next() end, 0)
    total = total % 1000000007
  end
  return total
end
print(string.format("%d", closures(4000)))
