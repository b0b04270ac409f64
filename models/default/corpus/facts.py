"""Facts given in the prompt: look them up, copy them, and say so when one is not there."""
from . import words
from .base import Example, cap

# (fact, questions, answer, value maker); $n is whose it is, $v the value
PERSONAL = [
    ("$n lives in $v.", ["Where does $n live?", "In which city does $n live?"], "$n lives in $v.",
     lambda r: r.pick(words.CITY) if r.chance(0.6) else words.odd_word(r).capitalize()),
    ("$n works as {a|an} $v.", ["What is $n's job?", "What does $n work as?",
                                "What does $n do for a living?"],
     "$n works as $v.", None),
    ("$n likes $v.", ["What does $n like?", "What is $n's hobby?"], "$n likes $v.",
     lambda r: r.pick(words.HOBBIES)),
    ("$n's favourite colour is $v.", ["What is $n's favourite colour?", "Which colour does $n like "
                                                                        "best?"],
     "$n's favourite colour is $v.", lambda r: r.pick(words.COLOURS)),
    ("$n's phone number is $v.", ["What is $n's phone number?", "How can I call $n?",
                                  "$n's number?"],
     "$n's phone number is $v.", words.phone),
    ("$n's email is $v.", ["What is $n's email?", "How do I write to $n?", "$n's email address?"],
     "$n's email is $v.", words.email),
    ("$n's password is $v.", ["What is $n's password?", "Which password does $n have?"],
     "$n's password is $v.", words.phrase_code),
    ("$n was born in $v.", ["When was $n born?", "In which year was $n born?"],
     "$n was born in $v.",
     lambda r: r.randint(1930, 2015)),
    ("$n has {a dog|a cat|a pet} called $v.",
     ["What is the name of $n's pet?", "What is $n's pet called?"],
     "$n's pet is called $v.", words.first_name),
    ("$n's desk is $v.", ["Which desk does $n have?", "What is $n's desk?"], "$n's desk is $v.",
     words.code),
    ("$n hid the $v in the garden.", ["What did $n hide in the garden?"],
     "$n hid the $v in the garden.",
     lambda r: r.pick(words.ADJ) + " " + r.pick(words.THINGS)),
    ("$n bought $v.", ["What did $n buy?"], "$n bought $v.",
     lambda r: f"{r.randint(2, 40)} {r.pick(words.GOODS)}"),
    ("$n comes at $v.", ["When does $n come?", "What time does $n come?"], "$n comes at $v.",
     words.clock),
]
THINGS = [
    ("The $n is in the $v.", ["Where is the $n?", "Where can I find the $n?"],
     "The $n is in the $v.",
     lambda r: r.pick(words.PLACES)),
    ("The $n costs $v.", ["How much is the $n?", "What does the $n cost?",
                          "What is the price of the $n?"],
     "The $n costs $v.", words.money),
    ("The $n belongs to $v.", ["Who owns the $n?", "Whose is the $n?",
                               "Who does the $n belong to?"],
     "The $n belongs to $v.", words.first_name),
    ("The $n is $v.", ["What colour is the $n?", "Which colour does the $n have?"], "The $n is $v.",
     lambda r: r.pick(words.COLOURS)),
    ("The code for the $n is $v.", ["What is the code for the $n?", "Which code opens the $n?",
                                    "$n code?"],
     "The code for the $n is $v.", words.phrase_code),
    ("The $n weighs $v kg.", ["How heavy is the $n?", "How much does the $n weigh?"],
     "The $n weighs $v kg.",
     lambda r: r.randint(1, 900)),
    ("The $n was made in $v.", ["Where was the $n made?"], "The $n was made in $v.",
     lambda r: r.pick(words.CITY)),
    ("The $n opens at $v.", ["When does the $n open?", "What time does the $n open?"],
     "The $n opens at $v.",
     words.clock),
    ("The $n arrives on $v.", ["When does the $n arrive?", "On which day does the $n arrive?"],
     "The $n arrives on $v.", lambda r: r.pick([words.day, words.date])(r)),
    ("The serial number of the $n is $v.", ["What is the serial number of the $n?"],
     "The serial number of the $n is $v.", words.code),
    ("The name of the $n is $v.", ["What is the name of the $n?", "What is the $n called?"],
     "The name of the $n is $v.", lambda r: words.odd_word(r).capitalize()),
]
TOPICS = ["project", "budget", "secret word", "deadline", "door code", "wifi password",
          "room number", "server name",
          "account number", "launch date", "team name", "mascot", "ticket number", "contact person",
          "meeting place",
          "favourite dish", "username", "license key", "order number", "tracking number", "city",
          "ship name",
          "song", "winner", "flight number", "gate", "seat", "release name", "access code",
          "magic word", "pin"]
FAVOURITES = ("food film book animal number season song drink fruit sport game place day city "
              "flower word band dish").split()
RICH_PERSONAL = PERSONAL + [
    (f"$n's favourite {x} is $v.", [f"What is $n's favourite {x}?",
                                    f"Which {x} does $n like best?"],
     f"$n's favourite {x} is $v.", lambda r: favourite(r)) for x in FAVOURITES] + [
    ("$n is $v years old.", ["How old is $n?", "What is $n's age?"], "$n is $v years old.",
     lambda r: r.randint(3, 99)),
    ("$n speaks $v.", ["Which language does $n speak?", "What does $n speak?"], "$n speaks $v.",
     lambda r: r.pick("German French Spanish Italian Polish Dutch Latin Greek".split())),
    ("$n works for $v.", ["Who does $n work for?", "Where does $n work?"], "$n works for $v.",
     words.company),
    ("$n met $v.", ["Who did $n meet?"], "$n met $v.", words.first_name),
    ("$n ordered {a|the} $v.", ["What did $n order?"], "$n ordered a $v.",
     lambda r: r.pick(words.GOOD)),
]
UNKNOWN = "That is not in the text."


def favourite(r):
    return r.pick([words.odd_word, lambda r: r.pick(words.THINGS), lambda r: r.pick(words.MASS),
                   lambda r: r.pick(words.ANIMALS)])(r)


def value(r, topic):
    if "date" in topic or "deadline" in topic:
        return words.date(r)
    if "budget" in topic:
        return words.money(r)
    if any(w in topic for w in ("number", "pin", "gate", "seat")):
        return r.pick([words.code(r), str(r.randint(1, 99999))])
    if any(w in topic for w in ("person", "winner")):
        return words.full_name(r)
    if topic == "city" or "place" in topic:
        return r.pick(words.CITY)
    return r.pick([words.phrase_code(r), words.odd_word(r).capitalize(), words.odd_word(r)])


def triples(r, n):
    """n facts with distinct (kind, owner): (fact, questions, answer, value)."""
    out, seen = [], set()
    people = words.names(r, max(2, n // 2))
    while len(out) < n:
        x = r.random()
        if x < 0.45:
            known = RICH_PERSONAL if r.rich else PERSONAL
            i, who = r.randrange(len(known)), r.pick(people)
            fact, qs, ans, maker = known[i]
            key = ("p", i, who)
            if maker is None:
                job = r.pick(words.JOBS)
                v = ("an " if job[0] in "aeiou" else "a ") + job
                fact = "$n works as $v."
            else:
                v = maker(r)
        elif x < 0.75:
            i = r.randrange(len(THINGS))
            who = r.pick(words.THINGS + words.GOOD)
            if r.chance(0.3):
                who = r.pick(words.ADJ) + " " + who
            fact, qs, ans, maker = THINGS[i]
            key, v = ("t", i, who), maker(r)
        else:
            who = r.pick(TOPICS)
            v = value(r, who)
            key = ("o", who)
            owner = r.pick(["", "", " of " + words.company(r), " for " + r.pick(people)])
            fact = "The $n%s is $v." % owner
            qs = ["What is the $n%s?" % owner, "Tell me the $n%s." % owner,
                  "What is the $n%s?" % owner,
                  "Do you know the $n%s?" % owner]
            ans = "The $n%s is $v." % owner
        if key in seen:
            continue
        seen.add(key)
        put = lambda t: r.spin(t, n=who, v=v)
        out.append((put(fact), [put(q) for q in qs], put(ans), str(v)))
    return out


def filler(r):
    return r.spin(r.pick(["The weather was {warm|cold|mild|windy} that day.",
                          "It was a quiet {morning|evening}.",
                          "Nobody else was there.", "The $a {slept|waited|sang} all day.",
                          "A $a walked past the $t.", "There was {music|rain|snow} in the air."]),
                  a=r.pick(words.ANIMALS), t=r.pick(words.THINGS))


def lay_out(r, facts):
    lines = [f[0] for f in facts]
    for _ in range(r.pick([0, 0, 0, 0, 1])):
        lines.insert(r.randint(0, len(lines)), filler(r))
    if r.chance(0.5):
        return " ".join(lines)
    mark = r.pick(["- ", "- ", "", "* "])
    return "\n".join(mark + x for x in lines)


def opening(r, text, ask):
    """The turns up to the first question, the facts among them."""
    x = r.random()
    if x < 0.35:
        lead = r.pick(["", "Facts:\n", "You know this: ", "Use these facts.\n", "Context:\n",
                       "You are a helpful assistant. ", "Secret context: ", "Answer from this:\n"])
        return [("system", lead + text), ("user", ask)]
    if x < 0.6:
        return [("user", text + r.pick(["\n\n", "\n", " ", "\nQuestion: "]) + ask)]
    if x < 0.7:
        return [("user", ask + r.pick(["\n\n", "\n", "\nText: "]) + text)]
    if x < 0.8:
        return [("user", r.spin("{Context|Facts|Notes|Given}:\n$t\n\n{Question: |}$q", t=text,
                                q=ask))]
    return [("user", r.pick(["Remember this: ", "Please remember: ", "Note: ", ""]) + text),
            ("assistant", "I will remember that."), ("user", ask)]


def make(r, n=None):
    sizes = [1, 1, 2, 2, 3, 3, 4, 5, 6] + ([7, 8, 10] if r.rich else [])
    *facts, extra = triples(r, (n or r.pick(sizes)) + 1)
    turns, must = [], None
    while not turns or r.chance(0.4):
        if not r.held and r.chance(0.15):
            ask, answer, must = r.pick(extra[1]), UNKNOWN, UNKNOWN
        else:
            _, asks, answer, must = r.pick(facts)
            ask = r.pick(asks)
        turns += [("user", ask)] if turns else opening(r, lay_out(r, facts), ask)
        turns.append(("assistant", answer))
    return Example("facts", turns, {"must": must, "answer": answer})


def make_memory(r):
    """Several turns: the user says things about themselves and asks later."""
    turns = []
    n = words.first_name(r)
    pool = [
        (f"{r.pick(['My name is', 'I am', 'Call me'])} {n}.", f"Nice to meet you, {n}!",
         r.pick(["What is my name?", "Who am I?", "Do you remember my name?"]),
         f"Your name is {n}.", n)]
    def add(fmt, reply, q, a, v):
        pool.append((fmt % v, reply % v if "%s" in reply else reply, q, a % v, str(v)))
    add("I live in %s.", "%s sounds nice!", "Where do I live?", "You live in %s.",
        r.pick(words.CITY) if r.chance(0.5) else words.odd_word(r).capitalize())
    add("My favourite colour is %s.", "%s is a fine colour.", "What is my favourite colour?",
        "Your favourite colour is %s.", r.pick(words.COLOURS))
    pet = r.pick(["cat", "dog", "horse", "parrot"])
    add(f"My {pet} is called %s.", "%s is a lovely name.", f"What is my {pet} called?",
        f"Your {pet} is called %s.", words.first_name(r))
    add("The code is %s.", "I will remember the code.", "What is the code?", "The code is %s.",
        words.phrase_code(r))
    add("I like %s.", "%s is fun!", "What do I like?", "You like %s.", r.pick(words.HOBBIES))
    add("My train leaves at %s.", "Noted: %s.", "When does my train leave?",
        "Your train leaves at %s.", words.clock(r))
    add("I am %s years old.", "Thank you for telling me.", "How old am I?", "You are %s years old.",
        r.randint(7, 90))
    if r.rich:
        for x in r.some(FAVOURITES, 3):
            add(f"My favourite {x} is %s.", "I will remember that.",
                f"What is my favourite {x}?", f"Your favourite {x} is %s.", favourite(r))
    told = r.some(pool, r.pick([1, 2, 2, 3, 4]))
    if r.richly(0.3):
        fact, _, q, a, v = told[0]
        return Example("memory", [("user", f"{fact} {q}"), ("assistant", a)],
                       {"must": v, "answer": a})
    for fact, reply, *_ in told:
        turns += [("user", fact), ("assistant", cap(reply))]
    if r.chance(0.3) and not r.held:
        turns += [("user", r.pick(["Hello!", "How are you?", "Thanks."])),
                  ("assistant", "I am here and happy to help.")]
    _, _, q, a, v = r.pick(told)
    turns += [("user", q), ("assistant", a)]
    return Example("memory", turns, {"must": v, "answer": a})
