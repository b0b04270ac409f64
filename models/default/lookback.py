"""Starting weights that already look back.

Copying from the prompt needs two attention heads in line (an "induction head", Elhage et al. 2021,
Olsson et al. 2022): one that tells each place which token stood before it, one that finds the
place whose forerunner is the current token. Small networks spend most of a short training
finding this by chance, so it is written into the first weights; training then does what it likes.

Channels of the residual stream: 0..127 the token, 128..159 the token before, 160..190 the one
before that, 191 a constant (a head that looks at a fixed distance needs one).
"""
import math

import torch

CONTENT, BEFORE, BEFORE_2, CONSTANT = 128, 128, 160, 191
TOKEN_STD, CONSTANT_VALUE = 0.5, 2.0
SLOW = 12                # channels of a head from here on turn slowly: content can be compared
FIXED_SHARPNESS = 1.4    # of the heads that look at a fixed distance
MATCH = 2.0              # of the heads that compare
GAIN = 0.7               # how loudly a found token is said


def embedding(embed):
    with torch.no_grad():
        embed[:, :CONTENT].normal_(std=TOKEN_STD)
        embed[:, CONTENT:].normal_(std=0.02)
        embed[:, CONSTANT] = CONSTANT_VALUE


class Rows:
    """Rows of one head inside a block's fused matrices."""

    def __init__(self, block):
        s, d = block.s, block.s.head_dim
        self.block, self.d = block, d
        self.k_from = s.width
        self.v_from = s.width + s.kv_heads * d

    def q(self, head):
        return self.block.qkv[head * self.d:(head + 1) * self.d]

    def k(self, group):
        return self.block.qkv[self.k_from + group * self.d:][:self.d]

    def v(self, group):
        return self.block.qkv[self.v_from + group * self.d:][:self.d]

    def out(self, head):
        return self.block.out[:, head * self.d:(head + 1) * self.d]

    def clear(self, group, head):
        for m in (self.q(head), self.k(group), self.v(group), self.out(head)):
            m.zero_()


def fixed_distance(block, group, head, distance, into, count, theta):
    """The head looks `distance` places back and writes that token's channels to `into`."""
    r = Rows(block)
    r.clear(group, head)
    for pair in range(3):
        f = theta ** (-2 * pair / r.d)
        r.k(group)[2 * pair, CONSTANT] = FIXED_SHARPNESS
        r.q(head)[2 * pair, CONSTANT] = FIXED_SHARPNESS * math.cos(-f * distance)
        r.q(head)[2 * pair + 1, CONSTANT] = FIXED_SHARPNESS * math.sin(-f * distance)
    for i in range(count):
        r.v(group)[i, i] = 1.0
        r.out(head)[into + i, i] = 0.45


def find(block, group, head, pairs):
    """The head finds keys whose channel b equals the query's channel a, for (a, b) in pairs,
    and says 32 channels of the token that stands there."""
    r = Rows(block)
    r.clear(group, head)
    for i, (a, b) in enumerate(pairs):
        r.q(head)[SLOW + i, a] = MATCH
        r.k(group)[SLOW + i, b] = MATCH
    for i in range(r.d):
        r.v(group)[i, group * r.d + i] = 1.0
        r.out(head)[group * r.d + i, i] = GAIN


def install(model):
    with torch.no_grad():
        theta = model.s.theta
        embedding(model.embed)
        fixed_distance(model.blocks[0], 0, 0, 1, BEFORE, 32, theta)
        fixed_distance(model.blocks[0], 1, 2, 2, BEFORE_2, 31, theta)
        find(model.blocks[2], 0, 0, [(i, BEFORE + i) for i in range(20)])
        for group, first in ((1, 0), (2, 10)):
            two = range(first, first + 10)
            find(model.blocks[2], group, 2 * group,
                 [(i, BEFORE + i) for i in two] + [(BEFORE + i, BEFORE_2 + i) for i in two])
