"""Polite helpdesk answers from facts that stand in the prompt, and only from those."""
from . import words
from .base import Example

# (topic, fact, customer's question, the answer's core); $v is the value
FACTS = [
    ("hours", "{We are open from $v|Opening hours: $v|Opening hours are $v}.",
     "{When are you open|What are your opening hours|When can I come by}?", "we are open from $v",
     lambda r: f"{r.randint(6, 11)}:{r.pick(['00', '15', '30', '45'])} to {r.randint(15, 22)}:"
               f"{r.pick(['00', '15', '30', '45'])}"),
    ("returns", "{Items can be returned within $v|Returns: within $v|Returns are accepted within "
                "$v}.",
     "{Can I return an item|How long can I return something|What is your return policy|I want to "
     "send something back. "
     "How long do I have}?", "items can be returned within $v",
     lambda r: f"{r.randint(5, 90)} days"),
    ("shipping", "{Shipping takes $v|Delivery time: $v|Delivery takes $v}.",
     "{How long does shipping take|When will my parcel arrive|How long does delivery take}?",
     "shipping takes $v",
     lambda r: f"{r.randint(1, 4)} to {r.randint(5, 14)} days"),
    ("fee", "{Shipping costs $v|The shipping fee is $v|Shipping fee: $v}.",
     "{How much is shipping|What does shipping cost|What is the shipping fee}?",
     "shipping costs $v", words.money),
    ("phone", "{Our phone number is $v|Phone: $v|Hotline: $v}.",
     "{What is your phone number|Can I call you|How can I reach you by phone}?",
     "our phone number is $v", words.phone),
    ("email", "{Our email is $v|Email: $v|Write to $v}.", "{What is your email|Where can I write "
                                                          "to|Which email do I use}?",
     "our email is $v", words.email),
    ("address", "{Our address is $v|Address: $v|Our shop is at $v}.",
     "{Where are you|What is your address|Where is your shop}?", "our address is $v",
     lambda r: f"{r.randint(1, 200)} {words.odd_word(r).capitalize()} Street, "
               f"{r.pick(words.CITY)}"),
    ("warranty", "{The warranty lasts $v|Warranty: $v}.", "{How long is the warranty|What about "
                                                          "the warranty|Is there a warranty}?",
     "the warranty lasts $v",
     lambda r: f"{r.randint(1, 10)} years" if r.chance(0.5) else f"{r.randint(2, 36)} months"),
    ("discount", "{The discount code is $v|Discount code: $v}.",
     "{Is there a discount|Do you have a discount code|Which code gives me a discount}?",
     "the discount code is $v", words.code),
    ("payment", "{You can pay by $v|Payment: $v}.", "{How can I pay|Which payment do you take|What "
                                                    "are the ways to pay}?",
     "you can pay by $v", lambda r: " or ".join(r.some(["card", "bank transfer", "invoice", "cash",
                                                        "cheque", "voucher"], 2))),
    ("reset", "{To reset the password, $v|Password reset: $v}.",
     "{I forgot my password|How do I reset my password|I cannot log in because I lost my "
     "password}{.|?}", "to reset the password, $v",
     lambda r: r.pick(["click on %s", "open the page %s", "go to %s", "choose %s in the menu"])
     % (words.odd_word(r).capitalize() if r.chance(0.5) else r.pick(["Settings", "Account", "Help",
                                                                     "Profile"]))),
    ("manager", "{The manager is $v|Manager: $v}.", "{Who is the manager|I want to speak to the "
                                                    "manager. Who is it}?",
     "the manager is $v", words.full_name),
    ("plan", "{The basic plan costs $v a month|Basic plan: $v a month}.",
     "{How much is the basic plan|What does the basic plan cost|Price of the basic plan}?",
     "the basic plan costs $v a month",
     words.money),
    ("parking", "{Parking is $v|Parking: $v}.", "{Where can I park|Is there parking}?",
     "parking is $v",
     lambda r: r.pick(["behind the building", "in the garage next door", "free on Sundays",
                       f"on level {r.randint(1, 9)}",
                       f"{r.randint(1, 9)} euros an hour"])),
    ("breakfast", "{Breakfast is served from $v|Breakfast: $v}.", "{When is breakfast|What time is "
                                                                  "breakfast}?",
     "breakfast is served from $v", lambda r: f"{r.randint(6, 8)}:{r.pick(['00', '30'])} to "
                                              f"{r.randint(9, 11)}:00"),
    ("closed", "{We are closed on $v|Closed: $v}.", "{On which day are you closed|When are you "
                                                    "closed|Are you closed on some day}?",
     "we are closed on $v", words.day),
]
OPEN = ["Thank you for your question!", "Thank you for writing to us!", "Thank you for contacting "
                                                                        "$c!", "I am happy to help!"]
CLOSE = ["Is there anything else I can help with?", "Please let us know if you need anything else.",
         "Have a nice day!"]
SORRY = ("I am sorry, but I do not have that information. Please contact our team and they will be "
         "happy to help.")


def order_fact(r):
    n = r.pick([str(r.randint(1000, 999999)), words.code(r)])
    v = r.pick(["has been shipped", "is on its way", "is being packed",
                "was delivered on " + words.day(r),
                "will arrive on " + words.day(r), "will arrive on " + words.date(r),
                "is waiting for payment",
                "was cancelled", "is delayed until " + words.date(r)])
    return ("order", f"Order {n} {v}.", r.spin("{Where is my order $n|What is the status of order "
                                               "$n|"
                                              "I ordered something. My order number is $n. Where "
                                              "is it}?", n=n),
            f"order {n} {v}", v)


def price_fact(r, seen):
    item = r.pick([g for g in words.GOOD if g not in seen])
    seen.add(item)
    v = words.money(r)
    return ("price", f"The {item} costs {v}.", r.spin("{How much is the $i|What does the $i cost|"
                                                      "Price of the $i}?", i=item),
            f"the {item} costs {v}", v)


def facts(r, n):
    out, seen = [], set()
    for topic, fact, q, core, maker in r.some(FACTS, n):
        v = maker(r)
        out.append((topic, r.spin(fact, v=v), r.spin(q), core.replace("$v", v), v))
    for _ in range(r.pick([0, 0, 1, 2])):
        out.append(order_fact(r))
    for _ in range(r.pick([0, 0, 1, 2])):
        out.append(price_fact(r, seen))
    r.shuffle(out)
    return out


def answer(r, core, firm, opening, closing):
    core = core[0].upper() + core[1:] + "."
    return " ".join(x for x in (opening.replace("$c", firm), core, closing) if x)


def make(r, n=None):
    firm = words.company(r)
    known = facts(r, n or r.pick([1, 2, 3, 3, 4, 5, 6, 8]))
    missing = [f for f in FACTS if f[0] not in {k[0] for k in known}]
    lines = [k[1] for k in known]
    body = r.pick([" ".join(lines), "\n".join("- " + x for x in lines), "\n".join(lines)])
    role = r.spin("{You {are|work at} the {helpdesk|support desk|service desk} of $c.|You are a "
                  "{polite |friendly |}"
                  "{helpdesk|support|customer service} {agent|assistant} {for|at|of} $c.|You "
                  "answer customers of $c.}", c=firm)
    tail = r.pick(["", "", " Be polite.", " Answer politely.", " Use only these facts.",
                   " Answer only from the facts."])
    system = role + tail + r.pick(["\n", " ", "\nFacts:\n", "\n\nFacts:\n", " Facts: ",
                                   "\n\n"]) + body
    opening, closing = r.pick(OPEN), r.pick(CLOSE)
    turns = [("system", system)]
    if r.chance(0.15):
        turns = [("user",
                  system + r.spin("\n\n{Customer:|The customer asks:|A customer writes:} "))]
    must, core = None, ""
    for i in range(r.pick([1, 1, 1, 2, 3])):
        if r.chance(0.15) and missing:
            q, text, must = r.spin(r.pick(missing)[2]), SORRY, "do not have that information"
        else:
            k = r.pick(known)
            q, must = k[2], k[4]
            text = answer(r, k[3], firm, opening if i == 0 else "", closing)
        hello = r.pick(["", "", "", "Hello! ", "Hi, ", "Good morning. ",
                        "Dear team, "]) if i == 0 else ""
        if turns[-1][0] == "user":
            turns[-1] = ("user", turns[-1][1] + hello + q)
        else:
            turns.append(("user", hello + q))
        turns.append(("assistant", text))
    return Example("helpdesk", turns, {"must": must})
