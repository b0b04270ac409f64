"""Calls of described tools, in the form the chat template defines."""
import json

from . import words
from .base import Example

# name: (description, {parameter: (type, description, maker)}, requests, answer from a result)
TOOLS = {
    "get_weather": ("Get the weather of a city", {"city": ("string", "City", lambda r: place(r))},
                    ["{What is|How is} the weather in $city?", "Will it rain in $city?",
                     "Weather in $city{, please|}."]),
    "send_email": ("Send an email", {"to": ("string", "Address", words.email),
                                     "subject": ("string", "Subject", lambda r: topic(r))},
                   ["{Send|Write} an email to $to about $subject.", "Email $to with the subject "
                                                                    "$subject."]),
    "set_timer": ("Start a timer", {"minutes": ("integer", "Minutes", lambda r: r.randint(1, 120))},
                  ["{Set|Start} a timer for $minutes minutes.", "Wake me in $minutes minutes.",
                   "$minutes minutes timer."]),
    "create_event": ("Put an event in the calendar",
                     {"title": ("string", "Title", lambda r: topic(r)),
                      "day": ("string", "Day", words.day),
                     "time": ("string", "Time", words.clock)},
                     ["Put $title in my calendar on $day at $time.", "{Plan|Book} $title for $day "
                                                                     "at $time."]),
    "search": ("Search documents", {"query": ("string", "Words to look for", lambda r: topic(r))},
               ["{Search for|Look up|Find documents about|Look for} $query."]),
    "get_price": ("Price of a product", {"product": ("string", "Product", lambda r: thing(r))},
                  ["{How much is|What is the price of|What does it cost to buy} the $product?",
                   "Price of $product?"]),
    "order_item": ("Order a product", {"product": ("string", "Product", lambda r: thing(r)),
                   "quantity": ("integer", "How many", lambda r: r.randint(1, 40))},
                   ["{Order|Buy|Get me} $quantity of $product.",
                    "I want $quantity times $product."]),
    "get_order": ("Status of an order", {"order_id": ("string", "Order number", words.code)},
                  ["Where is {my |}order $order_id?", "{Check|What is} the status of order "
                                                      "$order_id{.|?}"]),
    "translate": ("Translate a text", {"text": ("string", "Text", lambda r: topic(r)),
                                       "language": ("string", "Language", lambda r: r.pick(
        ["German", "French", "Spanish", "Italian", "Polish", "Dutch", "Latin", "Greek"]))},
                  ["Translate '$text' into $language.", "How do you say '$text' in $language?"]),
    "add": ("Add two numbers", {"a": ("number", "First", lambda r: r.randint(1, 9999)),
                                "b": ("number", "Second", lambda r: r.randint(1, 9999))},
            ["{What is|Add|Calculate} $a {+|plus} $b{?|.|}"]),
    "play_song": ("Play music", {"title": ("string", "Song", lambda r: topic(r))},
                  ["{Play|Put on} $title.", "I want to hear $title."]),
    "call_person": ("Make a phone call", {"name": ("string", "Who", words.full_name)},
                    ["{Call|Phone|Ring} $name."]),
    "turn_on": ("Switch a device on", {"device": ("string", "Device", lambda r: thing(r))},
                ["{Turn|Switch} on the $device."]),
    "turn_off": ("Switch a device off", {"device": ("string", "Device", lambda r: thing(r))},
                 ["{Turn|Switch} off the $device."]),
    "convert": ("Convert money", {"amount": ("number", "Amount", lambda r: r.randint(1, 5000)),
                                  "to": ("string", "Currency", lambda r: r.pick(
        ["EUR", "USD", "CHF", "GBP", "JPY", "SEK"]))}, ["{Convert|Change|Turn} $amount {into|to} "
                                                        "$to."]),
    "book_table": ("Book a table", {"restaurant": ("string", "Where", words.company),
                                    "guests": ("integer", "People", lambda r: r.randint(1, 12))},
                   ["{Book|Reserve} a table for $guests at $restaurant."]),
    "read_file": ("Read a file", {"path": ("string", "Path", lambda r: path(r))},
                  ["{Read|Open|Show me|Show} {the file |}$path."]),
    "write_note": ("Write a note", {"text": ("string", "Text", lambda r: topic(r))},
                   ["{Write a note:|Note down:|Remember:} $text."]),
    "get_time": ("Time in a city", {"city": ("string", "City", lambda r: place(r))},
                 ["What time is it in $city?", "Time in $city?"]),
}


def place(r):
    return r.pick(words.CITY) if r.chance(0.5) else words.odd_word(r).capitalize()


def thing(r):
    return r.split(words.GOOD) if r.chance(0.6) else r.pick(words.ADJ) + " " + words.odd_word(r)


def topic(r):
    return r.pick([lambda: r.pick(words.ADJ) + " " + r.pick(words.THINGS),
                   lambda: words.odd_word(r), lambda: r.pick(words.GOODS),
                   lambda: "the " + words.odd_word(r) + " " + r.pick(["report", "project", "plan"]),
                   lambda: r.pick(words.HOBBIES)])()


def path(r):
    folder = r.pick(["", "/home/", "src/"])
    return folder + words.odd_word(r) + r.pick([".txt", ".md", ".py", ".csv"])


def invented(r):
    """A tool nobody has seen: its name, parameter and request are made up together."""
    verb = r.pick("find check start stop open close count list update delete show fetch".split())
    noun, param = words.odd_word(r), r.pick(["id", "name", "code", "key", "label", "number"])
    numeric = param == "number"
    maker = (lambda r: r.randint(1, 999)) if numeric else r.pick([words.code, words.odd_word,
                                                                  words.first_name])
    return f"{verb}_{noun}", (f"{verb.capitalize()} a {noun}",
                              {param: ("integer" if numeric else "string", param.capitalize(),
                                       maker)},
                              [f"{verb.capitalize()} the {noun} ${param}.",
                               f"{{Please |}}{verb} {noun} ${param}.",
                               f"Can you {verb} the {noun} ${param}?"])


def describe(r, name, tool):
    text, params, _ = tool
    props = {p: {"type": t, "description": d} if r.chance(0.2) else {"type": t} for p,
             (t, d, _) in params.items()}
    return {"type": "function", "function": {"name": name, "description": text, "parameters": {
        "type": "object", "properties": props, "required": list(params)}}}


def call_text(name, arguments):
    return "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments},
                                        ensure_ascii=False) + "\n</tool_call>"


def result_for(r, name, args):
    first = str(next(iter(args.values())))
    if name == "get_weather":
        t, w = r.randint(-9, 38), r.pick(["sunny", "rainy", "cloudy", "windy", "foggy"])
        return {"temperature": t, "sky": w}, f"It is {w} in {first}, {t} degrees."
    if name == "get_price":
        p = r.randint(1, 999)
        return {"price": p}, f"The {first} costs {p}."
    if name == "get_order":
        s = r.pick(["shipped", "packed", "delayed", "delivered", "cancelled"])
        return {"status": s}, f"Order {first} is {s}."
    if name == "add":
        return args["a"] + args["b"], f"The result is {args['a'] + args['b']}."
    if name == "get_time":
        t = words.clock(r)
        return {"time": t}, f"It is {t} in {first}."
    if name == "translate":
        w = words.odd_word(r)
        return {"text": w}, f"In {args['language']} it is: {w}"
    if name == "convert":
        n = r.randint(1, 9999)
        return {"result": n}, f"That is {n} {args['to']}."
    if r.chance(0.25):
        e = r.pick(["not found", "no permission", "timeout", "busy"])
        return {"error": e}, f"That did not work: {e}."
    if r.chance(0.5):
        v = r.pick([words.odd_word(r), r.randint(1, 999), words.code(r)])
        return {"result": v}, f"The result is {v}."
    return {"status": "ok"}, "Done."


SMALL_TALK = [("Hello!", "Hello! How can I help you?"), ("Thank you!", "You are welcome!"),
              ("How are you?", "I am fine, thank you. How can I help you?")]


def make(r):
    here = {n: TOOLS[n] for n in r.some(sorted(TOOLS), r.pick([0, 1, 1, 2]))}
    for _ in range(r.pick([0, 0, 1]) if here else 1):
        n, t = invented(r)
        here[n] = t
    keys = list(here)
    r.shuffle(keys)
    tools = [describe(r, n, here[n]) for n in keys]
    turns = []
    if r.chance(0.15):
        turns.append(("system", r.pick(["You are a helpful assistant.",
                                        "Use the tools when they help."])))
    check = None
    for _ in range(r.pick([1, 1, 1, 2])):
        if r.chance(0.12) and not r.held:
            said, answer = r.pick(SMALL_TALK)
            turns += [("user", said), ("assistant", answer)]
            continue
        name = r.pick(keys)
        _, params, asks = here[name]
        args = {p: maker(r) for p, (_, _, maker) in params.items()}
        ask = r.spin(r.pick(asks), **{p: v for p, v in args.items()})
        turns += [("user", ask), ("assistant", call_text(name, args))]
        check = {"name": name, "arguments": args}
        if r.chance(0.5) and not r.held:
            result, text = result_for(r, name, args)
            turns += [("tool", json.dumps(result)), ("assistant", text)]
    return Example("tool", turns, check or {}, tools=tools)
