"""Seeded choice, spinning of phrases, and what one example is."""
import random
import re
import zlib
from dataclasses import dataclass, field

_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def is_held(text, one_in=12):
    """Whether a word or a combination is kept out of training, by its checksum alone."""
    return zlib.crc32(text.encode()) % one_in == 0


class Rng(random.Random):
    """One example's source of chance. held: draw only what training never saw. rich: of the second
    stage of the corpus or later, which says more in more ways; late: of the third."""

    def __init__(self, seed, held=False, stage=0):
        super().__init__(seed)
        self.held, self.rich, self.late = held, stage > 0, stage > 1

    def pick(self, seq):
        return seq[int(self.random() * len(seq))]

    def split(self, seq):
        """A word of this example's side of the held-out border."""
        own = [w for w in seq if is_held(str(w)) == self.held]
        return self.pick(own or seq)

    def chance(self, p):
        return self.random() < p

    def richly(self, p):
        return self.rich and self.chance(p)

    def some(self, seq, n):
        return self.sample(list(seq), min(n, len(seq)))

    def spin(self, text, /, **values):
        """Resolves {a|b} at random, innermost first, then puts in $name."""
        while True:
            m = _CHOICE.search(text)
            if m is None:
                break
            text = text[:m.start()] + self.pick(m.group(1).split("|")) + text[m.end():]
        for name in sorted(values, key=len, reverse=True):
            text = text.replace("$" + name, str(values[name]))
        return text


@dataclass
class Example:
    """messages: (role, text); every assistant text is learned, the last one is what is asked for.
    check: what evaluate.py needs to judge an answer. raw: (prompt, answer) outside the chat form.
    """
    kind: str
    messages: list
    check: dict = field(default_factory=dict)
    tools: list = None
    raw: tuple = None

    def with_system(self, text):
        if text and not any(role == "system" for role, _ in self.messages):
            self.messages.insert(0, ("system", text))
        return self


def join_and(items, word="and"):
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" {word} " + items[-1]


def a_an(word):
    return ("an " if word[:1].lower() in "aeiou" else "a ") + word


def cap(text):
    return text[:1].upper() + text[1:]
