"""The making of the model, in small: under a minute, and skipped where PyTorch is absent.
Usage: test_smoke.py (exit status 77: skipped)
"""
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
try:
    import numpy as np
    import torch
except ImportError:
    print("skipped: no PyTorch or NumPy for this Python")
    sys.exit(77)

import batches
import checks
import convert
import evaluate
import train
from corpus import mix, poems
from corpus.base import Rng, is_held
from tokenizer import Tokenizer, count_words, train_merges


def text_of(seed, held=False):
    return "".join(t for t, _ in mix.segments(mix.example(seed, held, 0.05)))


def test_generator_is_deterministic():
    assert [text_of(i) for i in range(300)] == [text_of(i) for i in range(300)]
    code = "import sys; sys.path.insert(0, %r); import test_smoke as t; print(hash_of(t))" % HERE
    code = code.replace("hash_of(t)", "__import__('zlib').crc32(''.join(map(t.text_of, "
                                      "range(300))).encode())")
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                           env={**os.environ, "PYTHONHASHSEED": s}).stdout for s in ("1", "2")}
    assert len(runs) == 1, "the corpus depends on the order of a set"


def test_held_out_subjects_stay_out():
    for i in range(300):
        noun = poems.subject(Rng(i, False))[3].split()[-1]
        assert noun not in poems.words.ANIMALS or not is_held(noun)


def test_checks_accept_the_corpus_own_answers():
    for name, make, check in evaluate.KINDS:
        for i in range(25):
            e = make(Rng(i, True, 2))
            _, wanted = mix.prompt_of(e)
            wanted = wanted.replace("<|endoftext|>", "")
            assert check(wanted, e.check), (name, wanted, e.check)
            assert not check("No.", e.check), (name, e.check)
    assert not checks.rhymes("moon", "stars") and checks.rhymes("night", "bright")


def test_tokenizer_round_trip(tok):
    rng = np.random.RandomState(1)
    for _ in range(200):
        text = "".join(chr(c) for c in rng.choice([*range(9, 14), *range(32, 0xD7FF), 0x1F600], 40))
        assert tok.decode(tok.encode(text)) == text
    assert tok.decode(tok.encode(text_of(5))) == text_of(5)


def test_trains_and_converts(tok, folder):
    import data
    size = train.Shape.vocab
    data.write(tok, f"{folder}/held.npz", range(40), True, 0.0, 1)
    data.write(tok, f"{folder}/shard000.npz", range(600), False, 0.0, 2)
    ids, flags, spans, _ = batches.load(f"{folder}/shard000.npz")
    assert ids.max() < size and len(ids) == len(flags) == spans[-1][1]
    sys.argv = ["train.py", folder, f"{folder}/run", "--steps", "4", "--every", "4", "--held", "8"]
    train.main()
    gguf_py = os.environ.get("GGUF_PY", os.path.join(ROOT, "build/_llama/src/gguf-py"))
    if not os.path.isdir(gguf_py):
        print("not converted: no gguf-py at", gguf_py)
        return
    sys.path.insert(0, gguf_py)
    import gguf
    out = f"{folder}/tiny.gguf"
    convert.write(gguf, torch.load(f"{folder}/run/last.pt"), tok, out, False)
    names = {t.name for t in gguf.GGUFReader(out).tensors}
    assert "token_embd.weight" in names and "blk.5.ffn_down.weight" in names


def main():
    start = time.time()
    test_generator_is_deterministic()
    test_held_out_subjects_stay_out()
    test_checks_accept_the_corpus_own_answers()
    tok = Tokenizer(train_merges(count_words(text_of(i) for i in range(300)), 600))
    test_tokenizer_round_trip(tok)
    with tempfile.TemporaryDirectory() as folder:
        test_trains_and_converts(tok, folder)
    print(f"ok, {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
