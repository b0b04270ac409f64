"""Code with a hole: prefix and suffix are given, the middle is learned. And plain continuations."""
from . import words, pyfunc
from .base import Example

PREFIX, SUFFIX, MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
END = "<|endoftext|>"


def klass(r):
    name = words.odd_word(r).capitalize()
    fields = r.some("name age size colour price weight owner title count score level city".split(),
                    r.randint(2, 4))
    f = r.pick(fields)
    return (f"class {name}:\n    def __init__(self, {', '.join(fields)}):\n"
            + "".join(f"        self.{x} = {x}\n" for x in fields)
            + f"\n    def get_{f}(self):\n        return self.{f}\n"
            + (f"\n    def set_{f}(self, {f}):\n        self.{f} = {f}\n" if r.chance(0.5) else ""))


def script(r):
    v, w = words.odd_word(r, 1, 2), words.odd_word(r, 1, 2)
    n = r.randint(2, 50)
    return r.pick([
        f"{v} = []\nfor {w} in range({n}):\n    {v}.append({w} * {n % 7 + 1})\nprint({v})\n",
        f"{v} = {n}\nwhile {v} > 0:\n    print({v})\n    {v} -= {n % 5 + 1}\n",
        f"import json\n\nwith open('{v}.json') as f:\n    {w} = json.load(f)\nprint({w})\n",
        f"{v} = {{'{w}': {n}}}\nfor key, value in {v}.items():\n    print(key, value)\n",
        f"def main():\n    {v} = input('{w.capitalize()}: ')\n    print('Hello', {v})\n\n\n"
        f"if __name__ == '__main__':\n    main()\n",
        f"int {v}(int {w}) {{\n    return {w} * {n};\n}}\n",
        f"function {v}({w}) {{\n  return {w} + {n};\n}}\n",
        f"for (int i = 0; i < {n}; i++) {{\n    {v}[i] = {w}[i];\n}}\n",
        f"const {v} = [{n}, {n + 1}];\nfor (const {w} of {v}) {{\n  console.log({w});\n}}\n",
        f"SELECT {v}, {w} FROM {v}s WHERE {w} > {n} ORDER BY {v};\n",
    ])


def documented(r):
    """(source of one function with its description, name, calls)"""
    name, params, desc, body, calls = pyfunc.function(r)
    head, rest = pyfunc.source(name, params, body).split("\n", 1)
    return f'{head}\n    """{desc[:1].upper() + desc[1:]}."""\n{rest}\n', name, calls


def text(r):
    x = r.random()
    if x < 0.75:
        return documented(r)[0]
    return klass(r) if x < 0.88 else script(r)


def rest_of_line(r, t, first=0):
    """(from, to): a place in a line of t, from line `first` on, and that line's end."""
    lines = t.split("\n")
    i = r.pick([i for i in range(first, len(lines)) if lines[i].strip()])
    line, start = lines[i], sum(len(x) + 1 for x in lines[:i])
    indent = len(line) - len(line.lstrip())
    cuts = [indent] + [j for j in range(indent + 1, len(line)) if line[j] in " (=.:["]
    return start + r.pick(cuts), start + len(line)


def holed(t, a, b):
    return PREFIX + t[:a] + SUFFIX + t[b:] + MIDDLE, t[a:b] + END


def make(r):
    t = text(r)
    if r.chance(0.05):
        return Example("plain", [], {}, raw=("", t + END))
    a, b = rest_of_line(r, t, 0 if r.chance(0.2) else min(2, t.count("\n") - 1))
    if r.chance(0.15):  # up to the end of the line after
        b = t.find("\n", b + 1) if "\n" in t[b + 1:] else b
    return Example("fim", [], {"whole": t, "middle": t[a:b]}, raw=holed(t, a, b))


def make_checked(r):
    """For evaluation: one documented function, the hole is the rest of one body line."""
    t, name, calls = documented(r)
    a, b = rest_of_line(r, t, 2)
    return Example("fim", [], {"before": t[:a], "after": t[b:], "reference": t, "ref_name": name,
                               "calls": calls, "middle": t[a:b]}, raw=holed(t, a, b))
