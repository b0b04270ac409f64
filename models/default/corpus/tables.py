"""Questions about a small table: by a sentence, by SQL, by a line of Python."""
from . import words
from .base import Example, is_held

THEMES = [
    ("products", "product", lambda r: r.split(words.GOOD),
     ["price", "stock", "weight", "rating", "sold", "colour", "supplier"]),
    ("staff", "name", words.first_name, ["age", "salary", "city", "team", "job", "desk"]),
    ("players", "player", words.first_name, ["goals", "points", "wins", "age", "city", "team"]),
    ("cities", "city", lambda r: r.split(words.CITY),
     ["population", "area", "hotels", "temperature", "visitors"]),
    ("animals", "animal", lambda r: r.split(words.ANIMALS), ["weight", "age", "legs", "speed", "colour"]),
    ("orders", "order", words.code, ["amount", "customer", "items", "city", "day"]),
    ("rooms", "room", lambda r: r.pick(words.PLACES), ["seats", "floor", "price", "colour"]),
    ("students", "student", words.first_name, ["grade", "age", "score", "city", "hobby"]),
    ("books", "book", lambda r: words.odd_word(r).capitalize(), ["pages", "year", "price", "author"]),
    ("servers", "server", lambda r: words.odd_word(r, 1, 1) + "-" + str(r.randint(1, 99)),
     ["memory", "cores", "load", "owner", "city"]),
    ("teams", "team", lambda r: words.odd_word(r).capitalize(), ["wins", "losses", "points", "city"]),
    ("items", "item", lambda r: words.odd_word(r), ["count", "price", "shelf", "owner"]),
]
TEXT = {
    "colour": lambda r: r.pick(words.COLOURS), "supplier": words.company, "city": lambda r: r.pick(words.CITY),
    "team": lambda r: r.pick(words.TEAM), "job": lambda r: r.pick(words.JOBS), "desk": words.code,
    "customer": words.first_name, "day": words.day, "hobby": lambda r: r.pick(words.HOBBIES),
    "author": words.surname, "owner": words.first_name, "shelf": words.code,
}


def cell(r, column, top):
    if column in TEXT:
        return TEXT[column](r)
    if column == "year":
        return r.randint(1950, 2026)
    if column == "age":
        return r.randint(1, 80)
    return r.randint(1, top)


def table(r, rows=None, cols=None):
    """(table name, columns, rows); the first column names the row and has no repeats."""
    name, key, maker, columns = r.pick(THEMES)
    columns = r.some([c for c in columns if c != key], cols or r.pick([1, 2, 2, 3, 3]))
    top = {c: r.pick([20, 99, 999, 9999]) for c in columns}
    n = rows or r.pick([2, 3, 3, 4, 4, 5, 5, 6, 7])
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
    form = r.pick(["md", "md", "csv", "csv", "tab", "plain"])
    cells = [columns] + body
    if form == "md":
        lines = ["| " + " | ".join(map(str, row)) + " |" for row in cells]
        lines.insert(1, "|" + r.pick([" --- |", "---|"]) * len(columns))
    elif form == "csv":
        sep = r.pick([",", ",", ", ", ";"])
        lines = [sep.join(map(str, row)) for row in cells]
    elif form == "tab":
        lines = [" | ".join(map(str, row)) for row in cells]
    else:
        lines = [f"{row[0]}: " + ", ".join(f"{c} {v}" for c, v in zip(columns[1:], row[1:]))
                 for row in body]
    return "\n".join(lines)


def question(r, columns, body):
    """(question, answer sentence, the string that must be in it, form of the question)"""
    key, row = columns[0], r.pick(body)
    i = r.randrange(1, len(columns))
    col, val = columns[i], row[i]
    numeric = isinstance(val, int)
    values = [x[i] for x in body]
    forms = ["look"] * 5
    if values.count(val) == 1:
        forms += ["back", "back"]
    if numeric and len(set(values)) == len(values):
        forms += ["top", "top", "low", "low"]
    forms += ["rows", "has"]
    form = r.pick(forms)
    if form == "look":
        q = r.spin("{What is the $c of $k?|What $c does $k have?|Which $c has $k?|Tell me the $c of $k.|"
                   "$c of $k?|Look up the $c for $k.|What's the $c for $k?|Give me $k's $c.}", c=col, k=row[0])
        return q, r.spin("The $c of $k is $v.", c=col, k=row[0], v=val), str(val), form
    if form == "back":
        q = r.spin("{Which $key has {a|the} $c of $v?|Which $key has $c $v?|Whose $c is $v?|"
                   "Find the $key with $c $v.}", key=key, c=col, v=val)
        return q, r.spin("$k has the $c $v.", k=row[0], c=col, v=val), str(row[0]), form
    if form in ("top", "low"):
        best = (max if form == "top" else min)(body, key=lambda x: x[i])
        word = r.pick(["highest", "largest", "most"] if form == "top" else ["lowest", "smallest", "least"])
        q = r.spin("{Which $key has the $w $c?|Who or what has the $w $c?|Find the $key with the $w $c.}",
                   key=key, w=word, c=col)
        return q, f"{best[0]} has the {word} {col}: {best[i]}.", str(best[0]), form
    if form == "rows":
        q = r.spin("{How many rows are there?|How many ${key}s are listed?|Count the rows.}".replace(
            "${key}", key))
        return q, f"There are {len(body)} rows: " + ", ".join(str(x[0]) for x in body) + ".", str(len(body)), form
    q = r.spin("{List all {|the }$keys.|Which $keys are in the table?|Name every $key.}".replace("$keys", key + "s"),
               key=key)
    return q, ", ".join(str(x[0]) for x in body) + ".", ", ".join(str(x[0]) for x in body), form


def sql(r, name, columns, body):
    key = '"order"' if columns[0] == "order" else columns[0]  # a word of SQL's own
    i = r.randrange(1, len(columns))
    c, v = columns[i], r.pick(body)[i]
    quoted = str(v) if isinstance(v, int) else f"'{v}'"
    k = r.pick(body)[0]
    out = [
        (f"the {c} of {k}", f"SELECT {c} FROM {name} WHERE {key} = '{k}';"),
        (f"all rows where {c} is {v}", f"SELECT * FROM {name} WHERE {c} = {quoted};"),
        (f"every {columns[0]} sorted by {c}", f"SELECT {key} FROM {name} ORDER BY {c};"),
        (f"how many rows have {c} {v}", f"SELECT COUNT(*) FROM {name} WHERE {c} = {quoted};"),
    ]
    if isinstance(v, int):
        out += [
            (f"the average {c}", f"SELECT AVG({c}) FROM {name};"),
            (f"the total {c}", f"SELECT SUM({c}) FROM {name};"),
            (f"the {columns[0]} with the highest {c}", f"SELECT {key} FROM {name} ORDER BY {c} DESC LIMIT 1;"),
            (f"the {columns[0]} with the lowest {c}", f"SELECT {key} FROM {name} ORDER BY {c} LIMIT 1;"),
            (f"every {columns[0]} with {c} above {v}", f"SELECT {key} FROM {name} WHERE {c} > {v};"),
            (f"every {columns[0]} with {c} below {v}", f"SELECT {key} FROM {name} WHERE {c} < {v};"),
            (f"the number of {columns[0]}s with {c} above {v}",
             f"SELECT COUNT(*) FROM {name} WHERE {c} > {v};"),
        ]
    return r.pick(out)


def python_line(r, columns, body):
    i = r.randrange(1, len(columns))
    key, c, v = columns[0], columns[i], r.pick(body)[i]
    k = r.pick(body)[0]
    out = [(f"the {c} of {k}", f"next(row['{c}'] for row in rows if row['{key}'] == '{k}')"),
           (f"every {key}", f"[row['{key}'] for row in rows]")]
    if isinstance(v, int):
        out += [(f"the total {c}", f"sum(row['{c}'] for row in rows)"),
                (f"the {key} with the highest {c}", f"max(rows, key=lambda row: row['{c}'])['{key}']"),
                (f"the {key} with the lowest {c}", f"min(rows, key=lambda row: row['{c}'])['{key}']"),
                (f"the average {c}", f"sum(row['{c}'] for row in rows) / len(rows)"),
                (f"every {key} with {c} above {v}",
                 f"[row['{key}'] for row in rows if row['{c}'] > {v}]")]
    return r.pick(out)


def make_sql(r):
    name, columns, body = table(r)
    what, query = sql(r, name, columns, body)
    about = r.spin("{The table|Table|We have a table} $n {has the columns|with the columns|with columns} $c.",
                   n=name, c=", ".join(columns)) if r.chance(0.5) else (
        r.spin("{This is the|Here is the|The} table $n:", n=name) + "\n" + show(r, columns, body))
    ask = r.spin("{Write|Give me|I need} {SQL|an SQL query|a query in SQL|the SQL} {for|that finds|to get} $w.", w=what)
    ask = r.pick([about + "\n" + ask, about + " " + ask, ask + "\n" + about])
    return Example("sql", [("user", ask), ("assistant", f"```sql\n{query}\n```")],
                   {"query": query, "table": name, "columns": columns, "rows": body})


def make_python(r):
    name, columns, body = table(r)
    what, line = python_line(r, columns, body)
    about = r.spin("{rows is a list of dicts|I have a list of dicts called rows|The list rows holds dicts} "
                   "with the keys $c.", c=", ".join(columns))
    ask = r.spin("{Write|Give me} {one line of Python|a Python line|a line of Python} {for|that prints} $w.", w=what)
    return Example("script", [("user", about + " " + ask), ("assistant", f"```python\nprint({line})\n```")],
                   {"line": f"print({line})", "columns": columns, "rows": body})


def make(r):
    x = r.random()
    if x < 0.22:
        return make_sql(r)
    if x < 0.32:
        return make_python(r)
    return make_question(r)


def make_question(r, rows=None):
    name, columns, body = table(r, rows)
    shown = show(r, columns, body)
    q, a, must, form = question(r, columns, body)
    intro = r.pick(["", "", "Here is a table.\n", "Table:\n", f"Table of {name}:\n", f"Our {name}:\n",
                    "Data:\n", "Look at this table:\n"])
    turns = []
    if r.chance(0.25):
        turns = [("system", r.spin("{You answer questions about this table|Use only this table|"
                                   "Answer from the table}{.|:}") + "\n" + shown), ("user", q)]
    else:
        turns = [("user", r.pick([f"{intro}{shown}\n\n{q}", f"{intro}{shown}\n{q}", f"{q}\n\n{shown}"]))]
    turns.append(("assistant", a))
    while r.chance(0.3) and len(turns) < 10:
        q, a, must, form = question(r, columns, body)
        turns += [("user", r.pick(["", "", "And: ", "Next: "]) + q), ("assistant", a)]
    return Example("table", turns, {"must": must, "answer": a, "form": form})
