"""Worker: how fast Transformers scores functions, on the job of ours.mjs: the adapter merged, batches of 8 of like length.

The adapter is merged in float32 and the result cast, as one would who wants bfloat16 at its best. Prints one JSON line;
only real tokens count, never padding.
"""

import argparse
import json
import pathlib
import sys
import time

import torch
from peft import PeftModel

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "training"))
from peft_worker import base_model, batches_of, collate, peak_memory_bytes

WARM_UP_LENGTH = 64


def make_model(options, functions):
    model = base_model.load_classifier(options.model, torch.float32, options.attention)
    model = PeftModel.from_pretrained(model, options.adapter).merge_and_unload()
    model.config.use_cache = False
    # Transformers takes the last token that is not padding for the end: an id that no function has.
    used = {token for ids in functions for token in ids}
    model.config.pad_token_id = next(token for token in range(len(used) + 1) if token not in used)
    return model.to(getattr(torch, options.dtype)).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--functions", required=True, help='JSON file: {"functions": [[id, ...], ...]}')
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    base_model.quiet()
    opening = time.perf_counter()
    with open(options.functions, encoding="utf-8") as file:
        functions = json.load(file)["functions"]
    model = make_model(options, functions)
    scores = [0.0] * len(functions)

    def score(indices, longest=None):
        batch = collate([functions[i][:longest] for i in indices], [0] * len(indices), model.config.pad_token_id)
        del batch["labels"]
        return model(**batch).logits.float().softmax(-1)[:, 1].tolist()

    with torch.inference_mode():
        batches = batches_of("grouped8", [len(ids) for ids in functions])
        score(batches[0], WARM_UP_LENGTH)
        begin = time.perf_counter()
        for indices in batches:
            for index, value in zip(indices, score(indices), strict=True):
                scores[index] = value
        seconds = time.perf_counter() - begin
    tokens = sum(len(ids) for ids in functions)
    figures = {
        "tokensPerSecond": tokens / seconds,
        "functionsPerSecond": len(functions) / seconds,
        "peakMemoryBytes": peak_memory_bytes(),
        "tokens": tokens,
        "seconds": seconds,
        "openSeconds": begin - opening,
        "scores": scores,
        "versions": {"torch": torch.__version__},
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
