def build(n):
    pieces = []
    for i in range(n):
        pieces.append("k")
        pieces.append(str(i % 1000))
        pieces.append(";" if i % 3 == 0 else ",")
    return "".join(pieces)


def score(text):
    parts = []
    total = 0
    for part in text.split(";"):
        words = part.split(",")
        total += len(words)
        parts.append(f"{words[0]}={len(part)}")
    return len("\n".join(parts).upper()) * 31 + total


print(score(build(500000)))
