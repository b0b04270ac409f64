"""Short Python functions from a description: a grammar of filters, maps and folds, and idioms."""
from . import words
from .base import Example, is_held

# (what people say, condition on x)
NUM_FILTERS = [
    ("even", "x % 2 == 0"), ("odd", "x % 2 == 1"), ("positive", "x > 0"), ("negative", "x < 0"),
    ("non-zero", "x != 0"), ("greater than $k", "x > $k"), ("less than $k", "x < $k"),
    ("divisible by $d", "x % $d == 0"), ("equal to $k", "x == $k"),
]
STR_FILTERS = [
    ("that start with '$c'", "s.startswith('$c')"), ("that end with '$c'", "s.endswith('$c')"),
    ("that contain '$c'", "'$c' in s"), ("longer than $n letters", "len(s) > $n"),
    ("shorter than $n letters", "len(s) < $n"), ("with exactly $n letters", "len(s) == $n"),
]
NUM_MAPS = [(None, "x"), (None, "x"), ("squares", "x * x"), ("cubes", "x ** 3"),
            ("doubles", "x * 2")]
STR_MAPS = [(None, "s"), (None, "s"), ("lengths", "len(s)"), ("uppercase forms", "s.upper()")]

# Idioms: (name, parameters, descriptions, body, calls that show it)
IDIOMS = [
    ("add", "a, b", "{adds two numbers|returns the sum of $0 and $1}", "return a + b", ["(2, 3)"]),
    ("subtract", "a, b", "{subtracts $1 from $0|returns $0 minus $1}", "return a - b", ["(7, 3)"]),
    ("multiply", "a, b", "{multiplies two numbers|returns the product of $0 and $1}",
     "return a * b", ["(4, 5)"]),
    ("divide", "a, b", "divides $0 by $1 and returns None {if|when} $1 is zero",
     "if b == 0:\n    return None\nreturn a / b", ["(8, 2)", "(1, 0)"]),
    ("remainder", "a, b", "returns the remainder of $0 divided by $1", "return a % b", ["(7, 4)"]),
    ("power", "a, b", "{raises $0 to the power of $1|returns $0 to the power $1}", "return a ** b",
     ["(2, 5)"]),
    ("average", "a, b", "returns the {average|mean} of two numbers", "return (a + b) / 2",
     ["(2, 4)"]),
    ("larger", "a, b", "returns the {larger|bigger|greater} of two numbers",
     "if a > b:\n    return a\nreturn b", ["(3, 9)", "(5, 2)"]),
    ("smaller", "a, b", "returns the smaller of two numbers", "if a < b:\n    return a\nreturn b",
     ["(3, 9)", "(5, 2)"]),
    ("distance", "a, b", "returns the {distance|absolute difference} between two numbers",
     "return abs(a - b)", ["(3, 9)"]),
    ("is_even", "n", "{checks|tells} whether a number is even", "return n % 2 == 0",
     ["(4)", "(5)"]),
    ("is_odd", "n", "{checks|tells} whether a number is odd", "return n % 2 == 1", ["(4)", "(5)"]),
    ("is_positive", "n", "{checks|tells} whether a number is positive", "return n > 0",
     ["(4)", "(-5)"]),
    ("is_prime", "n", "{checks|tells} whether a number is prime",
     "if n < 2:\n    return False\nfor i in range(2, n):\n    if n % i == 0:\n        return "
     "False\n"
     "return True", ["(7)", "(9)"]),
    ("factorial", "n", "{computes|returns} the factorial of {a number|$0}",
     "result = 1\nfor i in range(2, n + 1):\n    result *= i\nreturn result", ["(5)", "(0)"]),
    ("fibonacci", "n", "returns the $0-th Fibonacci number",
     "a, b = 0, 1\nfor i in range(n):\n    a, b = b, a + b\nreturn a", ["(7)"]),
    ("sum_to", "n", "adds {up |}the numbers from 1 to $0", "return sum(range(1, n + 1))", ["(4)"]),
    ("countdown", "n", "returns a list that counts down from $0 to 1",
     "return list(range(n, 0, -1))", ["(3)"]),
    ("digit_sum", "n", "{adds the digits of a number|returns the sum of the digits of $0}",
     "return sum(int(d) for d in str(n))", ["(123)"]),
    ("gcd", "a, b", "{computes|returns} the greatest common divisor of two numbers",
     "while b:\n    a, b = b, a % b\nreturn a", ["(12, 18)"]),
    ("clamp", "x, low, high", "{limits|clamps} $0 to the range from $1 to $2",
     "return max(low, min(x, high))", ["(9, 1, 5)"]),
    ("celsius_to_fahrenheit", "c", "converts Celsius to Fahrenheit", "return c * 9 / 5 + 32",
     ["(100)"]),
    ("fahrenheit_to_celsius", "f", "converts Fahrenheit to Celsius", "return (f - 32) * 5 / 9",
     ["(212)"]),
    ("rectangle_area", "a, b", "{computes|returns} the area of a rectangle", "return a * b",
     ["(3, 4)"]),
    ("reverse", "text", "{reverses a string|returns a string backwards}", "return text[::-1]",
     ["('abc')"]),
    ("is_palindrome", "text", "{checks|tells} whether a {string|word} is a palindrome",
     "return text == text[::-1]", ["('anna')", "('cat')"]),
    ("count_vowels", "text", "counts the vowels in a {string|text}",
     "return sum(1 for c in text.lower() if c in 'aeiou')", ["('banana')"]),
    ("count_words", "text", "counts the words in a {string|text|sentence}",
     "return len(text.split())",
     ["('a b c')"]),
    ("shout", "text", "{turns a text into capital letters|returns a string in uppercase}",
     "return text.upper()", ["('hi')"]),
    ("lower", "text", "{turns a text into small letters|returns a string in lowercase}",
     "return text.lower()", ["('HI')"]),
    ("remove_spaces", "text", "removes all spaces from a {string|text}",
     "return text.replace(' ', '')", ["('a b')"]),
    ("capitalize_words", "text", "capitalizes {each|every} word of a {string|text}",
     "return ' '.join(w.capitalize() for w in text.split())", ["('red cat')"]),
    ("first_letter", "text", "returns the first letter of a {string|word}", "return text[0]",
     ["('cat')"]),
    ("last_letter", "text", "returns the last letter of a {string|word}", "return text[-1]",
     ["('cat')"]),
    ("longest_word", "text", "returns the longest word {in|of} a {text|sentence}",
     "return max(text.split(), key=len)", ["('a bee flew')"]),
    ("repeat", "text, n", "repeats {a string|$0} $1 times", "return text * n", ["('ab', 2)"]),
    ("count_letter", "text, letter", "counts how often {a letter|$1} appears in {a text|$0}",
     "return text.count(letter)", ["('banana', 'a')"]),
    ("maximum", "numbers", "returns the {largest|biggest|highest} number {in|of} a list",
     "return max(numbers)", ["([3, 9, 4])"]),
    ("minimum", "numbers", "returns the {smallest|lowest} number {in|of} a list",
     "return min(numbers)", ["([3, 9, 4])"]),
    ("mean", "numbers", "{computes|returns} the {average|mean} of a list of numbers",
     "return sum(numbers) / len(numbers)", ["([2, 4, 6])"]),
    ("median", "numbers", "returns the median of a list of numbers",
     "numbers = sorted(numbers)\nmid = len(numbers) // 2\nif len(numbers) % 2 == 1:\n"
     "    return numbers[mid]\nreturn (numbers[mid - 1] + numbers[mid]) / 2", ["([5, 1, 3])"]),
    ("unique", "items", "removes {duplicates|repeated items} from a list and keeps the order",
     "return list(dict.fromkeys(items))", ["([1, 2, 1])"]),
    ("sort_down", "numbers", "sorts a list from {high to low|largest to smallest}",
     "return sorted(numbers, reverse=True)", ["([1, 3, 2])"]),
    ("sort_by_length", "strings", "sorts a list of {words|strings} by length",
     "return sorted(strings, key=len)", ["(['abc', 'a'])"]),
    ("second_largest", "numbers", "returns the second largest number {in|of} a list",
     "return sorted(numbers)[-2]", ["([3, 9, 4])"]),
    ("first", "items", "returns the first item of a list or None {if|when} it is empty",
     "if not items:\n    return None\nreturn items[0]", ["([4, 5])", "([])"]),
    ("last", "items", "returns the last item of a list or None {if|when} it is empty",
     "if not items:\n    return None\nreturn items[-1]", ["([4, 5])", "([])"]),
    ("count_items", "items", "counts how often each item appears in a list",
     "counts = {}\nfor item in items:\n    counts[item] = counts.get(item, 0) + 1\nreturn counts",
     ["(['a', 'b', 'a'])"]),
    ("flatten", "lists", "flattens a list of lists", "return [x for part in lists for x in part]",
     ["([[1], [2, 3]])"]),
    ("merge", "a, b", "merges two dictionaries", "return {**a, **b}", ["({'x': 1}, {'y': 2})"]),
    ("invert", "d", "swaps the keys and values of a dictionary",
     "return {v: k for k, v in d.items()}", ["({'a': 1})"]),
    ("common", "a, b", "returns the items that two lists have in common",
     "return [x for x in a if x in b]", ["([1, 2], [2, 3])"]),
    ("join_words", "strings", "joins a list of {words|strings} with {commas|a comma}",
     "return ', '.join(strings)", ["(['a', 'b'])"]),
    ("chunks", "items, n", "splits a list into {pieces|chunks} of size $1",
     "return [items[i:i + n] for i in range(0, len(items), n)]", ["([1, 2, 3], 2)"]),
    ("rotate", "items", "moves the first item of a list to the end",
     "return items[1:] + items[:1]", ["([1, 2, 3])"]),
    ("greet", "name", "returns a greeting for a {name|person}", "return f'Hello, {name}!'",
     ["('Ann')"]),
    ("fizzbuzz", "n", "returns Fizz for multiples of 3, Buzz for multiples of 5, FizzBuzz for both "
     "and otherwise the number",
     "if n % 15 == 0:\n    return 'FizzBuzz'\nif n % 3 == 0:\n    return 'Fizz'\n"
     "if n % 5 == 0:\n    return 'Buzz'\nreturn n", ["(15)", "(9)", "(7)"]),
    ("dot", "a, b", "{computes|returns} the dot product of two lists",
     "return sum(x * y for x, y in zip(a, b))", ["([1, 2], [3, 4])"]),
    ("running_sum", "numbers", "returns the running {sum|total} of a list of numbers",
     "total = 0\nresult = []\nfor x in numbers:\n    total += x\n    result.append(total)\nreturn "
     "result",
     ["([1, 2, 3])"]),
]


def numbers_sample(r):
    return [r.randint(-9, 30) for _ in range(r.randint(4, 6))]


def strings_sample(r, c):
    out = [words.odd_word(r, 1, 2) for _ in range(3)] + [c + "an", "to" + c, r.pick(["OK", "UP"])]
    r.shuffle(out)
    return out


def composed(r):
    """A fold over a filtered, mapped list. Returns (name, param, description, body, calls)."""
    for _ in range(50):
        numeric = r.chance(0.6)
        say, cond = r.pick(NUM_FILTERS if numeric else STR_FILTERS)
        noun, value = r.pick(NUM_MAPS if numeric else STR_MAPS)
        folds = ["list", "list", "count", "any", "all"]
        if numeric or noun == "lengths":
            folds += ["sum", "sum", "max", "min"]
        fold = r.pick(folds)
        if fold in ("count", "any", "all") and noun:
            continue
        if is_held(f"{say} {noun} {fold}") == r.held:
            break
    k, d, n, c = r.randint(1, 20), r.randint(2, 9), r.randint(2, 7), r.pick("abcdefghiklmnoprst")
    put = lambda t: (t.replace("$k", str(k)).replace("$d", str(d)).replace("$n", str(n))
                     .replace("$c", c))
    say, cond = put(say), put(cond)
    var, param = ("x", "numbers") if numeric else ("s", "words")
    desc, body = wording(r, fold, noun, say, numeric,
                         f"{value} for {var} in {param} if {cond}", f"{cond} for {var} in {param}")
    calls = [f"({numbers_sample(r)})" if numeric else f"({strings_sample(r, c)})" for _ in range(2)]
    return NAMES[fold], param, desc, body, calls


NAMES = {"list": "select", "count": "count", "any": "has_any", "all": "are_all", "sum": "total",
         "max": "largest", "min": "smallest"}


def wording(r, fold, noun, say, numeric, chosen, holds):
    """(description, body) of a fold; chosen, holds: the two comprehensions."""
    thing = "numbers" if numeric else r.pick(["words", "strings"])
    these = f"{say} {thing}" if numeric and " " not in say else f"{thing} {say}"
    of = (f"the {noun} of the {these}" if noun else f"the {these}") + " in a list"
    if fold == "list":
        return r.pick([f"returns {of}", f"returns a list with {of}"]), f"return [{chosen}]"
    if fold == "count":
        return r.pick([f"counts {of}", f"returns the number of {these} in a list",
                       f"returns how many {these} are in a list"]), f"return len([{chosen}])"
    if fold in ("any", "all"):
        whose = f"is {say}" if numeric else f"is one {say}"
        subject = f"{'any' if fold == 'any' else 'every one'} of the {thing} in a list"
        return (f"{r.pick(['checks', 'tells'])} whether {subject} {whose}",
                f"return {fold}({holds})")
    if fold == "sum":
        return r.pick([f"returns the sum of {of}", f"adds up {of}"]), f"return sum({chosen})"
    return f"returns the {NAMES[fold]} of {of}", f"return {fold}({chosen})"


def function(r):
    """(name, params, description, full source, calls)"""
    if r.chance(0.5):
        name, params, desc, body, calls = composed(r)
    else:
        name, params, desc, body, calls = r.pick(IDIOMS)
        for i, p in enumerate(params.split(", ")):
            desc = desc.replace("$%d" % i, p)
        desc = r.spin(desc)
    if r.richly(0.4):
        desc = desc.replace(" whether ", " if ")
    return name, params, desc, body, calls


def source(name, params, body):
    return f"def {name}({params}):\n" + "\n".join("    " + line for line in body.split("\n"))


ASKS = [
    "{Write|Please write|Can you write|Give me|I need} a {short |small |simple |}{Python |python |}"
    "function that $desc.",
    "{Write|Write|Implement} {a|the} {Python |}function {called |named |}`$name` that $desc.",
    "{Write|Implement} a {Python |}function $name($params) that $desc.",
    "Python function that $desc{, please|}{.|}",
    "How do I write a {Python |}function that $desc?",
]


RICH_ASKS = ASKS + [
    "{Write|Please write|Can you write|Show me|I need} a {short |simple |}{Python |}function to "
    "$verb{.|?|}",
    "Write {Python |}code {to|that can} $verb.",
    "How {do|can} I $verb {in|with} Python?",
    "{Implement|Define} `$name($params)`: it $desc.",
    "Write $name($params) in Python. It $desc.",
]


def infinitive(desc):
    """'checks whether' -> 'check whether'"""
    verb, rest = desc.split(" ", 1)
    return (verb[:-3] + "y" if verb.endswith("ies") else verb[:-1]) + " " + rest


def make(r):
    name, params, desc, body, calls = function(r)
    ask_form = r.pick(RICH_ASKS if r.rich else ASKS)
    if "$name" in ask_form and r.chance(0.5):
        name = r.pick([words.odd_word(r), words.odd_word(r, 1, 1) + "_" + words.odd_word(r, 1, 1),
                       r.pick(["my_func", "solve", "f", "work", "answer", "compute", "run",
                               "helper"])])
    ask = r.spin(ask_form, name=name, params=params, desc=desc, verb=infinitive(desc))
    src = source(name, params, body)
    fenced = f"```python\n{src}\n```"
    check = {"name": name if "$name" in ask_form else None, "reference": src, "ref_name": name,
             "calls": calls}
    messages = [("user", ask), ("assistant", fenced)]
    if r.chance(0.06):
        new = words.odd_word(r)
        messages += [("user", r.spin("{Rename it to|Call it|Please name it} $new{ instead|}.",
                                     new=new)),
                     ("assistant", fenced.replace(f"def {name}(", f"def {new}("))]
        check["name"] = new
    return Example("python", messages, check)
def evaluate(src, name, call):
    scope = {}
    exec(src, scope)
    return eval(name + call, scope)
