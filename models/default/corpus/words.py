"""Word lists and makers of names, codes, dates and amounts nobody has seen before."""

ONSETS = ("b c d f g h j k l m n p r s t v w y z br cr dr fl gr kl pl pr sh sk sl sn st th tr "
          "tw zw qu ch").split()
VOWELS = "a e i o u a e i o ai ea ee io oo ou ia".split()
CODAS = ["", "", "", "", "n", "r", "l", "s", "k", "m", "x", "th", "nd", "rt", "sh", "ck", "lm", "t"]

FIRST = ("Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Karla Leo Mia Noah Olga Paul Rosa "
         "Sam Tina Uma Victor Wanda Xenia Yusuf Zoe Amir Bella Carlos Dana Elif Farid Gina Hana "
         "Ivan Jana Kofi Lena Marco Nadia Omar Petra Quinn Ravi Sara Tom Ursula Vera Wim Yara "
         "Zara Alex Boris Chen Dora Erik Fatima Gustav Helen Ines Jack Kim Lars Maria Nils Otto "
         "Priya Rita Sven Tariq Viola Walter Aisha Bruno Celia Diego Eva Frank Grace Henry Irene "
         "Julia Kurt Laura Max Nora Oscar Pia Robert Sofia Theo Alice Bob Carol John Mary Peter "
         "Lucy Mark Linda Susan Kevin Lisa Steve Jane").split()
ANIMALS = ("cat dog fox owl bear mouse rabbit horse cow goat sheep duck goose hen frog toad snail "
           "turtle whale dolphin shark crab lobster octopus penguin parrot sparrow robin crow "
           "eagle "
           "hawk swan heron lion tiger leopard wolf otter beaver badger hedgehog squirrel bat mole "
           "camel llama donkey zebra giraffe elephant monkey koala panda kangaroo ant bee "
           "beetle spider moth butterfly dragonfly cricket worm lizard gecko snake kitten puppy "
           "moose ferret hamster lemur walrus seal newt salamander pigeon").split()
THINGS = ("teapot kettle spoon lamp chair table clock piano violin drum trumpet kite balloon boat "
          "train tram bus bicycle tractor rocket robot computer server keyboard screen printer "
          "router cable battery pencil notebook letter book map compass lantern candle mirror "
          "window door ladder bridge tower castle lighthouse garden tree river mountain cloud "
          "storm snowflake star moon sun planet comet island beach desert forest meadow pumpkin "
          "apple pear banana carrot potato onion cabbage muffin pancake pizza noodle cheese sock "
          "hat scarf glove coat boot umbrella blanket pillow sofa carpet broom bucket hammer "
          "toaster fridge oven sandwich biscuit button key wallet suitcase tent ship anchor sail "
          "wizard dragon pirate knight queen giant ghost baker painter sailor "
          "farmer teacher").split()
MASS = ("rain snow coffee tea winter summer autumn spring music sleep homework breakfast "
        "lunch chess football silence friendship thunder sand honey moonlight Monday "
        "programming debugging mathematics laundry gardening soup electricity").split()
ADJ = ("small big red blue green yellow old new quiet loud happy sleepy clever brave gentle shiny "
       "rusty fuzzy round tiny purple silver golden curious lazy proud jolly grumpy silly warm "
       "cold soft bright dusty wooden striped spotted crooked polite hungry").split()
GOODS = ("apples pears bread milk cheese eggs rice pasta tea coffee sugar flour honey butter "
         "pencils notebooks pens staplers folders lamps chairs desks mugs plates bowls spoons "
         "forks knives bottles jars baskets towels soap candles blankets pillows rugs clocks "
         "mirrors vases batteries cables adapters screws nails hammers drills saws ladders "
         "buckets gloves boots hats scarves coats socks shirts kites balls ropes tents stoves "
         "monitors keyboards routers speakers cameras tripods printers scanners phones").split()
GOOD = ("apple pear lamp chair desk mug plate bowl bottle jar basket towel candle blanket pillow "
        "rug clock mirror vase battery cable adapter hammer drill saw ladder bucket boot hat "
        "scarf coat shirt kite ball rope tent stove monitor keyboard router speaker camera "
        "tripod printer scanner phone bicycle helmet backpack kettle toaster blender fan heater "
        "radio watch wallet suitcase umbrella notebook stapler").split()
PLACES = ("kitchen garden attic cellar hall library office garage shed barn station harbour market "
          "museum school park bakery workshop tower bridge cabin tent boat castle cave "
          "meadow").split()
CITY = ("Berlin Paris London Rome Madrid Oslo Vienna Prague Dublin Lisbon Athens Cairo Tokyo Seoul "
        "Delhi Sydney Toronto Boston Chicago Denver Lima Quito Nairobi Accra Zurich Geneva Munich "
        "Hamburg Milan Porto Krakow Riga Tallinn Helsinki Bergen Utrecht Ghent Lyon").split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = ("January February March April May June July August September October November "
          "December").split()
COLOURS = "red blue green yellow purple orange black white grey pink brown silver gold".split()
JOBS = ("engineer designer nurse teacher baker carpenter plumber lawyer accountant manager chef "
        "gardener driver pilot librarian electrician tailor painter writer analyst").split()
HOBBIES = ("chess sailing painting cycling knitting hiking fishing singing dancing cooking "
           "gardening running skating climbing reading pottery juggling photography").split()
TEAM = ("sales support design finance legal marketing research operations logistics security "
        "platform hiring data mobile web").split()


def syllable(r):
    return r.pick(ONSETS) + r.pick(VOWELS) + r.pick(CODAS)


def odd_word(r, low=1, high=2):
    if r.chance(0.04):
        return "".join(r.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(r.randint(3, 6)))
    word = "".join(syllable(r) for _ in range(r.randint(low, high)))
    return word[:9]


def first_name(r):
    return r.split(FIRST) if r.chance(0.65) else odd_word(r).capitalize()


def surname(r):
    return (odd_word(r, 1, 1) + r.pick(["", "er", "son", "man", "ova", "ini"])).capitalize()


def full_name(r):
    return first_name(r) + " " + surname(r)


def names(r, n):
    out = []
    while len(out) < n:
        w = first_name(r)
        if w not in out:
            out.append(w)
    return out


def company(r):
    a = odd_word(r, 2, 2).capitalize()
    return a + r.pick(["", "", " Ltd", " Labs", " Store", " Bikes", " Books", " Cafe", " Tools",
                       " Travel", " Bank", " Energy", " Garden", " Systems", " Hotel"])


def code(r):
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    shape = r.pick(["AA-99", "A-999", "AAA-9", "99-A", "AA99", "999-9", "9999", "9999", "99999",
                    "aa-99", "AA-9999"])
    return "".join(r.pick(letters) if c == "A" else r.pick(letters.lower()) if c == "a" else
                   str(r.randint(0, 9)) if c == "9" else c for c in shape)


def phrase_code(r):
    return r.pick([code, code, odd_word, lambda r: r.pick(ADJ) + " " + r.pick(ANIMALS),
                   lambda r: odd_word(r).upper(),
                   lambda r: f"{r.pick(COLOURS)}-{r.pick(THINGS)}-{r.randint(1, 99)}"])(r)


def clock(r):
    if r.chance(0.3):
        return f"{r.randint(1, 12)} {r.pick(['am', 'pm'])}"
    return f"{r.randint(6, 21)}:{r.pick(['00', '15', '30', '45'])}"


def day(r):
    return r.pick(DAYS)


def date(r):
    d, m = r.randint(1, 28), r.pick(MONTHS)
    return r.pick([f"{d} {m}", f"{m} {d}"])


def money(r):
    n = r.pick([r.randint(1, 99), r.randint(1, 999)])
    return r.pick(["$%s", "%s euros", "%s dollars"]) % n


def email(r, name=None):
    name = (name or first_name(r)).lower()
    return f"{name}@{odd_word(r)}.{r.pick(['com', 'org', 'net'])}"


def phone(r):
    return r.pick([f"0{r.randint(10, 99)}-{r.randint(100, 999)}", f"555-{r.randint(100, 999)}"])


def number(r):
    return r.pick([r.randint(0, 9), r.randint(0, 99), r.randint(0, 999), r.randint(0, 9999)])
