local function make(n)
  local people = {}
  for i = 0, n - 1 do
    people[#people + 1] = { id = i, age = i * 7 % 90, name = "p", friend = { score = i % 5 } }
  end
  return people
end

local function objects(n, rounds)
  local people = make(n)
  local total = 0
  for round = 1, rounds do
    for _, person in ipairs(people) do
      if person.age < 45 then total = total + person.id else total = total + person.friend.score end
    end
    for i = 1, n do
      people[i].age = people[i].age + 1
      if people[i].age >= 90 then people[i].age = 0 end
    end
  end
  return total
end
print(string.format("%d", objects(100000, 20)))
