"""The network: a llama of a few million parameters, written out so that bf16 stays
on the fast path.

Debian's PyTorch has a plain reference BLAS for float32 and oneDNN for bfloat16, which is
tens of times faster on a CPU with AVX512_BF16. So weights are kept in float32, every product is
computed in bfloat16, and the few pointwise steps have hand-written gradients.
"""
import math
from dataclasses import dataclass, asdict

import torch
import torch.nn as nn
import torch.nn.functional as F

import lookback

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


class RmsNorm(torch.autograd.Function):
    """y = x / rms(x) * g, over the last axis; x is bf16, g float32."""

    @staticmethod
    def forward(ctx, x, g, eps):
        xf = x.float()
        r = torch.rsqrt(xf.pow(2).mean(-1, keepdim=True) + eps)
        n = (xf * r)
        ctx.save_for_backward(n.to(BF16), r, g)
        return (n * g).to(BF16)

    @staticmethod
    def backward(ctx, dy):
        n, r, g = ctx.saved_tensors
        dyf, nf = dy.float(), n.float()
        dg = (dyf * nf).flatten(0, -2).sum(0)
        dn = dyf * g
        dx = (dn - nf * (dn * nf).mean(-1, keepdim=True)) * r
        return dx.to(BF16), dg, None


class SwiGlu(torch.autograd.Function):
    """silu(a) * b for u = [a, b] on the last axis."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        a, b = u.chunk(2, -1)
        return F.silu(a) * b

    @staticmethod
    def backward(ctx, dy):
        (u,) = ctx.saved_tensors
        a, b = u.chunk(2, -1)
        s = torch.sigmoid(a)
        sa = a * s
        return torch.cat([dy * b * (s + sa * (1 - s)), dy * sa], -1)


def rope_tables(positions, head_dim, theta):
    """cos and sin for positions (B, T); pairs are adjacent channels, as llama.cpp's `llama` has."""
    inv = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim)
    angle = positions.float()[..., None] * inv
    return torch.cos(angle).to(BF16), torch.sin(angle).to(BF16)


def rotate(x, cos, sin):
    """x: (B, T, H, D). cos, sin: (B, T, D/2)."""
    a, b = x[..., 0::2], x[..., 1::2]
    c, s = cos[:, :, None, :], sin[:, :, None, :]
    return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)


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

    def forward(self, x, cos, sin, mask, get):
        s = self.s
        b, t, w = x.shape
        kv = s.kv_heads * s.head_dim
        h = RmsNorm.apply(x, get("norm_a"), s.eps)
        u = F.linear(h.view(b * t, w), get("qkv")).view(b, t, -1)
        qk = rotate(u[..., :w + kv].view(b, t, s.heads + s.kv_heads, s.head_dim), cos, sin)
        g = s.heads // s.kv_heads
        q = qk[:, :, :s.heads].view(b, t, s.kv_heads, g, s.head_dim).permute(0, 2, 3, 1, 4)
        k = qk[:, :, s.heads:].permute(0, 2, 3, 1)
        v = u[..., w + kv:].view(b, t, s.kv_heads, s.head_dim).permute(0, 2, 1, 3)
        q = q.reshape(b * s.kv_heads, g * t, s.head_dim) * (s.head_dim ** -0.5)
        a = torch.bmm(q, k.reshape(b * s.kv_heads, s.head_dim, t))
        a = a.view(-1, g, t, t) + mask
        a = torch.softmax(a, -1).view(-1, g * t, t)
        o = torch.bmm(a, v.reshape(b * s.kv_heads, t, s.head_dim))
        o = o.view(b, s.kv_heads, g, t, s.head_dim).permute(0, 3, 1, 2, 4).reshape(b * t, w)
        x = x + F.linear(o, get("out")).view(b, t, w)
        h = RmsNorm.apply(x, get("norm_f"), s.eps).view(b * t, w)
        h = SwiGlu.apply(F.linear(h, get("up")))
        return x + F.linear(h, get("down")).view(b, t, w)


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
        mask = torch.full((t, t), -1e9, dtype=BF16).triu(1)
        x = F.embedding(ids, weights.of["embed"]).to(BF16)
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask, lambda n, i=i: weights.of[f"blocks.{i}.{n}"])
        return RmsNorm.apply(x, weights.of["norm"] * FINAL_GAIN, self.s.eps)

    def loss(self, ids, targets, weight, weights, positions=None):
        """(sum of weight * -log p, -log p of each token with weight above zero, their places)"""
        h = self.trunk(ids, weights, positions).flatten(0, 1)
        pick = weight.flatten().nonzero().squeeze(1)
        logits = F.linear(h.index_select(0, pick), weights.of["head"]).float()
        nll = F.cross_entropy(logits, targets.flatten()[pick], reduction="none")
        return (nll * weight.flatten()[pick]).sum(), nll.detach(), pick

    def gradients(self, weights, loss):
        """name -> float32 gradient; the two uses of the embedding are added."""
        grads = dict(zip(weights.names, torch.autograd.grad(loss, weights.leaves)))
        grads["embed"] += grads.pop("head")
        return grads
