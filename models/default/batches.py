"""Shards -> microbatches of examples of like length, so that little is padding."""
import os
import random
import time

import numpy as np
import torch

WIDTHS = [*range(16, 256, 16), *range(256, 512, 32), *range(512, 1024, 128), 1024, 1280, 1536,
          2048]
PROMPT_SHARE, PROMPT_WEIGHT = 0.25, 0.3
REACH = 32768


def load(path, wait=False):
    while wait and not os.path.exists(path):
        time.sleep(2)
    z = np.load(path)
    ends = z["ends"]
    starts = np.r_[0, ends[:-1]]
    return z["ids"].astype(np.int64), z["flags"], list(zip(starts, ends)), z["kinds"]


def skips(rng, width, rows):
    """Positions with a few random leaps (PoSE, Zhu et al. 2023), so that far distances are met."""
    pos = np.tile(np.arange(width), (rows, 1))
    for r in range(rows):
        for _ in range(rng.randint(1, 3)):
            cut = rng.randrange(1, width)
            far = int(2 ** rng.uniform(4, 14.3))
            if pos[r, -1] + far < REACH:
                pos[r, cut:] += far
    return torch.from_numpy(pos)


def shape(ids, flags, spans, width, rng, leap, prompts=True):
    """(ids, targets, weight, positions) of one microbatch."""
    x = np.zeros((len(spans), width), np.int64)
    y = np.zeros((len(spans), width), np.int64)
    w = np.zeros((len(spans), width), np.float32)
    for row, (a, b) in enumerate(spans):
        n = b - a - 1
        x[row, :n], y[row, :n] = ids[a:b - 1], ids[a + 1:b]
        answer = flags[a + 1:b].astype(np.float32)
        if prompts:
            some = np.random.RandomState(rng.getrandbits(32)).rand(n) < PROMPT_SHARE
            w[row, :n] = np.where(answer > 0, 1.0, some * PROMPT_WEIGHT)
        else:
            w[row, :n] = answer
    pos = skips(rng, width, len(spans)) if leap else None
    return torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(w), pos


def copies(seed, vocab, first, rows=10, width=96):
    """Random pieces, twice in each row, learned the second time: nothing can be known here, only
    copied, and so the heads that look back form within some hundred steps."""
    g = np.random.RandomState(seed)
    x = g.randint(first, vocab, (rows, width + 1))
    w = np.zeros((rows, width), np.float32)
    for row in range(rows):
        n = g.randint(12, 40)
        a = g.randint(0, width + 1 - 2 * n)
        b = g.randint(a + n, width + 2 - n)
        x[row, b:b + n] = x[row, a:a + n]
        w[row, b:b + n - 1] = 1.0
    now, then = x[:, :-1].copy(), x[:, 1:].copy()
    return torch.from_numpy(now), torch.from_numpy(then), torch.from_numpy(w), None


def cut(ids, flags, spans, tokens, rng, leap_share=0.0, prompts=True):
    """All microbatches of a shard, of about `tokens` tokens each, in a random order."""
    spans = list(spans)
    rng.shuffle(spans)
    by_width = {}
    for a, b in spans:
        width = next(w for w in WIDTHS if w >= b - a - 1)
        by_width.setdefault(width, []).append((a, b))
    plan = []
    for width, members in sorted(by_width.items()):
        rows = max(1, tokens // width)
        plan += [(width, members[i:i + rows]) for i in range(0, len(members), rows)]
    rng.shuffle(plan)
    for width, members in plan:
        yield shape(ids, flags, members, width, rng, rng.random() < leap_share, prompts)
