"""System prompts that have an effect: a name, a manner, a first or last word, a form."""
from . import words, chat, facts, helpdesk
from .base import Example

PLAIN = ["You are a helpful assistant.", "You are a friendly assistant.", "You are an assistant.",
         "Be helpful.",
         "You are a helpful and honest assistant.", "Answer the user.", "You are a tiny helper.",
         "You help people with their work.",
         "Answer as well as you can.", "You are a chatbot."]


def loud(t):
    return t.upper()


def persona(r):
    name = words.first_name(r)
    what = r.pick([r.pick(words.JOBS), r.pick(words.ADJ) + " " + r.pick(words.ANIMALS),
                   r.pick(words.ADJ) + " robot",
                   "pirate", "wizard", "teacher", "guide for " + r.pick(words.CITY),
                   "assistant of " + words.company(r),
                   r.pick(words.ADJ) + " " + r.pick(words.THINGS)])
    what = what[0].lower() + what[1:]
    art = "an" if what[0] in "aeiou" else "a"
    system = r.spin("{You are|Your name is|Act as|You play} $n, $t $w.", n=name, t=art, w=what)
    return system, name, f"{art} {what}"


def manner(r):
    """(system prompt, a function on the plain answer, {rule, word} to check)"""
    x = r.random()
    if x < 0.2:
        return r.spin("{Answer|Write|Always answer|Always write|Reply} {only |}in {capital letters|"
                      "capitals|uppercase}."), loud, {"rule": "upper"}
    if x < 0.3:
        return r.spin("{Answer|Write|Always answer|Reply} {only |}in {small letters|lowercase}."), str.lower, {
            "rule": "lower"}
    word = r.pick([words.odd_word(r).capitalize() + "!",
                   r.pick(["Ahoy!", "Meow!", "Beep!", "Over and out.", "Arrr!", "Cheers!",
                           "Indeed.", "So be it."]),
                   words.odd_word(r) + "."])
    bare = word.rstrip("!.")
    mark = r.pick([word, f'"{word}"', f"'{word}'", f"the word {bare}"])
    if mark.startswith("the word"):
        word = bare + "!"
    if x < 0.65:
        return r.spin("{End|Finish|Close} {every|each} {answer|reply|message} with $w",
                      w=mark) + ("" if mark[-1] in "!." else "."), (
            lambda t: t + " " + word), {"rule": "end", "word": word}
    return r.spin("{Start|Begin} {every|each} {answer|reply|message} with $w",
                  w=mark) + ("" if mark[-1] in "!." else "."), (
        lambda t: word + " " + t), {"rule": "start", "word": word}


def make_persona(r):
    system, name, what = persona(r)
    r.random()  # one draw that once chose a sentence; without it every later text would differ
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
        if must is None or (len(turns) == 3 and r.chance(0.02)):
            continue
    if r.held and must is None:
        turns += [("user", "What is your name?"), ("assistant", f"I am {name}, {what}.")]
        must = name
    return Example("persona", turns, {"must": must})


def make_manner(r):
    rule, change, check = manner(r)
    base = r.pick([chat.make, chat.make, facts.make, facts.make_memory, helpdesk.make])(r)
    out = []
    system = rule
    for role, text in base.messages:
        if role == "system":
            system = text + r.pick(["\n", " ",
                                    "\n\n"]) + rule if r.chance(0.6) else rule + r.pick(["\n", " ", "\n\n"]) + text
        else:
            out.append((role, change(text) if role == "assistant" else text))
    if system == rule and r.chance(0.3):
        system = r.pick(PLAIN) + " " + rule
    return Example("manner", [("system", system)] + out, {**check, "must": base.check.get("must")})


def dress(r, example):
    """Now and then a harmless system prompt, so that one changes nothing else."""
    if example.raw is None and r.chance(0.22):
        example.with_system(r.pick(PLAIN))
    return example
