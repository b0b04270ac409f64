"""Notes of a meeting, and what was decided, who does what by when."""
from . import words
from .base import Example, join_and

VERBS = ["write", "review", "send", "update", "finish", "prepare", "test", "fix", "check", "order",
         "translate", "print", "clean up", "present", "publish", "draft", "ship", "archive",
         "call about"]
OBJECTS = ["the report", "the budget", "the slides", "the contract", "the website",
           "the login page",
           "the price list", "the newsletter", "the invoice", "the tests", "the backup",
           "the survey",
           "the release notes", "the meeting room", "the poster", "the user guide", "the new logo",
           "the database", "the travel plan", "the job advert", "the search page",
           "the server room"]
DECISIONS = ["use $x instead of $y", "move the launch to $d", "hire $n new people",
             "cancel the $x project",
             "raise the price to $m", "keep the price at $m", "meet every $w", "buy $n $g",
             "rename the product to $x", "close the office on $w", "give the $x project to $a",
             "start the pilot in $c", "stop using $x", "try $x for $n weeks", "spend $m on $g"]
CHAT = ["Coffee was late again.", "We talked about the weather.", "Everyone liked the cake.",
        "The projector did not work at first.", "Some small talk about holidays.",
        "It was a short meeting.",
        "We started ten minutes late.", "The room was cold.", "There were a few jokes about $x.",
        "$a told a story about $x.", "$a was ill and sent greetings."]


def due(r):
    return r.pick([words.day, words.day, words.date, lambda r: "the end of " + r.pick(words.MONTHS),
                   lambda r: "next " + words.day(r)])(r)


def decision(r, people):
    return r.spin(r.pick(DECISIONS), x=words.odd_word(r).capitalize(),
                  y=words.odd_word(r).capitalize(),
                  d=words.date(r), n=str(r.randint(2, 9)), m=words.money(r), w=words.day(r),
                  g=r.pick(words.GOODS), a=r.pick(people), c=r.pick(words.CITY))


def meeting(r, size=None):
    people = words.names(r, size or r.pick([2, 2, 3, 3, 4]))
    tasks = []
    for p in people:
        if r.chance(0.85):
            what = r.pick(VERBS) + " " + (r.pick(OBJECTS) if r.chance(0.75) else
                                          "the " + words.odd_word(r).capitalize() + " " +
                                          r.pick(["file", "plan", "page", "report", "contract",
                                                  "module"]))
            tasks.append((p, what, due(r) if r.chance(0.8) else None))
    if not tasks:
        tasks = [(people[0], r.pick(VERBS) + " " + r.pick(OBJECTS), words.day(r))]
    decisions = [decision(r, people) for _ in range(r.pick([0, 1, 1, 1, 2]))]
    following = (due(r) + (" at " + words.clock(r)
                           if r.chance(0.5) else "")) if r.chance(0.5) else None
    return people, tasks, decisions, following


def notes(r, people, tasks, decisions, following):
    team = r.pick(words.TEAM)
    lines = []
    for p, what, when in tasks:
        by = f" by {when}" if when else ""
        lines.append(r.spin("{$p will $w$b.|$p {agreed to|is going to|promised to|has to|should} "
                            "$w$b.|$p: $w$b.|"
                            "$p to $w$b.|Action for $p: $w$b.}", p=p, w=what, b=by))
    for d in decisions:
        lines.append(r.spin("{We decided to $d.|Decision: $d.|Decided: $d.|It was decided to $d.|"
                            "We agreed to $d.|The team agreed to $d.}", d=d))
    for _ in range(r.pick([0, 1, 1, 2])):
        lines.append(r.spin(r.pick(CHAT), x=r.pick(words.ANIMALS), a=r.pick(people)))
    r.shuffle(lines)
    head = r.pick([f"Meeting of the {team} team.", f"{team.capitalize()} meeting, {words.date(r)}.",
                   "Present: " + join_and(people) + ".", f"Notes, {words.day(r)}.", ""])
    if head:
        lines.insert(0, head)
    if following:
        lines.append(r.spin("{Next meeting:|Next meeting is|We meet again} {on |}$f.", f=following)
                     .replace("on the end", "the end").replace("on next",
                                                               "next").replace(": on", ":"))
    if r.chance(0.4):
        return " ".join(lines)
    mark = r.pick(["- ", "* ", "", "- "])
    return "\n".join(mark + x for x in lines)


def summary(tasks, decisions, following):
    out = []
    out.append("Decisions: " + ("; ".join(decisions) if decisions else "none") + ".")
    out.append("Tasks:")
    for p, what, when in tasks:
        out.append(f"- {p}: {what}" + (f" (by {when})" if when else ""))
    if following:
        out.append(f"Next meeting: {following}.")
    return "\n".join(out)


def make(r, size=None):
    people, tasks, decisions, following = meeting(r, size)
    text = notes(r, people, tasks, decisions, following)
    # The answer follows the order of the notes, so that it can be copied from left to right.
    place = lambda s: text.find(s)
    tasks.sort(key=lambda t: place(t[0] + r.pick([""])) if False else _line(text, t))
    decisions.sort(key=place)
    ask = r.spin("{Summarize|Summarise|Please summarize|Give me a short summary of|Sum up|Short "
                 "summary of} "
                 "{these|the|my} {meeting notes|notes}{.|:|, please.}")
    style = r.random()
    messages = [("user", r.pick([f"{ask}\n{text}", f"{ask}\n\n{text}", f"{text}\n\n{ask}",
                                 f"{text}\n{ask}"]))]
    if style < 0.12:
        messages = [("system", r.spin("{You|Your job is to} summarize meeting notes.")),
                    ("user", text)]
    messages.append(("assistant", summary(tasks, decisions, following)))
    check = {"tasks": tasks, "decisions": decisions, "next": following}
    if r.chance(0.25):
        p, what, when = r.pick(tasks)
        messages += [("user", r.spin("{What does $p have to do?|What is $p's task?|And $p?}", p=p)),
                     ("assistant", f"{p} will {what}" + (f" by {when}." if when else "."))]
        if r.held:
            messages = messages[:-2]
    return Example("summary", messages, check)


def _line(text, task):
    for i in range(len(text)):
        if text.startswith(task[0], i) and task[1] in text[i:i + len(task[0]) + len(task[1]) + 24]:
            return i
    return len(text)
