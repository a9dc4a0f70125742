class Person:
    def __init__(self, id, age, name, friend):
        self.id = id
        self.age = age
        self.name = name
        self.friend = friend


class Friend:
    def __init__(self, score):
        self.score = score


def make(n):
    people = []
    for i in range(n):
        people.append(Person(i, i * 7 % 90, "p", Friend(i % 5)))
    return people


def objects(n, rounds):
    people = make(n)
    total = 0
    for _ in range(rounds):
        for person in people:
            if person.age < 45:
                total += person.id
            else:
                total += person.friend.score
        for i in range(n):
            people[i].age += 1
            if people[i].age >= 90:
                people[i].age = 0
    return total


print(objects(100000, 20))
