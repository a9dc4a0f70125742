from math import floor, sqrt


def weight(i, j):
    return 1 / ((i + j) * (i + j + 1) / 2 + i + 1)


def times(v, n):
    out = []
    for i in range(n):
        total = 0
        for j in range(n):
            total += weight(i, j) * v[j]
        out.append(total)
    return out


def transposed(v, n):
    out = []
    for i in range(n):
        total = 0
        for j in range(n):
            total += weight(j, i) * v[j]
        out.append(total)
    return out


def spectral(n):
    u = [1] * n
    v = u
    for _ in range(10):
        v = transposed(times(u, n), n)
        u = transposed(times(v, n), n)
    uv = vv = 0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)


print(floor(spectral(2000) * 1000000000))
