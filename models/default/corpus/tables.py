"""Questions about a small table: by a sentence, by SQL, by a line of Python."""
from . import words
from .base import Example

THEMES = [
    ("products", "product", lambda r: r.split(words.GOOD),
     ["price", "stock", "weight", "rating", "colour"]),
    ("staff", "name", words.first_name, ["age", "salary", "city", "team", "job"]),
    ("players", "player", words.first_name, ["goals", "points", "wins", "age", "city"]),
    ("cities", "city", lambda r: r.split(words.CITY),
     ["area", "hotels", "temperature", "visitors"]),
    ("animals", "animal", lambda r: r.split(words.ANIMALS), ["weight", "age", "speed", "colour"]),
    ("rooms", "room", lambda r: r.pick(words.PLACES), ["seats", "floor", "price", "colour"]),
    ("students", "student", words.first_name, ["grade", "age", "score", "city", "hobby"]),
    ("books", "book", lambda r: words.odd_word(r).capitalize(), ["pages", "price", "rating"]),
    ("servers", "server", words.odd_word, ["memory", "cores", "load", "owner"]),
    ("teams", "team", lambda r: words.odd_word(r).capitalize(),
     ["wins", "losses", "points", "city"]),
    ("items", "item", words.odd_word, ["count", "price", "owner"]),
]
TEXT = {
    "colour": lambda r: r.pick(words.COLOURS), "city": lambda r: r.pick(words.CITY),
    "team": lambda r: r.pick(words.TEAM), "job": lambda r: r.pick(words.JOBS),
    "hobby": lambda r: r.pick(words.HOBBIES), "owner": words.first_name,
}


def cell(r, column, top):
    return TEXT[column](r) if column in TEXT else r.randint(1, top)


def table(r, rows=None, cols=None):
    """(table name, columns, rows); the first column names the row and has no repeats."""
    name, key, maker, columns = r.pick(THEMES)
    columns = r.some([c for c in columns if c != key], cols or r.pick([1, 1, 2, 2, 3]))
    top = {c: r.pick([20, 99, 999]) for c in columns}
    n = rows or r.pick([2, 3, 3, 4, 4, 5] if not r.rich else [2, 3, 4, 4, 5, 5, 6, 7])
    seen, body = set(), []
    for _ in range(n * 8):
        if len(body) == n:
            break
        k = maker(r)
        if k not in seen:
            seen.add(k)
            body.append([k] + [cell(r, c, top[c]) for c in columns])
    return name, [key] + columns, body


def show(r, columns, body):
    form = r.pick(["md", "md", "csv", "plain"])
    cells = [columns] + body
    if form == "md":
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in cells]
        lines.insert(1, "|" + " --- |" * len(columns))
    elif form == "csv":
        lines = [",".join(map(str, row)) for row in cells]
    else:
        lines = [f"{row[0]}: " + ", ".join(f"{c} {v}" for c, v in zip(columns[1:], row[1:]))
                 for row in body]
    return "\n".join(lines)


NATURAL = {
    "age": "How old is $k?", "price": "{How much is the $k|What does the $k cost}?",
    "city": "{Where does $k live|In which city is $k|Where is $k from}?",
    "job": "{What does $k do|What is $k's job|What does $k work as}?",
    "hobby": "What is $k's hobby?", "team": "{Which team is $k in|What is $k's team}?",
    "colour": "{What colour is the $k|Which colour does $k have}?", "owner": "Who owns $k?",
    "salary": "{How much does $k earn|What does $k earn}?", "weight": "How heavy is the $k?",
    "speed": "How fast is the $k?", "floor": "On which floor is the $k?",
    "rating": "How good is $k?", "grade": "What is $k's grade?", "score": "What is $k's score?",
    "stock": "How many of $k are in stock?", "area": "How large is $k?",
    "temperature": "How warm is $k?", "memory": "How much memory does $k have?",
    "load": "How loaded is $k?", "count": "How many of $k are there?",
}


def extreme(r, columns, body, i):
    key, col = columns[0], columns[i]
    word = r.pick(["highest", "lowest"])
    best = (max if word == "highest" else min)(body, key=lambda x: x[i])
    more = "most" if word == "highest" else "least"
    q = r.spin("{Which $key has the $w $c?|Which $key has the $w $c?|Who has the $m $c?|"
               "Find the $key with the $w $c.}", key=key, w=word, c=col, m=more)
    return q, f"{best[0]} has the {word} {col}: {best[i]}.", str(best[0]), "extreme"


def question(r, columns, body):
    """(question, answer sentence, the string that must be in it, form of the question)"""
    key, row = columns[0], r.pick(body)
    i = r.randrange(1, len(columns))
    col, val = columns[i], row[i]
    values = [x[i] for x in body]
    if isinstance(val, int) and len(set(values)) == len(values) and r.richly(0.3):
        return extreme(r, columns, body, i)
    if r.chance(0.3) and values.count(val) == 1:
        q = r.spin("{Which $key has the $c $v?|Find the $key with the $c $v.}", key=key, c=col,
                   v=val)
        return q, r.spin("$k has the $c $v.", k=row[0], c=col, v=val), str(row[0]), "back"
    if r.richly(0.4):
        q = r.spin(NATURAL.get(col, "How many $c does $k have?"), c=col, k=row[0])
        return q, r.spin("The $c of $k is $v.", c=col, k=row[0], v=val), str(val), "look"
    q = r.spin("{What is the $c of $k?|What is the $c of $k?|Tell me the $c of $k.|$c of $k?|"
               "Look up the $c of $k.|Give me the $c of $k.}", c=col, k=row[0])
    return q, r.spin("The $c of $k is $v.", c=col, k=row[0], v=val), str(val), "look"


def sql(r, name, columns, body):
    """(what is asked, the query)"""
    key, i = columns[0], r.randrange(1, len(columns))
    c, v, k = columns[i], r.pick(body)[i], r.pick(body)[0]
    quoted = str(v) if isinstance(v, int) else f"'{v}'"
    out = [
        (f"the {c} of {k}", f"SELECT {c} FROM {name} WHERE {key} = '{k}';"),
        (f"all rows where {c} is {v}", f"SELECT * FROM {name} WHERE {c} = {quoted};"),
        (f"every {key} sorted by {c}", f"SELECT {key} FROM {name} ORDER BY {c};"),
        (f"how many rows have the {c} {v}", f"SELECT COUNT(*) FROM {name} WHERE {c} = {quoted};"),
    ]
    if isinstance(v, int):
        out += [
            (f"the average {c}", f"SELECT AVG({c}) FROM {name};"),
            (f"the total {c}", f"SELECT SUM({c}) FROM {name};"),
            (f"the {key} with the highest {c}",
             f"SELECT {key} FROM {name} ORDER BY {c} DESC LIMIT 1;"),
            (f"the {key} with the lowest {c}", f"SELECT {key} FROM {name} ORDER BY {c} LIMIT 1;"),
            (f"every {key} with {c} above {v}", f"SELECT {key} FROM {name} WHERE {c} > {v};"),
            (f"every {key} with {c} below {v}", f"SELECT {key} FROM {name} WHERE {c} < {v};"),
        ]
    return r.pick(out)


def python_line(r, columns, body):
    """(what is asked, the expression)"""
    i = r.randrange(1, len(columns))
    key, c, v = columns[0], columns[i], r.pick(body)[i]
    k = r.pick(body)[0]
    out = [(f"the {c} of {k}", f"[row['{c}'] for row in rows if row['{key}'] == '{k}']"),
           (f"every {key}", f"[row['{key}'] for row in rows]")]
    if isinstance(v, int):
        out += [(f"the total {c}", f"sum(row['{c}'] for row in rows)"),
                (f"the {key} with the highest {c}",
                 f"max(rows, key=lambda row: row['{c}'])['{key}']"),
                (f"the {key} with the lowest {c}",
                 f"min(rows, key=lambda row: row['{c}'])['{key}']"),
                (f"the average {c}", f"sum(row['{c}'] for row in rows) / len(rows)"),
                (f"every {key} with {c} above {v}",
                 f"[row['{key}'] for row in rows if row['{c}'] > {v}]")]
    return r.pick(out)


def make_sql(r):
    name, columns, body = table(r)
    what, query = sql(r, name, columns, body)
    about = r.spin("{The table|We have a table} $n {has the columns|with the columns} $c.",
                   n=name, c=", ".join(columns))
    if r.chance(0.25):
        about = r.spin("{This is the|Here is the|The} table $n:\n", n=name) + show(r, columns, body)
    ask = r.spin("{Write|Give me|I need} {SQL|an SQL query} {for|that finds|to get} $w.", w=what)
    ask = r.pick([about + "\n" + ask, about + " " + ask if about.endswith(".") else
                  ask + "\n" + about])
    return Example("sql", [("user", ask), ("assistant", f"```sql\n{query}\n```")],
                   {"query": query, "table": name, "columns": columns, "rows": body})


def make_python(r):
    name, columns, body = table(r)
    what, line = python_line(r, columns, body)
    about = r.spin("{rows is a list of dicts|I have a list of dicts called rows} with the keys $c.",
                   c=", ".join(columns))
    ask = r.spin("{Write|Give me} {one line of Python|a Python line} {for|that prints} $w.", w=what)
    return Example("script", [("user", about + " " + ask),
                              ("assistant", f"```python\nprint({line})\n```")],
                   {"line": f"print({line})", "columns": columns, "rows": body})


def make_question(r, rows=None):
    name, columns, body = table(r, rows)
    shown = show(r, columns, body)
    q, a, must, form = question(r, columns, body)
    intro = r.pick(["", "", "Here is a table.\n", "Table:\n", f"Table of {name}:\n",
                    f"Our {name}:\n"])
    if r.chance(0.2):
        turns = [("system", r.spin("{You answer questions about this table|Answer from the table}"
                                   "{.|:}") + "\n" + shown), ("user", q)]
    else:
        turns = [("user", r.pick([f"{intro}{shown}\n\n{q}", f"{intro}{shown}\n{q}",
                                  f"{q}\n\n{shown}"]))]
    turns.append(("assistant", a))
    while r.chance(0.4) and len(turns) < 10:
        q, a, must, form = question(r, columns, body)
        turns += [("user", q), ("assistant", a)]
    return Example("table", turns, {"must": must, "answer": a, "form": form,
                                     "columns": len(columns)})
