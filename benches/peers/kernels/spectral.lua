local function weight(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end

local function times(v, n)
  local out = {}
  for i = 0, n - 1 do
    local sum = 0
    for j = 0, n - 1 do sum = sum + weight(i, j) * v[j + 1] end
    out[#out + 1] = sum
  end
  return out
end

local function transposed(v, n)
  local out = {}
  for i = 0, n - 1 do
    local sum = 0
    for j = 0, n - 1 do sum = sum + weight(j, i) * v[j + 1] end
    out[#out + 1] = sum
  end
  return out
end

local function spectral(n)
  local u = {}
  for i = 1, n do u[i] = 1 end
  local v = u
  for i = 1, 10 do
    v = transposed(times(u, n), n)
    u = transposed(times(v, n), n)
  end
  local uv, vv = 0, 0
  for i = 1, n do
    uv = uv + u[i] * v[i]
    vv = vv + v[i] * v[i]
  end
  return math.sqrt(uv / vv)
end

print(string.format("%.0f", math.floor(spectral(2000) * 1000000000)))
