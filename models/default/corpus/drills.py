"""Copying in its plainest forms: this is where small networks learn to look back."""
from . import words
from .base import Example


def odd_text(r, n):
    makers = [words.odd_word, words.code, words.first_name, lambda r: str(words.number(r)),
              lambda r: r.pick(words.ADJ), lambda r: r.pick(words.THINGS)]
    return " ".join(r.pick(makers)(r) for _ in range(n))


def repeat(r):
    t = odd_text(r, r.randint(1, 6))
    return r.spin("{Repeat|Say|Repeat after me|Copy|Write exactly}{: $t|: \"$t\"|\n$t}", t=t), t


def lookup(r):
    pairs, sep = {}, r.pick([": ", " = ", " -> "])
    for _ in range(r.pick([2, 3, 4, 6, 8])):
        pairs[words.odd_word(r)] = r.pick([words.code, words.odd_word, words.number])(r)
    k = r.pick(list(pairs))
    ask = r.spin("{What is|Look up|Find} $k{?|}", k=k)
    text = r.pick(["\n", ", ", "\n"]).join(f"{a}{sep}{b}" for a, b in pairs.items())
    return (f"{text}\n{ask}" if r.chance(0.8) else f"{ask}\n{text}"), str(pairs[k])


def bullets(r):
    xs = [odd_text(r, 1) for _ in range(r.randint(2, 5))]
    if r.chance(0.7):
        return r.spin("{Make a list of|List|As a bullet list}: $t", t=", ".join(xs)), "\n".join(
            "- " + v for v in xs)
    return r.spin("{Number these|Make a numbered list}: $t", t=", ".join(xs)), "\n".join(
        f"{i}. {v}" for i, v in enumerate(xs, 1))


def make(r):
    turns = []
    for _ in range(r.pick([1, 1, 1, 2, 3])):
        q, a = r.pick([repeat, repeat, lookup, lookup, bullets])(r)
        turns += [("user", q), ("assistant", a)]
    return Example("drill", turns, {"answer": turns[-1][1]})


def pairs_wall(r, n):
    """A long wall of key: value lines and one question, for reach."""
    pairs = {}
    while len(pairs) < n:
        pairs[words.odd_word(r)] = words.code(r)
    k = r.pick(list(pairs))
    text = "\n".join(f"{a}: {b}" for a, b in pairs.items())
    return Example("wall", [("user", f"{text}\n\nWhat is {k}?"), ("assistant", pairs[k])],
                   {"must": pairs[k], "answer": pairs[k]})
