"""Asks the GGUF held-out questions, greedily, and counts right answers.
Usage: evaluate.py MODEL.gguf --greedy PROGRAM [--each N] [--tokenizer T.json] [--out rates.json]
"""
import argparse
import json
import math
import subprocess
import sys

import checks
from corpus import (chat, drills, extract, facts, fim, helpdesk, meetings, mix, poems, pyfunc,
                    style, tables,
                    tools)
from corpus.base import Rng

SEED = 8 * 10 ** 9


class Model:
    """The process of greedy.cpp."""

    def __init__(self, program, gguf, context):
        self.p = subprocess.Popen([program, gguf, str(context)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)

    def ask(self, prompt, most):
        """(answer, the prompt's token ids)"""
        data = prompt.encode()
        self.p.stdin.write(f"{most} {len(data)}\n".encode() + data)
        self.p.stdin.flush()
        head = self.p.stdout.readline().split()
        if not head:
            raise RuntimeError("the model's process ended")
        return self.p.stdout.read(int(head[0])).decode(errors="replace"), [int(x) for x in head[1:]]

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def drawn(make, wanted):
    """A maker of only those examples whose check is wanted."""
    def only(r):
        while True:
            e = make(r)
            if wanted(e.check):
                return e
    return only


def form(name, columns=(2, 3, 4)):
    return drawn(tables.make_question, lambda c: c["form"] == name and c["columns"] in columns)


def rule(*names):
    return drawn(style.make_manner, lambda c: c["rule"] in names)


def is_missing(check):
    return check["must"].startswith("do not have")


KINDS = [
    ("poem about a subject", poems.make, checks.poem),
    ("Python function from a description", pyfunc.make, checks.python),
    ("code in the middle (FIM)", fim.make_checked, checks.fim),
    ("table of two columns: a cell", form("look", [2]), checks.must),
    ("table of three or four columns: a cell", form("look", [3, 4]), checks.must),
    ("table: the row with a value", form("back"), checks.must),
    ("table: highest or lowest", form("extreme"), checks.must),
    ("table: SQL query", tables.make_sql, checks.sql),
    ("table: line of Python", tables.make_python, checks.script),
    ("meeting notes, summary", meetings.make, checks.summary),
    ("helpdesk: a given fact", drawn(helpdesk.make, lambda c: not is_missing(c)), checks.must),
    ("helpdesk: no such fact", drawn(helpdesk.make, is_missing), checks.must),
    ("fact from a text", facts.make, checks.must),
    ("remembered over turns", facts.make_memory, checks.must),
    ("fields as JSON", extract.make, checks.as_json),
    ("tool call", drawn(tools.make, bool), checks.tool),
    ("persona of the system prompt", style.make_persona, checks.must),
    ("manner: capitals", rule("upper"), checks.manner),
    ("manner: first or last word", rule("start", "end"), checks.manner),
    ("says what it is", chat.make_self, checks.must),
    ("declines what is beyond it", chat.make_beyond, checks.must),
    ("copy, list, look up", drills.make, checks.exact),
]


def rate(model, make, check, each, show):
    right, shown = 0, 0
    for i in range(each):
        r = Rng(SEED + i, held=True, stage=2)
        e = style.casual(r, make(r))
        prompt, wanted = mix.prompt_of(e)
        text, _ = model.ask(prompt, 400)
        ok = check(text, e.check)
        right += ok
        if not ok and shown < show:
            shown += 1
            print(f"--- wrong\n{prompt[-700:]}\n>>> {text}\n=== {wanted}")
    return right


def reach(model, each):
    """Share of right answers to one key among n, by length of the prompt in tokens."""
    out = []
    for n in (10, 30, 60, 120, 240, 480):
        right, tokens = 0, 0
        for i in range(each):
            e = drills.pairs_wall(Rng(SEED + i, True), n)
            prompt, wanted = mix.prompt_of(e)
            text, ids = model.ask(prompt, 24)
            right += checks.has(text, wanted)
            tokens += len(ids)
        out.append((tokens // each, right, each))
    return out


def far(model, each):
    """The same short question (four facts), after so many tokens of unrelated chat."""
    out = []
    for target in (0, 250, 500, 1000, 2000, 4000, 8000):
        right, used = 0, 0
        for i in range(each):
            r = Rng(SEED + i, True)
            text, count = "", 0
            while count < target:
                e = r.pick([poems.make, chat.make])(r)
                part = "".join(t for t, _ in mix.segments(e))
                count += int(len(part) / 3.6)
                text += part
            e = facts.make(r, 4)
            while e.messages[0][0] == "system":
                e = facts.make(r, 4)
            prompt, _ = mix.prompt_of(e)
            answer, ids = model.ask(text + prompt, 40)
            right += checks.must(answer, e.check)
            used += len(ids)
        out.append((used // each, right, each))
    return out


def same_tokens(model, tok):
    """Both tokenizers agree, on the corpus and on odd text."""
    texts = ["Héllo wörld 日本語 🎉  \n\n x=5;\tzé\u0301 ﷽ 12३ ½",
             "a  b   c\n\n\n  d 'tis I'll don't", " 1 22  333", "\u00a0x\u2003y\u3000z",
             "Ελληνικά русский עברית العربية हिन्दी ไทย", "<tool_call>\n{}\n</tool_call>"]
    for i in range(300):
        texts.append("".join(t for t, _ in mix.segments(mix.example(SEED + i, True))))
    bad = [t for t in texts if model.ask(t, 0)[1] != tok.encode(t)]
    for t in bad[:3]:
        print("tokens differ:", repr(t[:200]), model.ask(t, 0)[1][:20], tok.encode(t)[:20])
    return len(texts) - len(bad), len(texts)


def error(right, n):
    p = right / n
    return 100 * math.sqrt(p * (1 - p) / n)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("model")
    p.add_argument("--greedy", required=True)
    p.add_argument("--each", type=int, default=100)
    p.add_argument("--show", type=int, default=0, help="wrong answers to print per kind")
    p.add_argument("--only", default="")
    p.add_argument("--tokenizer")
    p.add_argument("--reach", type=int, default=0)
    p.add_argument("--out")
    a = p.parse_args()
    model = Model(a.greedy, a.model, 32768 if a.reach else 8192)
    report = {"each": a.each, "kinds": {}}
    if a.tokenizer:
        from tokenizer import Tokenizer
        report["tokenizer"] = same_tokens(model, Tokenizer.load(a.tokenizer))
        print("tokenizer agrees on %d of %d texts" % report["tokenizer"])
    for name, make, check in KINDS:
        if a.only not in name:
            continue
        right = rate(model, make, check, a.each, a.show)
        report["kinds"][name] = right
        print(f"| {name} | {100 * right / a.each:.0f} % ± {error(right, a.each):.0f} |",
              flush=True)
    if a.reach:
        for measure in (reach, far):
            report[measure.__name__] = measure(model, a.reach)
            for tokens, right, n in report[measure.__name__]:
                print(f"{measure.__name__}: {tokens} tokens, {right} of {n}", flush=True)
    model.close()
    if a.out:
        with open(a.out, "w", encoding="utf-8") as f:
            json.dump(report, f, indent=1)


if __name__ == "__main__":
    sys.exit(main())
