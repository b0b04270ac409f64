"""Sample conversations, really produced, as Markdown.
Usage: samples.py MODEL.gguf GREEDY > samples.md
"""
import sys

from corpus import mix, tools
from corpus.base import Example, Rng
from evaluate import Model

HELPDESK = ("You are the helpdesk of Lumo Bikes.\nFacts:\n- Opening hours: 9:15 to 18:30.\n"
            "- Returns: within 23 days.\n- Order KX-4817 will arrive on Thursday.\n"
            "- The discount code is VE-77.")
NOTES = ("Notes, Tuesday.\n- Mia will review the budget by Friday.\n- We decided to hire 3 new "
         "people.\n"
         "- Coffee was late again.\n- Jonas: update the website by 12 May.\n"
         "- Next meeting: Monday at 10:30.")
TABLE = ("| player | goals | city |\n| --- | --- | --- |\n| Ida | 14 | Oslo |\n"
         "| Omar | 31 | Ghent |\n| Rosa | 7 | Riga |")
MAIL = ("Hello! My name is Petra Velt. I ordered a lamp. My order is TR-2204. Write to me at "
        "petra@velt.org. Thank you.")
TALKS = [
    (None, ["Write a whimsical poem about cats."]),
    (None, ["Write a short poem about the moon.", "Now one about a teapot."]),
    (None, ["Write a Python function that returns the sum of the even numbers in a list."]),
    (None, ["Write a Python function called `shout` that turns a text into capital letters."]),
    (None, ["write a python function to check if a number is prime"]),
    (None, [f"{TABLE}\n\nHow many goals does Omar have?", "Which player has the city Riga?"]),
    (None, [f"{TABLE}\n\nWhich player has the highest goals?"]),
    (None, ["The table players has the columns player, goals, city. Write an SQL query for the "
            "player "
            "with the highest goals."]),
    (None, [f"Summarize these meeting notes.\n{NOTES}"]),
    (HELPDESK, ["When are you open?", "Where is my order KX-4817?"]),
    (HELPDESK, ["Is there a discount?"]),
    (HELPDESK, ["Where can I park?"]),
    (None, [f"Extract the name, order and email as JSON.\n{MAIL}"]),
    ("The code for the piano is swift-badger-41. The lamp is in the attic. Nadia lives in Porto.",
     ["What is the code for the piano?", "Where is the lamp?", "Where does Nadia live?"]),
    (None, ["My name is Zorvik.", "My favourite food is noodles.", "What is my name?",
            "What is my favourite food?"]),
    ("You are Pip, a polite robot.", ["Who are you?"]),
    ("Answer in capital letters.", ["Hello!"]),
    ("End every answer with Meow!", ["How are you?"]),
    (None, ["Who are you?", "What can you do?"]),
    (None, ["What is the capital of France?"]),
    (None, ["Repeat: seven purple kettles"]),
]


def quoted(text):
    return "\n".join("    " + line for line in text.split("\n"))


def talk(model, system, questions, offered=None):
    turns = []
    if system:
        print(f"**system**\n\n{quoted(system)}\n")
    for q in questions:
        turns.append(("user", q))
        e = Example("sample", turns + [("assistant", "")], tools=offered).with_system(system)
        answer, _ = model.ask(mix.prompt_of(e)[0], 300)
        turns.append(("assistant", answer))
        print(f"**user**\n\n{quoted(q)}\n\n**answer**\n\n{quoted(answer)}\n")


def main():
    model = Model(sys.argv[2], sys.argv[1], 8192)
    print("# Sample conversations\n\nProduced by `samples.py` from the committed file, greedily; "
          "the good "
          "and the bad.\n")
    for i, (system, questions) in enumerate(TALKS, 1):
        print(f"## {i}\n")
        talk(model, system, questions)
    offered = [tools.describe(Rng(1), n, tools.TOOLS[n]) for n in ("get_weather", "set_timer")]
    print("## Tools: get_weather(city), set_timer(minutes)\n")
    talk(model, None, ["What is the weather in Lyon?"], offered)
    talk(model, None, ["Set a timer for 17 minutes."], offered)
    prefix, suffix = "def add(a, b):\n    return ", "\n"
    answer, _ = model.ask(f"<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>", 60)
    print(f"## Code in the middle\n\n{quoted(prefix + '<HOLE>' + suffix)}\n\n**answer**\n\n"
          f"{quoted(answer)}")
    model.close()


if __name__ == "__main__":
    main()
