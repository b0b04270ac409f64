"""Whimsical poems about a given subject, in rhyming couplets or crossed rhymes."""
from . import words
from .base import Example, cap, a_an

RHYMES = {
    "ight": ["in the night", "shining bright", "such a sight", "in pale moonlight",
             "with all its might", "soft and light", "in morning light", "and feels all right",
             "to a great height", "with pure delight"],
    "ay": ["every day", "in the hay", "far away", "on the way", "by the bay", "in early May",
           "and starts to play", "when skies are grey", "and longs to stay", "come what may"],
    "ee": ["under a tree", "by the sea", "wild and free", "with a cup of tea", "just for me",
           "full of glee", "at half past three", "for all to see", "with a bumblebee"],
    "oon": ["under the moon", "until noon", "with a silver spoon", "humming a tune",
            "some day soon", "in the month of June", "in a red balloon", "all afternoon"],
    "all": ["down the hall", "by the wall", "proud and tall", "round and small",
            "at the grand old ball", "until nightfall", "in early fall", "best of all"],
    "ing": ["in the spring", "like a king", "on a golden ring", "and starts to sing",
            "on a piece of string", "on a garden swing", "with a feathered wing"],
    "own": ["all over town", "in a velvet gown", "with a paper crown", "upside down",
            "without a frown", "in shades of brown", "like a circus clown"],
    "eet": ["down the street", "on dancing feet", "light and sweet", "in summer heat",
            "with a drummer's beat", "looking neat", "for a tasty treat", "on a velvet seat"],
    "oat": ["in a tiny boat", "in a woollen coat", "with a secret note", "learning to float",
            "like a happy goat", "across the moat"],
    "ain": ["in the rain", "on a train", "once again", "down the lane", "across the plain",
            "with a candy cane", "through a window pane"],
    "ound": ["round and round", "without a sound", "on the ground", "homeward bound",
             "safe and sound", "lost and found", "where joy is found"],
    "ow": ["in the snow", "row by row", "to and fro", "with a gentle glow", "nice and slow",
           "where the daisies grow", "on tippy-toe", "wherever breezes blow"],
    "air": ["in the air", "on a chair", "without a care", "here and there", "with ribbons to wear",
            "up the stair", "with plenty to share", "like a dancing bear"],
    "ore": ["by the door", "on the floor", "on the shore", "more and more", "at half past four",
            "like never before", "ready to explore"],
    "eam": ["in a dream", "by the stream", "with whipped cream", "on a moonlit beam",
            "in a cloud of steam", "as part of the team"],
    "ool": ["by the pool", "calm and cool", "after school", "on a wooden stool",
            "breaking every rule", "like a shining jewel"],
    "ace": ["at its own pace", "all over the place", "with a smiling face", "full of grace",
            "into outer space", "in a frame of lace", "winning the race"],
    "ook": ["by the brook", "in a story book", "in a cosy nook", "with one long look",
            "like a friendly cook", "on a brass coat hook"],
    "ide": ["side by side", "in the countryside", "on a playground slide", "full of pride",
            "open and wide", "with the evening tide", "on a pony ride"],
    "art": ["with a happy heart", "like a work of art", "in an apple cart", "right from the start",
            "clever and smart", "with a cherry tart"],
    "ack": ["in a paper sack", "on the railway track", "with a tasty snack", "there and back",
            "in coats of black", "in a tidy stack"],
    "ock": ["on a mossy rock", "at nine o'clock", "wearing one sock", "down at the dock",
            "with a gentle knock", "around the block"],
    "ill": ["on the hill", "quiet and still", "by the mill", "just for the thrill",
            "on the window sill", "with a fancy quill"],
    "ist": ["in the mist", "with a graceful twist", "on a shopping list", "gently sun-kissed"],
}
# $s: "the kettle"; $p: "a kettle". Each beginning takes a closing phrase of any rhyme.
STARTS = [
    "$S wakes up", "$S wanders off", "$S hums along", "$S sits and smiles", "$S tells a tale",
    "$S goes out to play", "$S drifts along", "$S dreams aloud", "$S spins about", "$S tiptoes by",
    "$S laughs and hops", "I met $p", "I once saw $p", "Look at $s", "Come and see $s",
    "Nobody dances like $s", "Everyone cheers for $s", "I wrote to $s", "They sing of $s",
    "The whole wide world loves $s", "Here comes $s", "Oh, how I love $s", "My friend, $s, arrives",
]
MIDDLES = [
    "It hums and hops", "It winks at the stars", "It whispers a wish", "It juggles three plums",
    "It paints a small cloud", "It giggles and twirls", "It counts all the clouds",
    "It waves at the geese", "It hides a small key", "It bakes a big cake", "It chases the breeze",
    "It borrows my hat", "It tickles the wind", "It sleeps with a smile", "It dances a jig",
    "It bows to the crowd", "It collects old songs", "It nibbles on toast", "It whistles along",
    "The crickets all cheer", "The neighbours all clap", "The teacups all laugh",
    "The clouds tag along", "A snail says hello", "Two owls join in", "The stars lean down",
    "A mouse keeps the time", "The daisies all nod", "A fiddle joins in",
    "The wind claps its hands",
    "We wander along", "We laugh and we wave", "I follow along", "I wave my old hat",
    "And still it goes on", "And so we all dance", "And nobody minds", "And there it will stay",
]
ENDS = ["So goodnight, dear $n", "And that is $s", "Sweet dreams to $s", "Three cheers for $s",
        "So here is to $s", "And all of us love $s", "Remember $s"]

ASKS = [
    "{Write|Please write|Can you write|Could you write|Compose|Make up|Give me} {me |}a "
    "{short |little |whimsical |funny |silly |cheerful |}{poem|poem|rhyme|verse} "
    "{about|about|on the subject of} $p{.||, please.}",
    "{I would like|I need|I want} a {short |little |whimsical |}poem about $p{.|, please.}",
    "{A|One} {poem|rhyme} about $p, please.",
    "{poem|rhyme} about $p", "Write {some|$n} lines that rhyme about $p.",
    "{Rhyme|Sing} for me about $p.",
    "Write a poem. {The subject is|It should be about|Subject:} $p.",
    "Tell me about $p in a poem.",
]


def subject(r, name=None):
    """(how the user says it, 'the x', 'a x', bare noun)"""
    x = r.random()
    if name:
        return name, name, name, name
    if x < 0.6:
        n = r.split(words.ANIMALS) if r.chance(0.5) else r.split(words.THINGS)
        if r.chance(0.35):
            n = r.pick(words.ADJ) + " " + n
        if r.chance(0.35) and not n.endswith(("s", "sh", "ch", "x", "y", "f", "fe", "mouse",
                                              "goose",
                                              "o", "sheep", "moose")):
            return n + "s", "the " + n, a_an(n), n
        if r.chance(0.2):
            return "my " + n, "my " + n, "my " + n, n
        if r.chance(0.15):
            return "the " + n, "the " + n, "the " + n, n
        return a_an(n), "the " + n, a_an(n), n
    if x < 0.72:
        n = r.split(words.MASS)
        return n, n, n, n
    if x < 0.87:
        n = words.first_name(r)
        return n, n, n, n
    n = words.odd_word(r)
    return a_an(n), "the " + n, a_an(n), n


def verse(r, s, lines, crossed):
    """lines: an even number, 4 with crossed. The subject is in the first line."""
    _, the, a, bare = s
    fill = lambda t: cap(t.replace("$S", cap(the)).replace("$s", the).replace("$p", a)
                         .replace("$n", bare))
    families = r.some(sorted(RHYMES), lines // 2)
    pairs = [r.some(RHYMES[f], 2) for f in families]
    order = []
    if crossed:
        for i in range(0, len(pairs) - 1, 2):
            (a1, a2), (b1, b2) = pairs[i], pairs[i + 1]
            order += [a1, b1, a2, b2]
        if len(pairs) % 2:
            order += pairs[-1]
    else:
        for pair in pairs:
            order += pair
    mids = r.some(MIDDLES, lines)
    out = []
    for i, end in enumerate(order):
        if i == 0:
            begin = r.pick(STARTS)
        elif i == lines - 1 and r.chance(0.45):
            begin = r.pick(ENDS)
        elif i % 4 == 0 and r.chance(0.7):
            begin = r.pick(STARTS)
        else:
            begin = mids[i]
        out.append(fill(begin) + (", " if r.chance(0.04) else " ") + end + ",.;."[i % 4:i % 4 + 1]
                   if i < lines - 1 else fill(begin) + " " + end + ".")
    if lines > 4:
        return "\n".join("\n".join(out[i:i + 4]) + ("\n" if i + 4 < lines else "")
                         for i in range(0, lines, 4))
    return "\n".join(out)


def make(r):
    s = subject(r)
    lines = r.pick([4, 4, 4, 4, 6, 8, 8])
    crossed = False
    ask = r.spin(r.pick(ASKS), p=s[0], n=r.pick(["four", "4", "a few"]))
    if lines == 8 or r.chance(0.2):
        word = {4: r.pick(["four", "4"]), 6: r.pick(["six", "6"]), 8: r.pick(["eight", "8"])}[lines]
        ask += r.spin(r.pick([" {Use|Make it|Write} $n lines.", " It should have $n lines."]),
                      n=word)
    elif "four" in ask or "4 lines" in ask:
        lines = 4
    elif lines != 4:
        lines = 4
    if lines == 4 and r.chance(0.15):
        crossed = True
        ask += r.pick([" Let every second line rhyme.", " Rhyme it ABAB.", " Use the rhyme ABAB."])
    lead = ""
    messages = [("user", ask), ("assistant", lead + verse(r, s, lines, crossed))]
    if r.chance(0.15):
        t = subject(r)
        messages += [("user", r.spin("{Now one|And one|Another one|Now the same} about $p{.|, "
                                     "please.}",
                                     p=t[0])),
                     ("assistant", verse(r, t, 4, False))]
        s, crossed, lines = t, False, 4
    return Example("poem", messages, {"subject": s[3], "lines": lines, "crossed": crossed})
