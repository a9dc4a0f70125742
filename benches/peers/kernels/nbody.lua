local sqrt = math.sqrt
local PI = 3.141592653589793
local SOLAR = 4 * PI * PI
local DAYS = 365.24

local function energy(n, xs, ys, zs, us, vs, ws, ms)
  local e = 0
  for i = 1, n do
    e = e + 0.5 * ms[i] * (us[i] * us[i] + vs[i] * vs[i] + ws[i] * ws[i])
    for j = i + 1, n do
      local dx = xs[i] - xs[j]
      local dy = ys[i] - ys[j]
      local dz = zs[i] - zs[j]
      e = e - ms[i] * ms[j] / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

local function nbody(steps, dt)
  local xs = {0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165}
  local ys = {0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641}
  local zs = {0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181}
  local us = {0, 0.00166007664274403694 * DAYS, -0.00276742510726411990 * DAYS, 0.00296460137564761618 * DAYS, 0.00268067772490389322 * DAYS}
  local vs = {0, 0.00769901118419740425 * DAYS, 0.00499852801234917238 * DAYS, 0.00237847173959480950 * DAYS, 0.00162824170038242295 * DAYS}
  local ws = {0, -0.0000690460016972063023 * DAYS, 0.0000230417297573763929 * DAYS, -0.0000296589568540237556 * DAYS, -0.0000951592254519715870 * DAYS}
  local ms = {SOLAR, 0.000954791938424326609 * SOLAR, 0.000285885980666130812 * SOLAR, 0.0000436624404335156298 * SOLAR, 0.0000515138902046611451 * SOLAR}
  local n = #xs
  local px, py, pz = 0, 0, 0
  for i = 1, n do
    px = px + us[i] * ms[i]
    py = py + vs[i] * ms[i]
    pz = pz + ws[i] * ms[i]
  end
  us[1] = -px / SOLAR
  vs[1] = -py / SOLAR
  ws[1] = -pz / SOLAR
  for step = 1, steps do
    for i = 1, n do
      for j = i + 1, n do
        local dx = xs[i] - xs[j]
        local dy = ys[i] - ys[j]
        local dz = zs[i] - zs[j]
        local square = dx * dx + dy * dy + dz * dz
        local mag = dt / (square * sqrt(square))
        us[i] = us[i] - dx * ms[j] * mag
        vs[i] = vs[i] - dy * ms[j] * mag
        ws[i] = ws[i] - dz * ms[j] * mag
        us[j] = us[j] + dx * ms[i] * mag
        vs[j] = vs[j] + dy * ms[i] * mag
        ws[j] = ws[j] + dz * ms[i] * mag
      end
    end
    for i = 1, n do
      xs[i] = xs[i] + dt * us[i]
      ys[i] = ys[i] + dt * vs[i]
      zs[i] = zs[i] + dt * ws[i]
    end
  end
  return energy(n, xs, ys, zs, us, vs, ws, ms)
end

print(string.format("%.0f", math.floor(nbody(2000000, 0.01) * -1000000000000)))
