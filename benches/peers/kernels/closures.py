from functools import reduce


def counter(step):
    n = 0

    def following():
        nonlocal n
        n += step
        return n

    return following


def closures(rounds):
    xs = []
    for i in range(1000):
        xs.append(i)
    total = 0
    for round in range(rounds):
        following = counter(round)
        add = lambda x: x + round
        kept = filter(lambda x: x % 3 == 0, map(add, xs))
        total += reduce(lambda sum, x: sum + x + following(), kept, 0)
        total = total % 1000000007
    return total


print(closures(4000))
