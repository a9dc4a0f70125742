local function filled(n, seed)
  local rows = {}
  for i = 0, n - 1 do
    local row = {}
    for j = 0, n - 1 do row[j] = (i * seed + j * 7) % 13 / 4 end
    rows[i] = row
  end
  return rows
end

local function product(a, b, n)
  local rows = {}
  for i = 0, n - 1 do
    local row = {}
    for j = 0, n - 1 do
      local sum = 0
      for k = 0, n - 1 do sum = sum + a[i][k] * b[k][j] end
      row[j] = sum
    end
    rows[i] = row
  end
  return rows
end

local function trace(n)
  local c = product(filled(n, 3), filled(n, 5), n)
  local sum = 0
  for i = 0, n - 1 do sum = sum + c[i][i] end
  return sum
end

print(string.format("%.0f", math.floor(trace(500))))
