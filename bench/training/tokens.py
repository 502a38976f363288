"""Writes the fixed list of functions that every contender of the training benchmark gets, as token ids.

{"functions": [[id, ...], ...], "labels": [0 or 1, ...]}: `count` functions drawn at random (seeded) from JSON lines with
`code` and `target`, cut at max_length.
"""

import argparse
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import base_model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    with open(options.data, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    chosen = random.Random(options.seed).sample(records, min(options.count, len(records)))
    base_model.quiet()
    tokenizer = base_model.load_tokenizer(options.model)
    texts = [record["code"] for record in chosen]
    functions = tokenizer(texts, truncation=True, max_length=options.max_length)["input_ids"]
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump({"functions": functions, "labels": [record["target"] for record in chosen]}, file)


if __name__ == "__main__":
    main()
