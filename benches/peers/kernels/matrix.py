from math import floor


def filled(n, seed):
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            row.append((i * seed + j * 7) % 13 / 4)
        rows.append(row)
    return rows


def product(a, b, n):
    rows = []
    for i in range(n):
        row = []
        for j in range(n):
            total = 0
            for k in range(n):
                total += a[i][k] * b[k][j]
            row.append(total)
        rows.append(row)
    return rows


def trace(n):
    c = product(filled(n, 3), filled(n, 5), n)
    total = 0
    for i in range(n):
        total += c[i][i]
    return total


print(floor(trace(500)))
