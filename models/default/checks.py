"""Is this answer right? One function per kind of task; each gets the answer and Example.check."""
import contextlib
import io
import json
import re
import signal
import sqlite3

from corpus.poems import RHYMES

FAMILY = {}
for _family, _phrases in RHYMES.items():
    for _phrase in _phrases:
        FAMILY[_phrase.split()[-1].lower()] = _family


class Late(Exception):
    pass


@contextlib.contextmanager
def within(seconds):
    def stop(*_):
        raise Late()
    old = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def code_in(text):
    m = re.search(r"```(?:\w*)\n(.*?)```", text, re.S)
    return m.group(1) if m else text


def rhymes(a, b):
    a, b = (re.sub(r"[^a-z-]", "", x.lower()) for x in (a, b))
    if not a or not b or a == b:
        return False
    if a in FAMILY and b in FAMILY:
        return FAMILY[a] == FAMILY[b]
    tail = re.search(r"[aeiouy]+[^aeiouy]*e?$", a)
    return bool(tail) and b.endswith(tail.group(0))


def poem(text, check):
    lines = [x for x in text.split("\n") if x.strip()]
    last = [x.split()[-1] for x in lines]
    if len(lines) != check["lines"] or check["subject"].lower() not in text.lower():
        return False
    return all(rhymes(last[i], last[i + 1]) for i in range(0, len(last), 2))


def results(source, name, calls):
    out = []
    scope = {}
    exec(source, scope)
    for call in calls:
        try:
            out.append(eval(name + call, scope))
        except Late:
            raise
        except Exception as e:
            out.append(type(e).__name__)
    return out


def same_function(source, name, check):
    try:
        with within(2), contextlib.redirect_stdout(io.StringIO()):
            got = results(source, name, check["calls"])
            return got == results(check["reference"], check["ref_name"], check["calls"])
    except (Exception, SystemExit):
        return False


def python(text, check):
    source = code_in(text)
    m = re.search(r"def (\w+)\(", source)
    if not m or (check["name"] and m.group(1) != check["name"]):
        return False
    return same_function(source, m.group(1), check)


def fim(text, check):
    source = check["before"] + text + check["after"]
    m = re.search(r"def (\w+)\(", source)
    return bool(m) and same_function(source, m.group(1), check)


def sql(text, check):
    db = sqlite3.connect(":memory:")
    columns = ", ".join(f'"{c}"' for c in check["columns"])
    db.execute(f'CREATE TABLE "{check["table"]}" ({columns})')
    marks = ", ".join("?" * len(check["columns"]))
    db.executemany(f'INSERT INTO "{check["table"]}" VALUES ({marks})', check["rows"])
    try:
        return (db.execute(code_in(text).strip().rstrip(";")).fetchall()
                == db.execute(check["query"].rstrip(";")).fetchall())
    except sqlite3.Error:
        return False


def printed(source, check):
    out = io.StringIO()
    rows = [dict(zip(check["columns"], row)) for row in check["rows"]]
    with within(2), contextlib.redirect_stdout(out):
        exec(source, {"rows": rows})
    return out.getvalue()


def script(text, check):
    try:
        return printed(code_in(text), check) == printed(check["line"], check)
    except (Exception, SystemExit):
        return False


def has(text, wanted):
    """wanted stands in text and is no part of a longer word or number."""
    return re.search(r"(?<![A-Za-z0-9])" + re.escape(str(wanted).lower()) + r"(?![A-Za-z0-9])",
                     text.lower()) is not None


def must(text, check):
    return has(text, check["must"])


def summary(text, check):
    """Exactly the tasks, the decision and the next meeting, and no other line."""
    wanted = [f"- {p}: {what}" + (f" (by {when})" if when else "")
              for p, what, when in check["tasks"]]
    got = [x for x in text.split("\n") if x.startswith("- ")]
    rest = [x for x in text.split("\n") if not x.startswith("- ")]
    return got == wanted and rest == ["Tasks:", f"Decision: {check['decision'] or 'none'}.",
                                      f"Next meeting: {check['next'] or 'none'}."]


def as_json(text, check):
    try:
        return json.loads(text) == check["fields"]
    except ValueError:
        return False


def tool(text, check):
    m = re.fullmatch(r"\s*<tool_call>\s*(.*?)\s*</tool_call>\s*", text, re.S)
    try:
        return bool(m) and json.loads(m.group(1)) == check
    except ValueError:
        return False


def manner(text, check):
    rule, word = check["rule"], check.get("word", "")
    obeyed = {"upper": bool(text) and text == text.upper(), "start": text.startswith(word + " "),
              "end": text.endswith(" " + word)}[rule]
    return obeyed and (not check.get("must") or has(text, check["must"]))


def exact(text, check):
    return text.strip() == check["answer"].strip()
