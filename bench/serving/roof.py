"""What a machine's limits allow a model, at most."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Weights that are multiplied with each token, without and with the output matrix. The
    generated models use one matrix for input and output, so a step reads all of the file."""
    inner: float
    head: float
    kv_token_bytes: int  # keys and values of a token in halves


def shape(layers, width, heads, heads_kv, feed_forward, vocabulary):
    kv = width // heads * heads_kv
    return Shape(inner=layers * (2 * width * width + 2 * width * kv + 3 * width * feed_forward),
                 head=width * vocabulary, kv_token_bytes=2 * 2 * layers * kv)


SHAPES = {
    "tiny": shape(2, 64, 4, 2, 128, 280),
    "smollm2-135m": shape(30, 576, 9, 3, 1536, 49152),
    "llama-3.2-1b": shape(16, 2048, 32, 8, 8192, 128256),
}


def prefill(of, limits):
    """Tokens a second of a long prompt: two operations for each weight, attention left out."""
    return limits["int8_ops_per_s"] / (2 * of.inner)


def decode(of, weight_bytes, limits, lanes):
    """Tokens a second of so many streams: every step reads all weights once and multiplies them
    with each stream's token, whichever takes longer; the KV cache is left out."""
    read_s = weight_bytes / limits["read_bytes_per_s"]
    multiply_s = lanes * 2 * (of.inner + of.head) / limits["int8_ops_per_s"]
    return lanes / max(read_s, multiply_s)
