"""The pointwise steps as PyTorch functions with their gradients; kernels.cpp does the work."""
import ctypes
import hashlib
import os
import subprocess
import tempfile

import torch

BF16 = torch.bfloat16
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels.cpp")
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-std=c++17",
         "-shared", "-fPIC"]


def build():
    """Compiled once for each text of the source, into the temporary folder."""
    with open(SOURCE, "rb") as f:
        name = hashlib.sha256(f.read() + " ".join(FLAGS).encode()).hexdigest()[:16]
    path = os.path.join(tempfile.gettempdir(), f"mains-kernels-{os.getuid()}-{name}.so")
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}"
        subprocess.run(["g++", *FLAGS, SOURCE, "-o", part, "-lm"], check=True)
        os.rename(part, path)
    return ctypes.CDLL(path)


LIB = build()


class Heads(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int64) for n in ("batch", "places", "groups", "per_group", "dim")]


def call(name, *args):
    """Tensors as pointers, whole numbers as int64, fractions as float."""
    out = []
    for a in args:
        if isinstance(a, torch.Tensor):
            assert a.is_contiguous()
            out.append(ctypes.c_void_p(a.data_ptr()))
        elif isinstance(a, int):
            out.append(ctypes.c_int64(a))
        elif isinstance(a, float):
            out.append(ctypes.c_float(a))
        else:
            out.append(a)
    getattr(LIB, name)(*out)


class AddNorm(torch.autograd.Function):
    """(x + delta, rms-normed x + delta times gain); delta may be None. Rows of bf16."""

    @staticmethod
    def forward(ctx, x, delta, gain, eps):
        total, out = torch.empty_like(x), torch.empty_like(x)
        inverse = torch.empty(x.shape[0])
        call("add_norm", x, delta, gain, total, out, inverse, *x.shape, eps)
        ctx.save_for_backward(total, gain, inverse)
        ctx.alone = delta is None
        return total, out

    @staticmethod
    def backward(ctx, d_total, d_out):
        total, gain, inverse = ctx.saved_tensors
        dx, d_gain = torch.empty_like(total), torch.zeros_like(gain)
        call("add_norm_back", d_out.contiguous(), d_total.contiguous(), total, gain, inverse, dx,
             d_gain, *total.shape)
        return dx, None if ctx.alone else dx, d_gain, None


class Attention(torch.autograd.Function):
    """Rows of (queries, keys, values) -> rows of what the heads found; causal, rotary."""

    @staticmethod
    def forward(ctx, rows, cos, sin, shape):
        b, t, g, n, d = shape
        heads, step = Heads(*shape), (cos.shape[1] * cos.shape[2] if cos.shape[0] > 1 else 0)
        q = rows.new_empty(b * g, n * t, d)
        k, v = rows.new_empty(b * g, t, d), rows.new_empty(b * g, t, d)
        call("split", rows, cos, sin, step, q, k, v, ctypes.byref(heads))
        p = torch.bmm(q, k.transpose(1, 2))
        call("softmax", p, b * g * n, t)
        found, out = torch.bmm(p, v), rows.new_empty(b * t, g * n * d)
        call("swap_places", found, out, b, g * n, t, d)
        ctx.save_for_backward(q, k, v, p, cos, sin)
        ctx.shape, ctx.heads, ctx.step = shape, heads, step
        return out

    @staticmethod
    def backward(ctx, d_out):
        q, k, v, p, cos, sin = ctx.saved_tensors
        b, t, g, n, d = ctx.shape
        d_found = torch.empty_like(q)
        call("swap_places", d_out.contiguous(), d_found, b, t, g * n, d)
        dv = torch.bmm(p.transpose(1, 2), d_found)
        ds = torch.bmm(d_found, v.transpose(1, 2))
        call("softmax_back", p, ds, b * g * n, t)
        dq, dk = torch.bmm(ds, k), torch.bmm(ds.transpose(1, 2), q)
        rows = d_out.new_empty(b * t, (g * n + 2 * g) * d)
        call("split_back", dq, dk, dv, cos, sin, ctx.step, rows, ctypes.byref(ctx.heads))
        return rows, None, None, None


class SwiGlu(torch.autograd.Function):
    """silu(a) * b for rows of (a, b)."""

    @staticmethod
    def forward(ctx, u):
        out = u.new_empty(u.shape[0], u.shape[1] // 2)
        call("swiglu", u, out, *out.shape)
        ctx.save_for_backward(u)
        return out

    @staticmethod
    def backward(ctx, d):
        (u,) = ctx.saved_tensors
        du = torch.empty_like(u)
        call("swiglu_back", u, d.contiguous(), du, u.shape[0], u.shape[1] // 2)
        return du


class CrossEntropy(torch.autograd.Function):
    """(sum of weight * nll, nll of each row). The logits' memory becomes their gradient, so the
    backward pass takes no other factor than one."""

    @staticmethod
    def forward(ctx, logits, targets, weight):
        nll = torch.empty(logits.shape[0])
        call("cross_entropy", logits, targets, weight, nll, *logits.shape)
        ctx.grad = logits.detach()
        ctx.mark_non_differentiable(nll)
        return (nll * weight).sum(), nll

    @staticmethod
    def backward(ctx, one, _):
        return ctx.grad, None, None
