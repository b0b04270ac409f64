"""Notes of a meeting, and what was decided, who does what by when."""
from . import words
from .base import Example

VERBS = ["write", "review", "send", "update", "finish", "prepare", "test", "fix", "check", "order",
         "translate", "print", "present", "publish", "draft", "ship", "archive"]
OBJECTS = ["the report", "the budget", "the slides", "the contract", "the website",
           "the login page", "the price list", "the newsletter", "the invoice", "the tests",
           "the backup", "the survey", "the release notes", "the poster", "the user guide",
           "the new logo", "the database", "the travel plan", "the job advert", "the search page"]
DECISIONS = ["use $x", "move the launch to $d", "hire $n new people", "cancel the $x project",
             "raise the price to $m", "keep the price at $m", "meet every $w", "buy $n $g",
             "rename the product to $x", "close the office on $w", "start the pilot in $c",
             "stop using $x", "try $x for $n weeks"]
CHAT = ["Coffee was late again.", "We talked about the weather.", "Everyone liked the cake.",
        "The projector did not work at first.", "It was a short meeting.", "The room was cold.",
        "There were a few jokes about $x.", "$a was ill and sent greetings."]


TASK = "{$p will $w $d.|$p: $w $d.|$p to $w $d.}"
RICH_TASK = ("{$p will $w $d.|$p: $w $d.|$p to $w $d.|$p is going to $w $d.|$p has to $w $d.|"
             "$p promised to $w $d.|Action for $p: $w $d.}")
DECISION = "{We decided to $d.|Decision: $d.|Decided: $d.}"
RICH_DECISION = "{We decided to $d.|Decision: $d.|We agreed to $d.|It was decided to $d.}"


def due(r):
    return r.pick([words.day, words.date])(r)


def thing(r):
    if r.chance(0.7):
        return r.pick(OBJECTS)
    return f"the {words.odd_word(r).capitalize()} {r.pick(['file', 'plan', 'page', 'report'])}"


def decision(r):
    return r.spin(r.pick(DECISIONS), x=words.odd_word(r).capitalize(), d=words.date(r),
                  n=str(r.randint(2, 9)), m=words.money(r), w=words.day(r), g=r.pick(words.GOODS),
                  c=r.pick(words.CITY))


def meeting(r, size=None):
    """([(who, what, by when)], decision or None, next meeting or None)"""
    people = words.names(r, size or r.pick([1, 2, 2, 3] if not r.rich else [1, 2, 2, 3, 3, 4]))
    tasks = [(p, f"{r.pick(VERBS)} {thing(r)}", None if r.richly(0.2) else due(r))
             for p in people]
    following = due(r) + (" at " + words.clock(r) if r.chance(0.5) else "")
    return (tasks, decision(r) if r.chance(0.65) else None, following if r.chance(0.5) else None)


def notes(r, tasks, decided, following):
    """The tasks in their order; the rest around them."""
    say, agreed = (RICH_TASK, RICH_DECISION) if r.rich else (TASK, DECISION)
    lines = [r.spin(say, p=p, w=w, d=f"by {d}" if d else "").replace(" .", ".")
             for p, w, d in tasks]
    if decided:
        lines.insert(r.randint(0, len(lines)), r.spin(agreed, d=decided))
    if r.chance(0.4):
        lines.insert(r.randint(0, len(lines)),
                     r.spin(r.pick(CHAT), x=r.pick(words.ANIMALS), a=words.first_name(r)))
    if r.chance(0.4):
        lines.insert(0, r.spin("{Meeting of the $t team.|Notes, $d.}", t=r.pick(words.TEAM),
                               d=words.day(r)))
    if following:
        lines.append(f"Next meeting: {following}.")
    mark = r.pick(["- ", "- ", ""])
    return " ".join(lines) if r.chance(0.3) else "\n".join(mark + x for x in lines)


def summary(tasks, decided, following):
    out = ["Tasks:"] + [f"- {p}: {what}" + (f" (by {when})" if when else "")
                        for p, what, when in tasks]
    out.append(f"Decision: {decided or 'none'}.")
    out.append(f"Next meeting: {following or 'none'}.")
    return "\n".join(out)


def make(r, size=None):
    tasks, decided, following = meeting(r, size)
    text = notes(r, tasks, decided, following)
    ask = r.spin("{Summarize|Please summarize|Give me a short summary of|Sum up} "
                 "{these|the|my} {meeting notes|notes}{.|:}")
    x = r.random()
    if x < 0.12:
        messages = [("system", "You summarize meeting notes."), ("user", text)]
    else:
        messages = [("user", f"{ask}\n{text}" if x < 0.75 else f"{text}\n\n{ask}")]
    messages.append(("assistant", summary(tasks, decided, following)))
    return Example("summary", messages, {"tasks": tasks, "decision": decided, "next": following})
