"""Copying in its plainest forms: this is where small networks learn to look back."""
from . import words
from .base import Example, join_and, cap

KEY = ["code", "name", "key", "word", "number", "tag"]


def odd_text(r, n):
    return " ".join(r.pick([words.odd_word, words.code, words.first_name,
                            lambda r: str(words.number(r)),
                            lambda r: r.pick(words.ADJ),
                            lambda r: r.pick(words.THINGS)])(r) for _ in range(n))


def repeat(r):
    t = odd_text(r, r.randint(1, 10))
    return r.spin("{Repeat|Say|Repeat after me|Copy|Echo|Write exactly}{: $t| \"$t\"|: \"$t\"|\n$t}", t=t), t


def upper(r):
    t = odd_text(r, r.randint(1, 5))
    if r.chance(0.5):
        return r.spin("{Write in capital letters|Uppercase|In capitals}: $t", t=t), t.upper()
    return r.spin("{Write in small letters|Lowercase}: $t", t=t), t.lower()


def spell(r):
    w = words.odd_word(r) if r.chance(0.7) else r.pick(words.THINGS)
    return r.spin("{Spell|Spell the word|How do you spell} $w{.|?|}", w=w), "-".join(w)


def lookup(r):
    n = r.pick([2, 3, 4, 6, 8, 12])
    pairs, sep = {}, r.pick([": ", " = ", " -> ", "=", ":"])
    while len(pairs) < n:
        pairs[words.odd_word(r, 1, 2)] = r.pick([words.code, words.odd_word,
                                                 lambda r: words.number(r)])(r)
    lines = [f"{k}{sep}{v}" for k, v in pairs.items()]
    k = r.pick(list(pairs))
    ask = r.spin("{What is|Which value has|Look up|Find} $k{?|}", k=k)
    text = r.pick(["\n", ", ", "\n", "; "]).join(lines)
    return (f"{text}\n{ask}" if r.chance(0.7) else f"{ask}\n{text}"), str(pairs[k])


def item(r):
    xs = [r.pick([words.odd_word(r), r.pick(words.GOODS),
                  words.first_name(r)]) for _ in range(r.randint(3, 6))]
    i = r.randrange(min(5, len(xs)))
    which = ["first", "second", "third", "fourth", "fifth"][i]
    if r.chance(0.3):
        which, i = "last", -1
    return f"{', '.join(xs)}\n" + r.spin("{What is the|Which is the|Name the} $w {item|word|one}?",
                                         w=which), xs[i]


def bullets(r):
    xs = [odd_text(r, r.pick([1, 1, 2])) for _ in range(r.randint(2, 6))]
    x = r.random()
    if x < 0.35:
        return r.spin("{Make a list of|List|As a bullet list}: $t",
                      t=", ".join(xs)), "\n".join("- " + v for v in xs)
    if x < 0.6:
        return r.spin("{Number these|Make a numbered list}: $t", t=", ".join(xs)), "\n".join(
            f"{i}. {v}" for i, v in enumerate(xs, 1))
    if x < 0.8:
        return r.spin("{Join with commas|Put on one line}:\n$t",
                      t="\n".join("- " + v for v in xs)), ", ".join(xs)
    return "How many items are here? " + ", ".join(xs), str(len(xs))


def missing_letter(r):
    a, b = r.randint(0, 12), r.randint(0, 12)
    if r.chance(0.5):
        return r.spin("{What is $a + $b?|$a plus $b?|Add $a and $b.|$a + $b =}", a=a,
                      b=b), str(a + b)
    a, b = max(a, b), min(a, b)
    return r.spin("{What is $a - $b?|$a minus $b?|$a - $b =}", a=a, b=b), str(a - b)


def fill(r):
    """A form letter whose blanks are filled from what is given."""
    n, c, m, d = words.full_name(r), words.company(r), words.money(r), words.date(r)
    given = [("name", n), ("company", c), ("amount", m), ("date", d)]
    k = r.randint(2, 4)
    use = given[:k]
    form = r.pick([["Dear {name},", "thank you for your order at {company}.",
                    "The total is {amount}.", "It will arrive on {date}."],
                   ["Hello {name}!", "{company} is glad to meet you.", "Please pay {amount}.",
                    "The deadline is {date}."]])[:k]
    ask = "Fill in the letter.\n" + "\n".join(f"{a}: {b}" for a,
                                              b in use) + "\n\n" + "\n".join(form)
    text = "\n".join(form)
    for a, b in use:
        text = text.replace("{" + a + "}", b)
    return ask, text


KINDS = [(repeat, 5), (upper, 1), (spell, 1), (lookup, 5), (item, 2), (bullets, 2),
         (missing_letter, 1), (fill, 1)]


def make(r):
    bag = [f for f, w in KINDS for _ in range(w)]
    turns = []
    for _ in range(r.pick([1, 1, 1, 2, 3])):
        q, a = r.pick(bag)(r)
        turns += [("user", q), ("assistant", a)]
    return Example("drill", turns, {"answer": turns[-1][1]})


def pairs_wall(r, n):
    """A long wall of key = value lines and one question, for reach."""
    pairs = {}
    while len(pairs) < n:
        pairs[words.odd_word(r, 1, 2)] = words.code(r)
    k = r.pick(list(pairs))
    text = "\n".join(f"{a}: {b}" for a, b in pairs.items())
    return Example("wall", [("user", f"{text}\n\nWhat is {k}?"), ("assistant", pairs[k])],
                   {"must": pairs[k], "answer": pairs[k]})
