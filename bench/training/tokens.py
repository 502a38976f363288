"""Writes the fixed list of functions that every contender of the training benchmark gets, as token ids.

{"functions": [[id, ...], ...], "labels": [0 or 1, ...]}: `count` functions of JSON lines with `code` and `target`, cut at
max_length. A few functions stand for a whole training file in two ways: their lengths are spread as its are, and batches
of like length are as tight as they would be there (hardly any padding; with 32 functions drawn freely it is 15 %, which
would make length-grouped batches look slower than they are).
"""

import argparse
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import base_model


GROUP = 8
LARGEST_POOL = 4000


def draw(lengths, count, generator):
    """Indices: one run of neighbours in length out of each of the count / GROUP equal bands of lengths, shuffled."""
    by_length = sorted(range(len(lengths)), key=lambda i: lengths[i])
    groups = max(1, count // GROUP)
    size = min(GROUP, count)
    chosen = []
    for group in range(groups):
        band = by_length[len(by_length) * group // groups : len(by_length) * (group + 1) // groups]
        begin = generator.randint(0, max(0, len(band) - size))
        chosen += band[begin : begin + size]
    generator.shuffle(chosen)
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=32, help="rounded down to a multiple of 8")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    with open(options.data, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    generator = random.Random(options.seed)
    pool = generator.sample(records, min(LARGEST_POOL, len(records)))
    base_model.quiet()
    tokenizer = base_model.load_tokenizer(options.model)
    texts = [record["code"] for record in pool]
    ids = tokenizer(texts, truncation=True, max_length=options.max_length)["input_ids"]
    chosen = draw([len(tokens) for tokens in ids], options.count, generator)
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump({"functions": [ids[i] for i in chosen], "labels": [pool[i]["target"] for i in chosen]}, file)


if __name__ == "__main__":
    main()
