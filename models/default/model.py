"""The network: a llama of a few million parameters, written out so that bf16 stays
on the fast path.

Debian's PyTorch has a plain reference BLAS for float32 and oneDNN for bfloat16, which is
tens of times faster on a CPU with AVX512_BF16. So weights are kept in float32, every product is
computed in bfloat16, and the pointwise steps between them are kernels.py's.
"""
import math
from dataclasses import dataclass, asdict

import torch
import torch.nn as nn
import torch.nn.functional as F

import lookback
from kernels import AddNorm, Attention, CrossEntropy, SwiGlu

BF16 = torch.bfloat16
FINAL_GAIN = 0.1  # the embedding is also the output matrix, and large; this makes up for it


@dataclass
class Shape:
    vocab: int = 4096
    width: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 3
    hidden: int = 512
    theta: float = 500000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.width // self.heads

    def to_dict(self):
        return asdict(self)


def rope_tables(positions, head_dim, theta):
    """cos and sin for positions (B, T); pairs are adjacent channels, as llama.cpp's `llama` has."""
    inv = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)
    angle = positions.float()[..., None] * inv
    return torch.cos(angle).contiguous(), torch.sin(angle).contiguous()


class Weights:
    """bf16 leaves of one forward and backward pass; the embedding also in float32 for lookups."""

    def __init__(self, model):
        self.names, self.leaves = [], []
        self.of = {}
        for name, p in model.named_parameters():
            exact = p.ndim == 1 or name == "embed"
            leaf = p.detach() if exact else p.detach().to(BF16)
            self.add(name, leaf.requires_grad_())
            if name == "embed":
                self.add("head", p.detach().to(BF16).requires_grad_())

    def add(self, name, leaf):
        self.names.append(name)
        self.leaves.append(leaf)
        self.of[name] = leaf

    def own(self):
        """The same storage as leaves of its own, for a second thread."""
        w = object.__new__(Weights)
        w.names, w.leaves, w.of = [], [], {}
        for n, t in zip(self.names, self.leaves):
            w.add(n, t.detach().requires_grad_())
        return w


class Block(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        kv = s.kv_heads * s.head_dim
        self.norm_a = nn.Parameter(torch.ones(s.width))
        self.norm_f = nn.Parameter(torch.ones(s.width))
        self.qkv = nn.Parameter(torch.empty(s.width + 2 * kv, s.width))
        self.out = nn.Parameter(torch.empty(s.width, s.width))
        self.up = nn.Parameter(torch.empty(2 * s.hidden, s.width))
        self.down = nn.Parameter(torch.empty(s.width, s.hidden))
        for p in (self.qkv, self.up):
            nn.init.normal_(p, std=s.width ** -0.5)
        for p in (self.out, self.down):
            nn.init.normal_(p, std=0.5 * p.shape[1] ** -0.5 / math.sqrt(2 * s.layers))

    def forward(self, x, delta, cos, sin, shape, get):
        """x: rows; delta: what the block before adds to them. Returns the same of this block."""
        x, h = AddNorm.apply(x, delta, get("norm_a"), self.s.eps)
        found = Attention.apply(F.linear(h, get("qkv")), cos, sin, shape)
        x, h = AddNorm.apply(x, F.linear(found, get("out")), get("norm_f"), self.s.eps)
        return x, F.linear(SwiGlu.apply(F.linear(h, get("up"))), get("down"))


class Llama(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.embed = nn.Parameter(torch.empty(s.vocab, s.width))
        self.blocks = nn.ModuleList([Block(s) for _ in range(s.layers)])
        self.norm = nn.Parameter(torch.ones(s.width))
        lookback.install(self)

    def trunk(self, ids, weights, positions=None):
        b, t = ids.shape
        if positions is None:
            positions = torch.arange(t)[None]
        cos, sin = rope_tables(positions, self.s.head_dim, self.s.theta)
        shape = (b, t, self.s.kv_heads, self.s.heads // self.s.kv_heads, self.s.head_dim)
        x = F.embedding(ids.flatten(), weights.of["embed"]).to(BF16)
        delta = None
        for i, block in enumerate(self.blocks):
            x, delta = block(x, delta, cos, sin, shape,
                             lambda n, i=i: weights.of[f"blocks.{i}.{n}"])
        return AddNorm.apply(x, delta, weights.of["norm"] * FINAL_GAIN, self.s.eps)[1]

    def loss(self, ids, targets, weight, weights, positions=None):
        """(sum of weight * -log p, -log p of each token with weight above zero, their places)"""
        h = self.trunk(ids, weights, positions)
        pick = weight.flatten().nonzero().squeeze(1)
        logits = F.linear(h.index_select(0, pick), weights.of["head"])
        loss, nll = CrossEntropy.apply(logits, targets.flatten()[pick], weight.flatten()[pick])
        return loss, nll, pick

    def gradients(self, weights, loss):
        """name -> float32 gradient; the two uses of the embedding are added."""
        grads = dict(zip(weights.names, torch.autograd.grad(loss, weights.leaves)))
        grads["embed"] += grads.pop("head")
        return grads
