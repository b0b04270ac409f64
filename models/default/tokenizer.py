"""Byte-level BPE: training, encoding, decoding. Splits text as llama.cpp's "smollm" pre-tokenizer:
each digit alone, then the pattern of GPT-2. Usage: tokenizer.py OUT.json [--examples N]
"""
import argparse
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict

SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>",
            "<|fim_middle|>", "<|fim_pad|>", "<tool_call>", "</tool_call>", "<tools>", "</tools>",
            "<tool_response>", "</tool_response>", "<|spare_0|>", "<|spare_1|>", "<|spare_2|>"]
USER_DEFINED = set(SPECIALS[7:13])  # written by the model as text, so shown as text
SIZE = 4096
GLUED = 350


def byte_letters():
    """GPT-2's printable letter for each byte; GGUF stores pieces in these letters."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters, n = {}, 0
    for b in range(256):
        if b in keep:
            letters[b] = chr(b)
        else:
            letters[b] = chr(256 + n)
            n += 1
    return letters


def _ranges(wanted):
    out, start = [], None
    for c in range(0x110001):
        hit = c < 0x110000 and not 0xD800 <= c < 0xE000 and (
            unicodedata.category(chr(c))[0] == wanted)
        if hit and start is None:
            start = c
        elif not hit and start is not None:
            out.append(f"{re.escape(chr(start))}-{re.escape(chr(c - 1))}")
            start = None
    return "".join(out)


SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def _patterns():
    letter, digit = _ranges("L"), _ranges("N")
    word = re.compile(f"'s|'t|'re|'ve|'m|'ll|'d| ?[{letter}]+| ?[^{SPACE}{letter}{digit}]+|"
                      f"[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+")
    return re.compile(f"([{digit}])"), word


DIGIT, WORD = _patterns()
SPECIAL = re.compile("(" + "|".join(re.escape(s) for s in SPECIALS) + ")")


def split_words(text):
    for i, part in enumerate(DIGIT.split(text)):
        if i % 2:
            yield part
        else:
            yield from WORD.findall(part)


def count_words(texts):
    counts = Counter()
    for text in texts:
        for part in SPECIAL.split(text):
            if part not in SPECIALS:
                counts.update(split_words(part))
    return counts


def led_by_space(word):
    return len(word) > 1 and word[0] == " " and word[1].isalpha()


def train(counts, size, values, glued=GLUED):
    """Merges in which a space stays a piece of its own before a word, so that what is copied has
    the same pieces in a sentence, in quotes and in a table; only the most frequent words that are
    none of `values` take the space before them in."""
    bare = Counter()
    for w, c in counts.items():
        bare[w[1:] if led_by_space(w) else w] += c
    merges = train_merges(bare, size - 256 - len(SPECIALS) - glued)
    pieces = {a + b for a, b in merges}
    common = sorted((-c, w[1:]) for w, c in counts.items()
                    if led_by_space(w) and w[1:] in pieces and w[1:] not in values)
    space = byte_letters()[ord(" ")]
    return merges + [(space, w) for _, w in common[:glued]]


def train_merges(counts, merges_max):
    """The most frequent neighbouring pair becomes a piece, again and again; ties by spelling."""
    letters = byte_letters()
    words, freq = [], []
    for w, c in sorted(counts.items()):
        if c > 1:
            words.append([letters[b] for b in w.encode("utf-8")])
            freq.append(c)
    pairs, where = Counter(), defaultdict(set)
    for i, w in enumerate(words):
        for p in zip(w, w[1:]):
            pairs[p] += freq[i]
            where[p].add(i)
    merges = []
    while len(merges) < merges_max and pairs:
        best = max(pairs.items(), key=lambda kv: (kv[1], kv[0]))[0]
        if pairs[best] < 2:
            break
        merges.append(best)
        joined = best[0] + best[1]
        for i in where.pop(best):
            w, f = words[i], freq[i]
            for p in zip(w, w[1:]):
                pairs[p] -= f
                if pairs[p] <= 0:
                    del pairs[p]
            out, j = [], 0
            while j < len(w):
                if j + 1 < len(w) and w[j] == best[0] and w[j + 1] == best[1]:
                    out.append(joined)
                    j += 2
                else:
                    out.append(w[j])
                    j += 1
            words[i] = out
            for p in zip(out, out[1:]):
                pairs[p] += f
                where[p].add(i)
    return merges


class Tokenizer:
    def __init__(self, merges):
        letters = byte_letters()
        self.pieces = SPECIALS + [letters[b] for b in range(256)] + [a + b for a, b in merges]
        self.merges = merges
        self.ids = {p: i for i, p in enumerate(self.pieces)}
        self.rank = {tuple(m): i for i, m in enumerate(merges)}
        self.letters = letters
        self.bytes = {c: b for b, c in letters.items()}
        self.cache = {}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls([tuple(m) for m in json.load(f)["merges"]])

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"merges": self.merges}, f, ensure_ascii=True)

    def _word(self, word):
        known = self.cache.get(word)
        if known is not None:
            return known
        w = [self.letters[b] for b in word.encode("utf-8")]
        while len(w) > 1:
            r, i = min((self.rank.get(p, 1 << 30), i) for i, p in enumerate(zip(w, w[1:])))
            if r == 1 << 30:
                break
            w[i:i + 2] = [w[i] + w[i + 1]]
        out = [self.ids[p] for p in w]
        if len(self.cache) < 400000:
            self.cache[word] = out
        return out

    def encode(self, text):
        out = []
        for part in SPECIAL.split(text):
            if part in SPECIALS:
                out.append(self.ids[part])
            else:
                for word in split_words(part):
                    out += self._word(word)
        return out

    def decode(self, ids):
        out = b""
        for i in ids:
            p = self.pieces[i]
            out += p.encode() if p in SPECIALS else bytes(self.bytes[c] for c in p)
        return out.decode("utf-8", errors="replace")


def main():
    from corpus import mix, values
    args = argparse.ArgumentParser()
    args.add_argument("out")
    args.add_argument("--examples", type=int, default=30000)
    args.add_argument("--size", type=int, default=SIZE)
    a = args.parse_args()
    texts = ("".join(t for t,
                     _ in mix.segments(mix.example(10 ** 9 + i))) for i in range(a.examples))
    t = Tokenizer(train(count_words(texts), a.size, values.words_copied()))
    t.save(a.out)
    print(f"{len(t.pieces)} pieces, last: {t.pieces[-5:]}", file=sys.stderr)


if __name__ == "__main__":
    main()
