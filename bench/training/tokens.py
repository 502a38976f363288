"""Writes the fixed list of functions that every contender of the training benchmark gets, as token ids.

{"functions": [[id, ...], ...], "labels": [0 or 1, ...]}: `count` functions of JSON lines with `code` and `target`, cut at
max_length. A few functions stand for a whole training file in three ways: their lengths are spread as its are, a function
comes with its fix where the file has both, and batches of like length are as tight as they would be there (with 32
functions drawn freely 15 % is padding and not 1 %, which would make length-grouped batches look slower than they are).
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


DRAWS = 2000


def pairs_and_singles(records):
    """Indices of records: [a function and its fix] or [one function], as commit and name tell."""
    units = {}
    for index, record in enumerate(records):
        key = record.get("pair") or (record.get("commit"), record.get("function_name"))
        units.setdefault(index if key in (None, (None, None)) else key, []).append(index)
    for members in units.values():
        if len(members) == 2:
            yield members
        else:
            yield from ([index] for index in members)


def padding(lengths):
    """Share of padding in batches of GROUP functions of like length."""
    ordered = sorted(lengths, reverse=True)
    batches = [ordered[start : start + GROUP] for start in range(0, len(ordered), GROUP)]
    slots = sum(len(batch) * batch[0] for batch in batches)
    return 1 - sum(lengths) / slots


def draw_once(units, lengths, count, generator):
    """One run of neighbours in length out of each of the count / GROUP equal bands of lengths."""
    ordered = sorted(units, key=lambda unit: max(lengths[i] for i in unit))
    groups = max(1, count // GROUP)
    chosen = []
    for group in range(groups):
        band = ordered[len(ordered) * group // groups : len(ordered) * (group + 1) // groups]
        taken = []
        for unit in band[generator.randrange(len(band)) :] + band:
            if len(taken) + len(unit) <= min(GROUP, count) and unit[0] not in taken:
                taken += unit
        chosen += taken
    return chosen


def draw(units, lengths, count, generator):
    """Indices, shuffled: of many draws the one that pads as little as the whole file does."""
    whole = padding(lengths)
    draws = [draw_once(units, lengths, count, generator) for _ in range(DRAWS)]
    chosen = min(draws, key=lambda indices: abs(padding([lengths[i] for i in indices]) - whole))
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
    pool = records[:LARGEST_POOL]
    base_model.quiet()
    tokenizer = base_model.load_tokenizer(options.model)
    texts = [record["code"] for record in pool]
    ids = tokenizer(texts, truncation=True, max_length=options.max_length)["input_ids"]
    lengths = [len(tokens) for tokens in ids]
    chosen = draw(list(pairs_and_singles(pool)), lengths, options.count, generator)
    drawn = padding([lengths[i] for i in chosen])
    print(f"padding in batches of like length: {drawn:.1%} drawn, {padding(lengths):.1%} in the file", file=sys.stderr)
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump({"functions": [ids[i] for i in chosen], "labels": [pool[i]["target"] for i in chosen]}, file)


if __name__ == "__main__":
    main()
