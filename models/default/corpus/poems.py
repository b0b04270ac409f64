"""Whimsical poems about a given subject, in rhyming couplets."""
from . import words
from .base import Example, cap, a_an

RHYMES = {
    "ight": ["in the night", "shining bright", "such a sight", "with all its might",
             "in morning light", "with pure delight"],
    "ay": ["every day", "in the hay", "far away", "on the way", "by the bay", "in early May"],
    "ee": ["under a tree", "by the sea", "wild and free", "with a cup of tea", "full of glee",
           "for all to see"],
    "oon": ["under the moon", "until noon", "with a silver spoon", "humming a tune",
            "in the month of June", "in a red balloon"],
    "all": ["down the hall", "by the wall", "proud and tall", "round and small",
            "at the grand old ball"],
    "ing": ["in the spring", "like a king", "on a golden ring", "on a piece of string",
            "on a garden swing"],
    "own": ["all over town", "in a velvet gown", "with a paper crown", "upside down",
            "without a frown"],
    "eet": ["down the street", "on dancing feet", "light and sweet", "in summer heat",
            "for a tasty treat"],
    "oat": ["in a tiny boat", "in a woollen coat", "with a secret note", "like a happy goat",
            "across the moat"],
    "ain": ["in the rain", "on a train", "once again", "down the lane", "with a candy cane"],
    "ound": ["round and round", "without a sound", "on the ground", "homeward bound",
             "lost and found"],
    "ow": ["in the snow", "row by row", "to and fro", "with a gentle glow", "nice and slow"],
    "air": ["in the air", "on a chair", "without a care", "here and there", "like a dancing bear"],
    "ore": ["by the door", "on the floor", "on the shore", "more and more", "like never before"],
    "eam": ["in a dream", "by the stream", "with whipped cream", "on a moonlit beam",
            "in a cloud of steam"],
    "ace": ["at its own pace", "all over the place", "with a smiling face", "full of grace",
            "into outer space"],
    "ide": ["side by side", "in the countryside", "on a playground slide", "full of pride",
            "with the evening tide"],
    "ill": ["on the hill", "quiet and still", "by the mill", "just for the thrill",
            "on the window sill"],
}
# $s: "the kettle"; $p: "a kettle". Each beginning takes a closing phrase of any rhyme; those in
# STARTS_ANY also go with many ("cats") and with what is not counted ("rain").
STARTS_ANY = [
    "Look at $s", "Come and see $s", "Nobody dances like $s", "Everyone cheers for $s",
    "I wrote to $s", "They sing of $s", "The whole wide world loves $s", "Oh, how I love $s",
    "I dreamt of $s", "Nothing is like $s", "We all adore $s",
]
STARTS = STARTS_ANY + [
    "$S wakes up", "$S wanders off", "$S hums along", "$S sits and smiles", "$S tells a tale",
    "$S drifts along", "$S spins about", "$S tiptoes by", "$S laughs and hops", "I met $p",
    "I once saw $p", "Here comes $s",
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
ENDS = ["Sweet dreams to $s", "Three cheers for $s", "So here is to $s", "And all of us love $s",
        "Remember $s"]

ASKS = [
    "{Write|Write me|Please write|Can you write|Compose|Make up|Give me} a "
    "{short |little |whimsical |funny |silly |cheerful |}{poem|poem|poem|rhyme|verse} "
    "about $p{.||, please.}",
    "{I would like|I need|I want} a {short |little |whimsical |}poem about $p{.|, please.}",
    "{A|One} {poem|rhyme} about $p, please.",
    "{poem|rhyme} about $p",
    "Write a poem. {The subject is|It should be about|Subject:} $p.",
    "Tell me about $p in a poem.",
]


RICH_ASKS = ASKS + [
    "{Can|Could} you write me a {funny |silly |little |whimsical |}{poem|rhyme} about $p?",
    "{Tell|Give} me a {short |nice |}poem about $p{.|, please.}",
    "{I want to hear|I would love|Let me have} a {poem|rhyme} about $p.",
    "{Make|Do} a {poem|rhyme} {on|about} $p.",
    "Write something {funny|silly|nice} about $p that rhymes.",
    "{Please |}{write|compose} {some verses|a few lines of poetry|poetry} about $p.",
]


def many(noun):
    """Whether an s makes the plural."""
    return not noun.endswith(("s", "sh", "ch", "x", "y", "f", "fe", "mouse", "goose", "o", "sheep",
                              "moose"))


def subject(r):
    """(how the user says it, 'the x', 'a x', the words that a poem must hold)"""
    x = r.random()
    if x < 0.62:
        n = r.split(words.ANIMALS) if r.chance(0.5) else r.split(words.THINGS)
        if r.chance(0.3):
            n = r.pick(words.ADJ) + " " + n
        if many(n) and r.chance(0.35):
            return n + "s", n + "s", n + "s", n + "s"
        if r.richly(0.08):
            n = f"{words.first_name(r)}'s {n}"
            return n, n, n, n
        if r.chance(0.15):
            return "my " + n, "my " + n, "my " + n, "my " + n
        return (a_an(n) if r.chance(0.75) else "the " + n), "the " + n, a_an(n), n
    if x < 0.74:
        n = r.split(words.MASS)
        return n, n, n, n
    if x < 0.88:
        n = words.first_name(r)
        return n, n, n, n
    n = words.odd_word(r)
    return a_an(n), "the " + n, a_an(n), n


def verse(r, s, lines):
    """Couplets; the subject is in the first line. A line that opens a couplet ends with a comma or
    a semicolon, one that closes it with a full stop."""
    _, the, a, bare = s
    fill = lambda t: cap(t.replace("$S", cap(the)).replace("$s", the).replace("$p", a))
    families, ends = r.some(sorted(RHYMES), lines // 2), []
    if r.late:  # onwards in the lists, so that nothing comes twice
        after = sorted(RHYMES).index(families[0])
        families = (sorted(RHYMES) * 2)[after:after + len(families)]
    for family in families:
        i = r.randrange(len(RHYMES[family]))
        ends += [RHYMES[family][i - 1], RHYMES[family][i]]  # neighbours, so that it can be learned
    begins = [r.pick(STARTS_ANY if the == bare else STARTS)] + r.some(MIDDLES, lines - 1)
    if r.late:
        begins[1:] = sorted(begins[1:], key=MIDDLES.index)
    if lines > 2 and r.chance(0.4):
        begins[-1] = r.pick(ENDS)
    return "\n".join(f"{fill(begin)} {end}{',.;.'[i % 4]}"
                     for i, (begin, end) in enumerate(zip(begins, ends)))


def make(r):
    s, lines = subject(r), 4
    ask = r.spin(r.pick(RICH_ASKS if r.rich else ASKS), p=s[0])
    if r.chance(0.12):
        lines = 2
        ask += r.pick([" Use two lines.", " Only two lines.", " Make it two lines."])
    elif r.chance(0.12):
        ask += r.pick([" Use four lines.", " Make it four lines."])
    messages = [("user", ask), ("assistant", verse(r, s, lines))]
    if r.chance(0.15):
        s, lines = subject(r), 4
        messages += [("user", r.spin("{Now one|And one|Another one|Now a poem} about $p"
                                     "{.|, please.}", p=s[0])),
                     ("assistant", verse(r, s, lines))]
    return Example("poem", messages, {"subject": s[3], "lines": lines})
