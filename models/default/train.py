"""Trains the network. Usage: train.py DATA_DIR OUT_DIR --steps N [--resume]

Each step takes some microbatches, one thread each; their gradients are added in order, so
that a run is repeatable whatever the number of threads. Warm-up, a long level stretch, then a
straight fall to zero (the file OUT_DIR/steps, where it exists, overrides --steps while the run is
still level).
"""
import argparse
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import torch

import batches
from model import Llama, Shape, Weights
from optim import Adam, Muon
from tokenizer import SPECIALS

SEED = 20240607
COPIES = 120       # in the first steps one microbatch of the group is copying practice
LEAPS_FROM, LEAPS = 8, 0.12  # from this shard on, this share of microbatches has leaps in it


def level(step, steps, fall=0.42, warm=40):
    if step < warm:
        return (step + 1) / warm
    left = (steps - step) / (steps * fall)
    return max(0.02, min(1.0, left))


def pieces(name, p):
    s = Shape()
    if name.endswith("qkv"):
        kv = s.kv_heads * s.head_dim
        return [s.width, kv, kv]
    if name.endswith("up"):
        return [s.hidden, s.hidden]
    return [p.shape[0]]


class Trainer:
    def __init__(self, a):
        self.a = a
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
        self.model = Llama(Shape())
        named = list(self.model.named_parameters())
        matrices = [(n, p) for n, p in named if p.ndim == 2 and n != "embed"]
        self.muon = Muon(matrices, pieces)
        self.adam = Adam([(n, p) for n, p in named if p.ndim == 1 or n == "embed"])
        self.mean = {n: p.detach().clone() for n, p in named}
        self.pool = ThreadPoolExecutor(a.threads)
        self.step, self.shard, self.taken, self.tokens = 0, 0, 0, 0
        self.steps = a.steps

    def save(self, name):
        path = os.path.join(self.a.out, name)
        torch.save({"model": self.model.state_dict(), "mean": self.mean, "muon": self.muon.state(),
                    "adam": self.adam.state(), "step": self.step, "shard": self.shard,
                    "taken": self.taken, "tokens": self.tokens, "shape": self.model.s.to_dict()},
                   path + ".part")
        os.rename(path + ".part", path)

    def load(self, path):
        s = torch.load(path)
        self.model.load_state_dict(s["model"])
        self.mean = s["mean"]
        self.muon.load(s["muon"])
        self.adam.load(s["adam"])
        self.step, self.tokens = s["step"], s["tokens"]
        self.shard, self.taken = s["shard"], s["taken"]

    def work(self, weights, batch):
        ids, targets, weight, pos = batch
        w = weights.own()
        loss, nll, pick = self.model.loss(ids, targets, weight, w, pos)
        grads = self.model.gradients(w, loss)
        full = weight.flatten()[pick] == 1.0
        return grads, float(weight.sum()), float(nll[full].sum()), int(full.sum())

    def update(self, group):
        weights = Weights(self.model)
        results = list(self.pool.map(lambda b: self.work(weights, b), group))
        scale = 1.0 / max(1.0, sum(r[1] for r in results))
        total = {}
        for name in results[0][0]:
            g = results[0][0][name].float()
            for r in results[1:]:
                g = g + r[0][name].float()
            total[name] = g * scale
        k = level(self.step, self.steps)
        self.muon.step(total, self.a.lr * k, self.pool.map)
        self.adam.step(total, self.a.lr_embed * k)
        keep = min(0.996, self.step / (self.step + 10))
        for n, p in self.model.named_parameters():
            self.mean[n].lerp_(p.detach(), 1 - keep)
        self.step += 1
        self.tokens += sum(int((b[0] > 0).sum()) for b in group)
        return sum(r[2] for r in results) / max(1, sum(r[3] for r in results))

    @torch.no_grad()
    def held(self, data):
        """Mean loss of answer tokens on held-out examples, all and by kind."""
        ids, flags, spans, kinds = data
        weights = Weights(self.model)
        by = {}
        order = sorted(range(len(spans)), key=lambda i: spans[i][1] - spans[i][0])
        for i in range(0, len(order), 16):
            part = order[i:i + 16]
            width = max(spans[j][1] - spans[j][0] for j in part)
            x, y, w, _ = batches.shape(ids, flags, [spans[j] for j in part], width, random, False,
                                       False)
            _, nll, pick = self.model.loss(x, y, w, weights)
            rows = pick // width
            for r, j in enumerate(part):
                hit = nll[rows == r]
                n, s = by.get(str(kinds[j]), (0, 0.0))
                by[str(kinds[j])] = (n + len(hit), s + float(hit.sum()))
        total = sum(s for _, s in by.values()) / sum(n for n, _ in by.values())
        return total, {k: round(s / max(1, n), 3) for k, (n, s) in sorted(by.items())}

    def stream(self):
        """Microbatches from the current shard on, those already taken skipped."""
        while True:
            rng = random.Random(SEED + self.shard)
            share = LEAPS if self.shard >= LEAPS_FROM else 0.0
            path = os.path.join(self.a.data, f"shard{self.shard:03d}.npz")
            ids, flags, spans, _ = batches.load(path, wait=True)
            for i, b in enumerate(batches.cut(ids, flags, spans, self.a.tokens, rng, share)):
                if i >= self.taken:
                    self.taken = i + 1
                    yield b
            self.shard, self.taken = self.shard + 1, 0

    def run(self):
        held = batches.load(os.path.join(self.a.data, "held.npz"))
        held = held[:2] + (held[2][:self.a.held], held[3][:self.a.held])
        stream, group, loss, start = self.stream(), [], None, time.time()
        saved, first = time.time(), self.tokens
        while self.step < self.steps:
            copying = self.step < COPIES
            group = [next(stream) for _ in range(self.a.group - copying)]
            if copying:
                group.append(batches.copies(self.step, self.model.s.vocab, len(SPECIALS)))
            now = self.update(group)
            loss = now if loss is None else 0.95 * loss + 0.05 * now
            if self.step % 20 == 0:
                override = os.path.join(self.a.out, "steps")
                if os.path.exists(override):
                    self.steps = int(open(override).read())
                rate = (self.tokens - first) / (time.time() - start)
                print(f"step {self.step}/{self.steps} shard {self.shard} tokens "
                      f"{self.tokens / 1e6:.2f}M "
                      f"loss {loss:.4f} lr {level(self.step, self.steps):.2f} {rate:.0f} tok/s",
                      flush=True)
            if self.step % self.a.every == 0 or self.step == self.steps:
                print("held", self.step, *self.held(held), flush=True)
            if time.time() - saved > 240 or self.step == self.steps:
                self.save("last.pt")
                saved = time.time()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("data")
    p.add_argument("out")
    p.add_argument("--steps", type=int, required=True)
    p.add_argument("--tokens", type=int, default=1024, help="per microbatch")
    p.add_argument("--group", type=int, default=6, help="microbatches per step")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--lr", type=float, default=0.02)
    p.add_argument("--lr-embed", type=float, default=0.005)
    p.add_argument("--every", type=int, default=500)
    p.add_argument("--held", type=int, default=400)
    p.add_argument("--resume", action="store_true")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    t = Trainer(a)
    print(sum(q.numel() for q in t.model.parameters()), "parameters", flush=True)
    if a.resume:
        t.load(os.path.join(a.out, "last.pt"))
    t.run()


if __name__ == "__main__":
    main()
