"""How much of each kind the corpus holds, and the text of an example in the chat form."""
import json

from . import (chat, drills, extract, facts, fim, helpdesk, meetings, poems, pyfunc, style, tables,
               tools)
from .base import Example, Rng

START, STOP = "<|im_start|>", "<|im_end|>"
SHARES = [
    (poems.make, 9), (pyfunc.make, 12), (fim.make, 15),
    (tables.make_question, 16), (tables.make_sql, 6), (tables.make_python, 6),
    (meetings.make, 10), (helpdesk.make, 10), (facts.make, 11), (facts.make_memory, 3),
    (extract.make, 11), (tools.make, 9), (drills.make, 8), (chat.make, 5),
    (style.make_persona, 3), (style.make_manner, 5), (lambda r: mixed(r), 3),
]
RICH_SHARES = [
    (poems.make, 10), (pyfunc.make, 13), (fim.make, 14),
    (tables.make_question, 20), (tables.make_sql, 5), (tables.make_python, 4),
    (meetings.make, 9), (helpdesk.make, 14), (facts.make, 12), (facts.make_memory, 4),
    (extract.make, 8), (tools.make, 9), (drills.make, 6), (chat.make, 7),
    (style.make_persona, 3), (style.make_manner, 4), (lambda r: mixed(r), 6),
]


LATE_SHARES = [
    (poems.make, 12), (pyfunc.make, 10), (fim.make, 11),
    (lambda r: looked_up(r), 50), (tables.make_sql, 4), (tables.make_python, 3),
    (meetings.make, 9), (helpdesk.make, 14), (facts.make, 10), (facts.make_memory, 3),
    (extract.make, 6), (tools.make, 8), (drills.make, 6), (chat.make, 6),
    (style.make_persona, 3), (style.make_manner, 3), (lambda r: mixed(r), 5),
]
# What is asked how often, in the stages of the corpus; from the second on, richly.
STAGES = [[f for f, share in shares for _ in range(share)]
          for shares in (SHARES, RICH_SHARES, LATE_SHARES)]


def looked_up(r):
    """A question about a table, seldom the one for the highest or lowest."""
    while True:
        e = tables.make_question(r)
        if e.check["form"] != "extreme" or r.chance(0.2):
            return e


def mixed(r):
    """A conversation that changes its subject."""
    turns = []
    while len(turns) < 4:
        e = r.pick([facts.make, chat.make, drills.make, poems.make, tables.make_question,
                    pyfunc.make, extract.make])(r)
        if e.messages[0][0] != "system" and len(e.messages) <= 4:
            turns += e.messages
    return Example("mixed", turns, {"answer": turns[-1][1]})


def long_one(r):
    """Examples of some 400 to 2,000 tokens: many facts, walls of pairs, long chats."""
    x = r.random()
    if x < 0.35:
        return facts.make(r, r.randint(12, 60))
    if x < 0.6:
        return drills.pairs_wall(r, r.randint(25, 120))
    turns = []
    while len(turns) < r.randint(8, 24):
        e = r.pick([facts.make, facts.make_memory, chat.make, drills.make, poems.make,
                    tables.make_question, pyfunc.make])(r)
        if e.messages[0][0] != "system":
            turns += e.messages
    return Example("long", turns, {})


def example(seed, held=False, long_share=0.0, stage=0):
    r = Rng(seed, held, stage)
    if long_share and r.chance(long_share):
        return long_one(r)
    return style.casual(r, style.dress(r, r.pick(STAGES[stage])(r)))


def system_with_tools(system, tools):
    lines = [system + "\n\n"] if system else []
    lines.append("# Tools\n\nYou may call these functions:\n<tools>\n")
    lines += [json.dumps(t, ensure_ascii=False) + "\n" for t in tools]
    lines.append('</tools>\n\nTo call one, answer with:\n<tool_call>\n{"name": <name>, '
                 '"arguments": <object>}\n</tool_call>')
    return "".join(lines)


def segments(e):
    """[(text, learned fully?)]: the same text that template.jinja makes."""
    if e.raw:
        prompt, answer = e.raw
        return [(prompt, False), (answer, True)]
    out = []
    messages = list(e.messages)
    if e.tools:
        system = messages.pop(0)[1] if messages[0][0] == "system" else ""
        messages.insert(0, ("system", system_with_tools(system, e.tools)))
    for role, text in messages:
        if role == "assistant":
            out += [(f"{START}assistant\n", False), (text + STOP, True), ("\n", False)]
        elif role == "tool":
            out.append((f"{START}user\n<tool_response>\n{text}\n</tool_response>{STOP}\n", False))
        else:
            out.append((f"{START}{role}\n{text}{STOP}\n", False))
    return out


def prompt_of(e):
    """The text up to the last answer, and that answer."""
    if e.raw:
        return e.raw
    parts = segments(e)[:-1]
    return "".join(t for t, _ in parts[:-1]), parts[-1][0][:-len(STOP)]
