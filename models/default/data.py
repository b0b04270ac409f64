"""The corpus as token shards. Usage: data.py TOKENIZER.json OUT_DIR FIRST LAST | held N"""
import os
import sys

import numpy as np

from corpus import mix
from tokenizer import Tokenizer

PER_SHARD = 8192
LONG_FROM = 4          # from this shard on, some examples are long
LONG_SHARE = 0.015
STAGE_FROM = [0, 13, 25]  # from this shard on: plain; richer; with more about tables
MAX_TOKENS = 2048
HELD_SEED = 5 * 10 ** 9


def stage_of(shard):
    return sum(shard >= first for first in STAGE_FROM) - 1


def encode(tok, e):
    """(ids, flags): flag 1 where the token belongs to an answer."""
    ids, flags = [], []
    for text, learned in mix.segments(e):
        part = tok.encode(text)
        ids += part
        flags += [int(learned)] * len(part)
    return ids, flags


def write(tok, path, seeds, held, share, stage):
    ids, flags, ends, kinds = [], [], [], []
    for seed in seeds:
        e = mix.example(seed, held, share, stage)
        i, f = encode(tok, e)
        if len(i) > MAX_TOKENS:
            continue
        ids += i
        flags += f
        ends.append(len(ids))
        kinds.append(e.kind)
    np.savez(path + ".part.npz", ids=np.array(ids, np.uint16), flags=np.array(flags, np.uint8),
             ends=np.array(ends, np.int64), kinds=np.array(kinds))
    os.rename(path + ".part.npz", path)
    return len(ids)


def main():
    tok = Tokenizer.load(sys.argv[1])
    out = sys.argv[2]
    os.makedirs(out, exist_ok=True)
    if sys.argv[3] == "held":
        n = int(sys.argv[4])
        count = write(tok, f"{out}/held.npz", range(HELD_SEED, HELD_SEED + n), True, LONG_SHARE, 1)
        print("held", count, "tokens")
        return
    for shard in range(int(sys.argv[3]), int(sys.argv[4])):
        path = f"{out}/shard{shard:03d}.npz"
        seeds = range(shard * PER_SHARD, (shard + 1) * PER_SHARD)
        share = LONG_SHARE if shard >= LONG_FROM else 0.0
        count = write(tok, path, seeds, False, share, stage_of(shard))
        print(shard, count, "tokens", flush=True)


if __name__ == "__main__":
    main()
