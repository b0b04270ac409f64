"""System prompts that have an effect: a name, a manner, a first or last word, a form."""
from . import words, chat, facts, poems
from .base import Example

PLAIN = ["You are a helpful assistant.", "You are a friendly assistant.", "You are an assistant.",
         "Be helpful.",
         "You are a helpful and honest assistant.", "Answer the user.", "You are a tiny helper.",
         "You help people with their work.",
         "Answer as well as you can.", "You are a chatbot."]


def persona(r):
    name = words.first_name(r)
    what = r.pick([r.pick(words.JOBS), r.pick(words.ADJ) + " " + r.pick(words.ANIMALS),
                   r.pick(words.ADJ) + " robot",
                   "pirate", "wizard", "teacher", "guide for " + r.pick(words.CITY),
                   "assistant of " + words.company(r),
                   r.pick(words.ADJ) + " " + r.pick(words.THINGS)])
    what = what[0].lower() + what[1:]
    art = "an" if what[0] in "aeiou" else "a"
    system = r.spin("{You are|Your name is|Act as|You play} $n, $t $w." if not r.richly(0.4) else
                    "{You are $t $w. {Your name is $n|You are called $n}.|You are $t $w called $n."
                    "|Pretend to be $n, $t $w.|Your name is $n. You are $t $w.}",
                    n=name, t=art, w=what)
    return system, name, f"{art} {what}"


def manner(r):
    """(system prompt, a function on the plain answer, {rule, word} to check)"""
    x = r.random()
    if x < 0.3:
        return (r.spin("{Answer|Write|Always answer} {only |}in {capital letters|capitals}."),
                str.upper, {"rule": "upper"})
    word = r.pick([words.odd_word(r).capitalize() + "!",
                   r.pick(["Ahoy!", "Meow!", "Beep!", "Arrr!", "Cheers!"])])
    mark = r.pick([word, f'"{word}"'])
    if x < 0.65:
        return r.spin("{End|Finish} {every|each} answer with $w", w=mark), (
            lambda t: t + " " + word), {"rule": "end", "word": word}
    return r.spin("{Start|Begin} {every|each} answer with $w", w=mark), (
        lambda t: word + " " + t), {"rule": "start", "word": word}


def make_persona(r):
    system, name, what = persona(r)
    city = r.pick(words.CITY)
    system += f" You live in {city}." if r.chance(0.3) else r.pick(["", "", " Be polite.",
                                                                    " You are kind."])
    turns = [("system", system)]
    for _ in range(r.pick([1, 1, 2, 3])):
        x = r.random()
        if x < 0.6:
            q = r.spin("{Who are you|What is your name|Introduce yourself|Tell me about yourself|"
                       "Who am I talking to|Your name}?")
            turns += [("user", q), ("assistant", f"I am {name}, {what}.")]
            must = name
        elif x < 0.75 and "live in" in system:
            turns += [("user", "Where do you live?"), ("assistant", f"I live in {city}.")]
            must = city
        elif x < 0.85:
            turns += [("user", r.spin("{Hi|Hello|Good morning}{!|.|}")),
                      ("assistant", f"Hello! I am {name}. How can I help you?")]
            must = name
        else:
            q, a = chat.small(r)
            turns += [("user", q), ("assistant", a)]
            must = None
    if r.held and must is None:
        turns += [("user", "What is your name?"), ("assistant", f"I am {name}, {what}.")]
        must = name
    return Example("persona", turns, {"must": must})


def make_manner(r):
    rule, change, check = manner(r)
    turns = [("system", (r.pick(PLAIN) + " " if r.chance(0.3) else "") + rule)]
    if check["rule"] != "upper" and r.richly(0.4):
        turns[0] = ("system", rule)
        base = r.pick([facts.make_memory, facts.make, poems.make])(r)
        while base.messages[0][0] == "system":
            base = facts.make(r)
        return Example("manner", turns + [(role, change(t) if role == "assistant" else t)
                                          for role, t in base.messages],
                       {**check, "must": base.check.get("must")})
    for _ in range(r.pick([1, 1, 2])):
        q, a = (chat.small if r.chance(0.6) else chat.self_talk)(r)
        turns += [("user", q), ("assistant", change(a))]
    return Example("manner", turns, check)


REQUESTS = ("Write Give Find Compose Make Summarize Extract Get Return Repeat Say List Look Tell "
            "Show Implement Define Name").split()
STARTERS = set(REQUESTS + "Please Can Could What Who Where When How Which Do Does Is Are In On At "
               "Hello Hi Thanks Thank My Sum Tell Complete Python One Another Now And".split())


def loosened(r, text):
    """As people type: a small letter first, no full stop, a polite word."""
    first = text.split(" ", 1)[0].split("\n", 1)[0]
    if first in REQUESTS and r.chance(0.2):
        text = r.pick(["Please ", "Please ", "Hi! ", "Hello, "]) + text[0].lower() + text[1:]
    elif first in STARTERS and r.chance(0.3):
        text = text[0].lower() + text[1:]
    if "\n" not in text and text[-1] in ".?!" and r.chance(0.2):
        text = text[:-1] + r.pick(["", "", "!" if text[-1] == "." else " ?"])
    return text


def casual(r, example):
    if r.rich:
        example.messages = [(role, loosened(r, text) if role == "user" else text)
                            for role, text in example.messages]
    return example


def dress(r, example):
    """Now and then a harmless system prompt, so that one changes nothing else."""
    if example.raw is None and r.chance(0.15):
        example.with_system(r.pick(PLAIN))
    return example
