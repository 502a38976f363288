"""Worker: how fast Transformers generates, float32, with its cache, on the job of ours.mjs. Prints one JSON line.

The prompts of a job have one length, so that no contender computes padding.
"""

import argparse
import json
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import base_model


class FirstToken:
    """A stopping criterion that only looks at the clock."""

    def __init__(self):
        self.at = None

    def __call__(self, ids, scores, **_):
        self.at = self.at or time.perf_counter()
        return torch.zeros(ids.shape[0], dtype=torch.bool)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--job", required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base_model.quiet()
    job = json.loads(pathlib.Path(options.job).read_text())
    model = base_model.load_language_model(options.model, torch.float32).eval()
    settings = {"do_sample": False, "eos_token_id": -1, "pad_token_id": 0}

    def generate(prompts, count, criteria):
        ids = torch.tensor(prompts)
        return model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, stopping_criteria=criteria, **settings
        )[:, ids.shape[1] :]

    with torch.inference_mode():
        generate([job["prompts"][0][:8]], 2, [])
        first = FirstToken()
        start = time.perf_counter()
        ids = generate(job["prompts"], job["newTokens"], [first])
        end = time.perf_counter()
    print(
        json.dumps(
            {
                "tokensPerSecond": (ids.numel() - ids.shape[0]) / (end - first.at),
                "firstTokenMs": (first.at - start) * 1000,
                "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "ids": ids.tolist(),
            }
        )
    )


main()
