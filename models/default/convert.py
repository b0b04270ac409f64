"""Checkpoint -> GGUF, Q8_0. Usage: convert.py LAST.pt TOKENIZER.json OUT.gguf [--mean]
                                          [--gguf-py build/_llama/src/gguf-py]

gguf-py comes with llama.cpp's source, which the build fetches.
"""
import argparse
import os
import sys

import torch

from model import FINAL_GAIN
from tokenizer import SPECIALS, USER_DEFINED, Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CONTEXT_SERVED = 32768
NORMAL, CONTROL, USER = 1, 3, 4
DESCRIPTION = ("A tiny demonstration model that comes with Mains: it follows facts given in the "
               "prompt and knows nothing else.")


def parts(model, shape):
    """(tensor name in GGUF, tensor); fused matrices are cut apart."""
    kv = shape["kv_heads"] * (shape["width"] // shape["heads"])
    yield "token_embd.weight", model["embed"]
    yield "output_norm.weight", model["norm"] * FINAL_GAIN
    for i in range(shape["layers"]):
        get = lambda n: model[f"blocks.{i}.{n}"]
        q, k, v = get("qkv").split([shape["width"], kv, kv])
        gate, up = get("up").chunk(2)
        for name, t in (("attn_norm", get("norm_a")), ("attn_q", q), ("attn_k", k), ("attn_v", v),
                        ("attn_output", get("out")), ("ffn_norm", get("norm_f")),
                        ("ffn_gate", gate),
                        ("ffn_up", up), ("ffn_down", get("down"))):
            yield f"blk.{i}.{name}.weight", t


def write(gguf, checkpoint, tok, out, mean):
    shape = checkpoint["shape"]
    model = checkpoint["mean" if mean else "model"]
    w = gguf.GGUFWriter(out, "llama")
    w.add_name("Mains Default")
    w.add_author("The Mains authors")
    w.add_license("apache-2.0")
    w.add_description(DESCRIPTION)
    w.add_size_label(f"{sum(t.numel() for t in model.values()) / 1e6:.1f}M")
    w.add_context_length(CONTEXT_SERVED)
    w.add_embedding_length(shape["width"])
    w.add_block_count(shape["layers"])
    w.add_feed_forward_length(shape["hidden"])
    w.add_head_count(shape["heads"])
    w.add_head_count_kv(shape["kv_heads"])
    w.add_layer_norm_rms_eps(shape["eps"])
    w.add_rope_freq_base(shape["theta"])
    w.add_rope_dimension_count(shape["width"] // shape["heads"])
    w.add_vocab_size(shape["vocab"])
    w.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    w.add_quantization_version(gguf.GGML_QUANT_VERSION)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("smollm")
    w.add_token_list(tok.pieces)
    w.add_token_types([USER if p in USER_DEFINED else CONTROL if p in SPECIALS else NORMAL
                       for p in tok.pieces])
    w.add_token_merges([" ".join(m) for m in tok.merges])
    w.add_bos_token_id(tok.ids["<|endoftext|>"])
    w.add_eos_token_id(tok.ids["<|im_end|>"])
    w.add_eot_token_id(tok.ids["<|im_end|>"])
    w.add_pad_token_id(tok.ids["<|endoftext|>"])
    for name, piece in (("fim_pre", "<|fim_prefix|>"), ("fim_suf", "<|fim_suffix|>"),
                        ("fim_mid", "<|fim_middle|>"), ("fim_pad", "<|fim_pad|>")):
        w.add_uint32(f"tokenizer.ggml.{name}_token_id", tok.ids[piece])
    w.add_add_bos_token(False)
    w.add_add_space_prefix(False)
    with open(os.path.join(HERE, "template.jinja"), encoding="utf-8") as f:
        w.add_chat_template(f.read().rstrip("\n"))
    q8 = gguf.GGMLQuantizationType.Q8_0
    for name, t in parts(model, shape):
        a = t.float().numpy()
        if a.ndim == 2:
            w.add_tensor(name, gguf.quants.quantize(a, q8), raw_dtype=q8)
        else:
            w.add_tensor(name, a)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("checkpoint")
    p.add_argument("tokenizer")
    p.add_argument("out")
    p.add_argument("--mean", action="store_true", help="the running mean of the weights")
    p.add_argument("--gguf-py", default=os.path.join(ROOT, "build/_llama/src/gguf-py"))
    a = p.parse_args()
    sys.path.insert(0, a.gguf_py)
    import gguf
    write(gguf, torch.load(a.checkpoint, map_location="cpu"), Tokenizer.load(a.tokenizer), a.out,
          a.mean)
    size = os.path.getsize(a.out)
    print(f"{a.out}: {size / 1e6:.2f} MB")
    assert size <= 16 * 1000 * 1000


if __name__ == "__main__":
    main()
