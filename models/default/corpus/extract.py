"""Fields out of a text, as JSON with the asked keys in the asked order."""
import json

from . import words
from .base import Example, join_and

# field: (maker, ways to say it in a sentence)
FIELDS = {
    "name": (words.full_name, ["{My name is|I am|This is} $v.", "Name: $v."]),
    "email": (words.email, ["{My email is|Write to me at} $v.", "Email: $v."]),
    "phone": (words.phone, ["{My phone number is|Call me at} $v.", "Phone: $v."]),
    "city": (lambda r: r.pick(words.CITY), ["{I live in|I am from} $v.", "City: $v."]),
    "company": (words.company, ["{I work for|I work at} $v.", "Company: $v."]),
    "order": (words.code, ["{My order is|The order number is} $v.", "Order: $v."]),
    "product": (lambda r: r.pick(words.GOOD), ["{I bought a|I ordered a} $v.", "Product: $v."]),
    "quantity": (lambda r: r.randint(1, 99), ["{I need|Please send} $v pieces.", "Quantity: $v."]),
    "amount": (lambda r: r.randint(1, 999), ["{I paid|The total was} $v euros.", "Amount: $v."]),
    "date": (words.date, ["{It was on|The date is} $v.", "Date: $v."]),
    "day": (words.day, ["{Please come on|Let us meet on} $v.", "Day: $v."]),
    "time": (words.clock, ["{Come at|It starts at} $v.", "Time: $v."]),
    "colour": (lambda r: r.pick(words.COLOURS), ["{I want it in|The colour is} $v.",
                                                 "Colour: $v."]),
    "age": (lambda r: r.randint(3, 99), ["{I am $v years old|My age is $v}.", "Age: $v."]),
    "job": (lambda r: r.pick(words.JOBS), ["{My job is|I work as} $v.", "Job: $v."]),
    "room": (lambda r: r.randint(1, 999), ["{We are in room|My room is} $v.", "Room: $v."]),
    "guests": (lambda r: r.randint(1, 20), ["{We are $v people|A table for $v}.", "Guests: $v."]),
}
NOISE = ["{Hello|Hi|Good morning|Dear team}{!|,}", "Thank you.", "Kind regards.",
         "I hope you are well.", "Please answer soon.", "I like your shop."]
ASKS = [
    "{Extract|Extract|Get|Find} the {fields |}$f as {JSON|a JSON object}{.|:}",
    "{Return|Give me} {JSON|a JSON object} with the {keys |fields |}$f{.|:}",
    "JSON with the keys $f{.|:}",
]


def letter(r, values):
    """A text that says each value, in any order."""
    labelled = r.chance(0.3)
    lines = [r.spin(FIELDS[f][1][1 if labelled else 0], v=v) for f, v in values.items()]
    if len(lines) > 1 and not labelled and r.richly(0.4):
        second = lines.pop()
        if not second.startswith("I "):
            second = second[0].lower() + second[1:]
        lines[-1] = f"{lines[-1][:-1]} and {second}"
    for _ in range(r.pick([0, 0, 1, 2])):
        lines.append(r.spin(r.pick(NOISE)))
    r.shuffle(lines)
    return ("\n" if labelled else r.pick([" ", " ", "\n"])).join(lines)


def make(r):
    k = r.pick([1, 2, 2, 3, 3, 4])
    present = r.some(sorted(FIELDS), k + r.pick([0, 0, 1, 2]))
    values = {f: FIELDS[f][0](r) for f in present}
    asked = r.some(present, k)
    text = letter(r, values)
    fields = {f: values[f] for f in asked}
    ask = r.spin(r.pick(ASKS), f=join_and(asked) if r.chance(0.6) else ", ".join(asked))
    x = r.random()
    if x < 0.2:
        turns = [("system", ask), ("user", text)]
    elif x < 0.75:
        turns = [("user", ask + r.pick(["\n", "\n\n", " "]) + text)]
    else:
        turns = [("user", text + r.pick(["\n", "\n\n"]) + ask)]
    turns.append(("assistant", json.dumps(fields, ensure_ascii=False)))
    return Example("json", turns, {"fields": fields})
