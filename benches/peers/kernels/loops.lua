local function loops(n)
  local sum = 0
  for i = 0, n - 1 do
    if i % 2 == 0 then sum = (sum + i * 3) % 1000003 else sum = sum + 1 end
  end
  return sum
end
print(string.format("%d", loops(50000000)))
