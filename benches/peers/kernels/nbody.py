from math import floor, sqrt

PI = 3.141592653589793
SOLAR = 4 * PI * PI
DAYS = 365.24


def energy(n, xs, ys, zs, us, vs, ws, ms):
    e = 0
    for i in range(n):
        e += 0.5 * ms[i] * (us[i] * us[i] + vs[i] * vs[i] + ws[i] * ws[i])
        for j in range(i + 1, n):
            dx = xs[i] - xs[j]
            dy = ys[i] - ys[j]
            dz = zs[i] - zs[j]
            e -= ms[i] * ms[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return e


def nbody(steps, dt):
    xs = [0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165]
    ys = [0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641]
    zs = [0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181]
    us = [0, 0.00166007664274403694 * DAYS, -0.00276742510726411990 * DAYS, 0.00296460137564761618 * DAYS, 0.00268067772490389322 * DAYS]
    vs = [0, 0.00769901118419740425 * DAYS, 0.00499852801234917238 * DAYS, 0.00237847173959480950 * DAYS, 0.00162824170038242295 * DAYS]
    ws = [0, -0.0000690460016972063023 * DAYS, 0.0000230417297573763929 * DAYS, -0.0000296589568540237556 * DAYS, -0.0000951592254519715870 * DAYS]
    ms = [SOLAR, 0.000954791938424326609 * SOLAR, 0.000285885980666130812 * SOLAR, 0.0000436624404335156298 * SOLAR, 0.0000515138902046611451 * SOLAR]
    n = len(xs)
    px = py = pz = 0
    for i in range(n):
        px += us[i] * ms[i]
        py += vs[i] * ms[i]
        pz += ws[i] * ms[i]
    us[0] = -px / SOLAR
    vs[0] = -py / SOLAR
    ws[0] = -pz / SOLAR
    for step in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = xs[i] - xs[j]
                dy = ys[i] - ys[j]
                dz = zs[i] - zs[j]
                square = dx * dx + dy * dy + dz * dz
                mag = dt / (square * sqrt(square))
                us[i] -= dx * ms[j] * mag
                vs[i] -= dy * ms[j] * mag
                ws[i] -= dz * ms[j] * mag
                us[j] += dx * ms[i] * mag
                vs[j] += dy * ms[i] * mag
                ws[j] += dz * ms[i] * mag
        for i in range(n):
            xs[i] += dt * us[i]
            ys[i] += dt * vs[i]
            zs[i] += dt * ws[i]
    return energy(n, xs, ys, zs, us, vs, ws, ms)


print(floor(nbody(2000000, 0.01) * -1000000000000))
