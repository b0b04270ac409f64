"""Muon for matrices (Jordan et al., 2024: momentum, then the nearest orthogonal matrix by five
Newton-Schulz steps), AdamW for the embedding and the gains."""
import torch

BF16 = torch.bfloat16


def orthogonal(g):
    """g: (n, rows, cols), any shape. All singular values end near 1."""
    x = g.to(BF16)
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.transpose(1, 2)
    x = (x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).to(BF16)).contiguous()
    for _ in range(5):
        a = torch.bmm(x, x.transpose(1, 2))
        b = -4.7750 * a + 2.0315 * torch.bmm(a, a)
        x = 3.4445 * x + torch.bmm(b, x)
    if tall:
        x = x.transpose(1, 2)
    return x.float()


class Muon:
    """parts: name -> list of row counts; a fused matrix is orthogonalised part by part."""

    def __init__(self, named, parts, momentum=0.95, decay=0.02):
        self.named, self.parts, self.momentum, self.decay = dict(named), parts, momentum, decay
        self.buffer = {n: torch.zeros_like(p) for n, p in self.named.items()}

    def step(self, grads, lr, each=map):
        """each: like map; a thread pool's map spreads the stacks of equal shapes."""
        groups = {}
        for n, p in self.named.items():
            buf = self.buffer[n]
            buf.lerp_(grads[n].float(), 1 - self.momentum)
            update = grads[n].float().lerp_(buf, self.momentum)
            row = 0
            for rows in self.parts(n, p):
                piece = update[row:row + rows]
                flip = rows < p.shape[1]
                key = tuple(sorted(piece.shape))
                groups.setdefault(key,
                                  []).append((p, row, rows, flip, piece.t() if flip else piece))
                row += rows
        stacks = [v[i:i + 6] for v in groups.values() for i in range(0, len(v), 6)]
        turned = each(orthogonal, [torch.stack([i[4] for i in items]) for items in stacks])
        for items, out in zip(stacks, turned):
            for (p, row, rows, flip, _), u in zip(items, out):
                u = u.t() if flip else u
                target = p.data[row:row + rows]
                target.mul_(1 - lr * self.decay)
                target.add_(u, alpha=-lr * max(1.0, rows / p.shape[1]) ** 0.5)

    def state(self):
        return self.buffer

    def load(self, state):
        self.buffer = state


class Adam:
    def __init__(self, named, betas=(0.9, 0.98), eps=1e-10, decay=0.0):
        self.named, self.betas, self.eps, self.decay = dict(named), betas, eps, decay
        self.m = {n: torch.zeros_like(p) for n, p in self.named.items()}
        self.v = {n: torch.zeros_like(p) for n, p in self.named.items()}
        self.t = 0

    def step(self, grads, lr):
        self.t += 1
        b1, b2 = self.betas
        for n, p in self.named.items():
            g = grads[n].float()
            self.m[n].lerp_(g, 1 - b1)
            self.v[n].lerp_(g * g, 1 - b2)
            m = self.m[n] / (1 - b1 ** self.t)
            v = self.v[n] / (1 - b2 ** self.t)
            p.data.addcdiv_(m, v.sqrt_().add_(self.eps), value=-lr)

    def state(self):
        return {"m": self.m, "v": self.v, "t": self.t}

    def load(self, s):
        self.m, self.v, self.t = s["m"], s["v"], s["t"]
