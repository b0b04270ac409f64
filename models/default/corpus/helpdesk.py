"""Polite helpdesk answers from facts that stand in the prompt, and only from those."""
from . import words
from .base import Example
from .facts import TOPICS, value

# (topic, fact, customer's question, the answer's core); $v is the value
FACTS = [
    ("hours", "{We are open from $v|Opening hours: $v|Opening hours are $v}.",
     "{When are you open|What are your opening hours|When can I come by}?", "we are open from $v",
     lambda r: f"{r.randint(6, 11)}:{r.pick(['00', '30'])} to {r.randint(15, 22)}:00"),
    ("returns", "{Items can be returned within $v|Returns: within $v|Returns are accepted within "
                "$v}.",
     "{Can I return an item|How long can I return something|What is your return policy}?",
     "items can be returned within $v",
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
     lambda r: f"{r.randint(1, 99)} {words.odd_word(r).capitalize()} Street"),
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
    ("manager", "{The manager is $v|Manager: $v}.", "Who is the manager?",
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
SORRY = ("I am sorry, but I do not have that information. Please contact our team and they will be "
         "happy to help.")


def order_fact(r):
    n = r.pick([str(r.randint(1000, 9999)), words.code(r)])
    v = r.pick(["has been shipped", "is on its way", "is being packed", "was delivered",
                "will arrive on " + words.day(r), "will arrive on " + words.date(r),
                "was cancelled", "is delayed"])
    return ("order", f"Order {n} {v}.",
            r.spin("{Where is my order $n|What is the status of order $n}?", n=n),
            f"order {n} {v}", v)


def price_fact(r):
    item, v = r.split(words.GOOD), words.money(r)
    return ("price", f"The {item} costs {v}.",
            r.spin("{How much is the $i|What does the $i cost}?", i=item),
            f"the {item} costs {v}", v)


ODD_QUESTIONS = [
    "Can I bring my {dog|cat|children}?", "Do you {sell|repair|rent|have} $g?",
    "Do you have {a newsletter|a job for me|gift cards|a toilet|an app|free samples}?",
    "Who {founded|owns} the company?", "What is the weather like?", "How old are you?",
    "Can I {change|cancel} my order?", "Is the $i {new|waterproof|heavy|in stock}?",
    "Can you send it to {another country|my neighbour|$c}?", "What does the $i weigh?",
    "Do you speak {French|German|Spanish}?", "Where was the $i made?",
]


def free_fact(r):
    """Any other thing that a firm may tell."""
    topic = r.pick(TOPICS)
    v = value(r, topic)
    return (topic, f"The {topic} is {v}.",
            r.spin("{What is|Can you tell me|Do you know} the $t?", t=topic),
            f"the {topic} is {v}", v)


def known_facts(r):
    out = []
    for topic, fact, q, core, maker in r.some(FACTS, r.pick([1, 2, 2, 3, 3, 4])):
        v = maker(r)
        out.append((topic, r.spin(fact, v=v), r.spin(q), core.replace("$v", v), v))
    if r.chance(0.35):
        out.append(order_fact(r))
    if r.chance(0.35):
        out.append(price_fact(r))
    if r.richly(0.5):
        out.append(free_fact(r))
    r.shuffle(out)
    return out


def missing_question(r, known):
    topics = {k[0] for k in known}
    others = [f for f in FACTS if f[0] not in topics]
    if r.richly(0.35):
        return r.spin(r.pick(ODD_QUESTIONS), g=r.pick(words.GOODS), i=r.pick(words.GOOD),
                      c=r.pick(words.CITY))
    if r.richly(0.3):
        topic, _, q, _, _ = free_fact(r)
        if topic not in topics:
            return q
    x = r.random()
    if x < 0.15 and "order" not in topics:
        return order_fact(r)[2]
    if x < 0.3 and "price" not in topics:
        return price_fact(r)[2]
    return r.spin(r.pick(others)[2])


def instruction(r, firm, known):
    lines = [k[1] for k in known]
    body = r.pick([" ".join(lines), "\n".join("- " + x for x in lines), "\n".join(lines)])
    role = r.spin("{You are the {helpdesk|support desk} of $c.|You are a {polite |friendly |}"
                  "{helpdesk|support} {agent|assistant} of $c.|You answer customers of $c.}",
                  c=firm)
    tail = r.pick(["", "", " Be polite.", " Use only these facts."])
    return role + tail + r.pick(["\n", " ", "\nFacts:\n", "\n\n"]) + body


def make(r):
    firm, known = words.company(r), known_facts(r)
    turns = [("system", instruction(r, firm, known))]
    for i in range(r.pick([1, 1, 1, 2])):
        if r.chance(0.35):
            q, text, must = missing_question(r, known), SORRY, "do not have that information"
        else:
            _, _, q, core, must = r.pick(known)
            text = f"{core[0].upper()}{core[1:]}. Is there anything else I can help with?"
            text = "Thank you for your question! " + text if i == 0 else text
        hello = r.pick(["", "", "", "Hello! ", "Hi, ", "Good morning. "]) if i == 0 else ""
        turns += [("user", hello + q), ("assistant", text)]
    return Example("helpdesk", turns, {"must": must})
