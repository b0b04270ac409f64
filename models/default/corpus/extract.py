"""Fields out of a text, as JSON with the asked keys in the asked order."""
import json

from . import words
from .base import Example, join_and

# field: (maker, ways to say it in a sentence)
FIELDS = {
    "name": (words.full_name, ["{My name is|I am|This is} $v.", "Name: $v.", "{From|Sender}: $v."]),
    "email": (words.email, ["{My email is|Write to me at|You can reach me at} $v.", "Email: $v.",
                            "{Mail|E-mail}: $v."]),
    "phone": (words.phone, ["{My phone number is|Call me at|My number is} $v.", "Phone: $v.",
                            "Tel: $v."]),
    "city": (lambda r: r.pick(words.CITY), ["{I live in|I am from|I write from|I am in} $v.",
                                            "City: $v."]),
    "company": (words.company, ["{I work for|I work at|I am with} $v.", "Company: $v."]),
    "order": (words.code, ["{My order is|The order number is|It is about order} $v.", "Order: $v.",
                           "Order $v."]),
    "product": (lambda r: r.pick(words.GOOD), ["{I bought a|I ordered a|It is about the} $v.",
                                               "Product: $v."]),
    "quantity": (lambda r: r.randint(1, 99), ["{I need|I want|Please send} $v pieces.",
                                              "Quantity: $v."]),
    "amount": (lambda r: r.pick([r.randint(1, 9999), round(r.uniform(1, 999), 2)]),
               ["{I paid|The total was|It cost} $v euros.", "Amount: $v.", "Total: $v."]),
    "date": (words.date, ["{It was on|The date is|It happened on} $v.", "Date: $v."]),
    "day": (words.day, ["{Please come on|It is on|Let us meet on} $v.", "Day: $v."]),
    "time": (words.clock, ["{Come at|We meet at|It starts at} $v.", "Time: $v."]),
    "colour": (lambda r: r.pick(words.COLOURS), ["{It is|I want it in|The colour is} $v.",
                                                 "Colour: $v."]),
    "age": (lambda r: r.randint(3, 99), ["{I am $v years old|My age is $v}.", "Age: $v."]),
    "job": (lambda r: r.pick(words.JOBS), ["{My job is|I work as} $v.", "Job: $v."]),
    "room": (lambda r: r.randint(1, 999), ["{We are in room|It is in room|My room is} $v.",
                                           "Room: $v."]),
    "code": (words.code, ["{The code is|Use the code} $v.", "Code: $v."]),
    "guests": (lambda r: r.randint(1, 20), ["{We are $v people|A table for $v|There are $v of us}.",
                                            "Guests: $v."]),
    "pet": (words.first_name, ["{My pet is called|My cat is|My dog is} $v.", "Pet: $v."]),
}
NOISE = ["{Hello|Hi|Good morning|Dear team}{!|,}", "Thank you{ very much|}.",
         "{Best|Kind} regards.", "It {rained|snowed} today.",
         "I hope you are well.", "Please answer soon.", "I like your shop.",
         "There is a small problem.", "It is urgent."]


def make(r, n=None):
    k = n or r.pick([1, 2, 2, 3, 3, 4, 5])
    present = r.some(sorted(FIELDS), k + r.pick([0, 0, 1, 2]))
    asked = present[:k]
    values, lines = {}, []
    for f in present:
        maker, ways = FIELDS[f]
        values[f] = maker(r)
    labelled = r.chance(0.25)
    for f in present:
        ways = FIELDS[f][1]
        lines.append(r.spin(ways[-1] if labelled and len(ways) > 1 else r.pick(ways), v=values[f]))
    for _ in range(r.pick([0, 0, 1, 2])):
        lines.append(r.spin(r.pick(NOISE)))
    r.shuffle(lines)
    text = (r.pick([" ", "\n"]) if not labelled else r.pick(["\n", "\n", " "])).join(lines)
    if r.chance(0.3):
        asked = r.some(asked, len(asked))
    out = {f: values[f] for f in asked}
    if r.chance(0.1) and not r.held:
        gone = r.pick([f for f in sorted(FIELDS) if f not in present])
        asked = asked + [gone]
        out[gone] = None
    fields = join_and(asked) if r.chance(0.6) else ", ".join(asked)
    ask = r.spin("{Extract|Extract|Pull out|Get|Find} {the |}{fields |}$f {as JSON|as a JSON "
                 "object|in JSON}{.|:|}|"
                 "{Return|Give me} {JSON|a JSON object} with {the keys |the fields |}$f{.|:|}|"
                 "JSON with the keys $f{.|:|}".replace("|R", "|R"),
                 f=fields) if False else r.spin(r.pick([
                     "{Extract|Pull out|Get|Find} {the |}{fields |}$f {as JSON|as a JSON object|in "
                     "JSON}{.|:|}",
                     "{Return|Give me} {JSON|a JSON object} with {the keys |the fields |}$f{.|:|}",
                     "JSON with the keys $f{.|:|}", "{Turn this into|Make} JSON with $f{.|:|}"]),
                     f=fields)
    answer = json.dumps(out, ensure_ascii=False)
    form = r.random()
    if form < 0.25:
        turns = [("system", ask), ("user", text)]
    elif form < 0.65:
        turns = [("user", ask + r.pick(["\n", "\n\n", " "]) + text)]
    elif form < 0.75:
        turns = [("user", f"{ask}\n\"{text}\"")]
    else:
        turns = [("user", text + r.pick(["\n", "\n\n"]) + ask)]
    turns.append(("assistant", answer))
    return Example("json", turns, {"fields": out})
