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


def text(r):
    x = r.random()
    if x < 0.6:
        parts = []
        for _ in range(r.pick([1, 1, 1, 2, 2, 3])):
            name, params, desc, body, _ = pyfunc.function(r)
            src = pyfunc.source(name, params, body)
            if r.chance(0.5):
                head, rest = src.split("\n", 1)
                src = f'{head}\n    """{desc[:1].upper() + desc[1:]}."""\n{rest}'
            parts.append(src + "\n")
        return "\n\n".join(parts)
    return klass(r) if x < 0.75 else script(r)


def hole(r, t):
    """Cut points of a middle: an end of line, whole lines, or any span."""
    lines = t.split("\n")
    x = r.random()
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    if x < 0.45:
        i = r.randrange(len(lines) - 1)
        while not lines[i].strip():
            i = (i + 1) % (len(lines) - 1)
        s = starts[i]
        body = len(lines[i])
        indent = body - len(lines[i].lstrip())
        cuts = [indent] + [j for j in range(indent, body) if lines[i][j] in " (=.:["]
        a = s + r.pick(cuts)
        return a, s + body
    if x < 0.7:
        i = r.randrange(len(lines) - 1)
        j = min(len(lines) - 1, i + r.randint(1, 3))
        return starts[i], starts[j] - 1
    a = r.randrange(len(t) - 1)
    return a, min(len(t), a + r.randint(1, 40))


def make(r):
    t = text(r)
    if r.chance(0.12):
        return Example("plain", [], {}, raw=("", t + END))
    a, b = hole(r, t)
    if b <= a:
        b = a + 1
    return Example("fim", [], {"whole": t, "middle": t[a:b]},
                   raw=(PREFIX + t[:a] + SUFFIX + t[b:] + MIDDLE, t[a:b] + END))


def make_checked(r):
    """For evaluation: one function, the hole is the rest of one body line."""
    name, params, desc, body, calls = pyfunc.function(r)
    src = pyfunc.source(name, params, body) + "\n"
    lines = src.split("\n")
    i = r.randrange(1, len(lines) - 1)
    a = sum(len(x) + 1 for x in lines[:i])
    line = lines[i]
    indent = len(line) - len(line.lstrip())
    cuts = [indent] + [j for j in range(indent, len(line)) if line[j] in " (=.:["]
    a, b = a + r.pick(cuts), a + len(line)
    doc = f"# {name} {desc}.\n" if r.chance(0.0) else ""
    pre = src[:a]
    if r.chance(1.0):
        head, rest = src.split("\n", 1)
        docline = f'    """{desc[:1].upper() + desc[1:]}."""\n'
        pre = head + "\n" + docline + rest[:max(0, a - len(head) - 1)]
    return Example("fim", [], {"before": doc + pre, "after": src[b:], "reference": src,
                               "ref_name": name, "calls": calls, "middle": src[a:b]},
                   raw=(PREFIX + doc + pre + SUFFIX + src[b:] + MIDDLE, src[a:b] + END))
