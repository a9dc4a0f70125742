from functools import cmp_to_key


def numbers(n):
    xs = []
    x = 42
    for _ in range(n):
        x = (x * 16807) % 2147483647
        xs.append(x)
    return xs


def check(xs):
    total = 0
    for i, x in enumerate(xs):
        total = (total + x * (i % 7)) % 1000000007
    return total


xs = numbers(150000)
down = sorted(xs, key=cmp_to_key(lambda a, b: b - a))
up = sorted(xs)
print(check(down) + check(up))
