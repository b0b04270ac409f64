"""One question to the GGUF.
Usage: ask.py MODEL.gguf GREEDY [--system TEXT] QUESTION [ANSWER QUESTION]...
"""
import sys

from corpus import mix
from corpus.base import Example
from evaluate import Model


def main():
    args = sys.argv[3:]
    system = None
    if args[0] == "--system":
        system, args = args[1], args[2:]
    turns = [("user" if i % 2 == 0 else "assistant", t) for i,
             t in enumerate(args)] + [("assistant", "")]
    prompt, _ = mix.prompt_of(Example("ask", turns).with_system(system))
    model = Model(sys.argv[2], sys.argv[1], 8192)
    print(model.ask(prompt, 400)[0])
    model.close()


if __name__ == "__main__":
    main()
