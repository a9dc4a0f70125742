local function numbers(n)
  local xs, x = {}, 42
  for i = 1, n do
    x = (x * 16807) % 2147483647
    xs[i] = x
  end
  return xs
end

local function check(xs)
  local sum = 0
  for i = 1, #xs do sum = (sum + xs[i] * ((i - 1) % 7)) % 1000000007 end
  return sum
end

local function copy(xs)
  local ys = {}
  for i = 1, #xs do ys[i] = xs[i] end
  return ys
end

local xs = numbers(150000)
local down = copy(xs)
table.sort(down, function(a, b) return a > b end)
local up = copy(xs)
table.sort(up)
print(string.format("%d", check(down) + check(up)))
