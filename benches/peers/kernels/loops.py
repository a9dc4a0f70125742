def loops(n):
    total = 0
    for i in range(n):
        if i % 2 == 0:
            total = (total + i * 3) % 1000003
        else:
            total += 1
    return total


print(loops(50000000))
