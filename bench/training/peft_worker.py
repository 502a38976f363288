"""Worker: how fast Transformers + PEFT fine-tune, as well as they can be set up without changing either.

The job: a base model from GGUF or folder, LoRA r=8 alpha=32 on all linear layers and a two-class head; forward, backward
and an AdamW step per batch. Modes:
  random8     batches of 8 functions in the given order, padded to the longest of the batch
  grouped8    the same, with functions of like length together
  padded2048  one function a row, padded to 2048
Prints one JSON line; only real tokens count, never padding.
"""

import argparse
import json
import pathlib
import resource
import sys
import time

import torch
from peft import LoraConfig, get_peft_model

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import base_model

WARM_UP_LENGTH = 64


def make_model(options):
    """float32 or bfloat16 throughout. In bfloat16 the adapter is too: PEFT's default, adapters in float32, is slower."""
    model = base_model.load_classifier(options.model, getattr(torch, options.dtype), options.attention)
    model.config.use_cache = False
    if model.config.pad_token_id is None:
        model.config.pad_token_id = 0
    lora = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    model = get_peft_model(model, lora, autocast_adapter_dtype=options.adapter_dtype == "float32")
    return model.train()


def batches_of(mode, lengths):
    """Which functions go together. Where time ends before the list does, what was measured should stand for all of it:
    batches grouped by length are taken from the middle outwards."""
    order = list(range(len(lengths)))
    if mode == "padded2048":
        return [[i] for i in order]
    if mode == "grouped8":
        order.sort(key=lambda i: lengths[i])
    batches = [order[i : i + 8] for i in range(0, len(order), 8)]
    if mode == "grouped8":
        middle = (len(batches) - 1) / 2
        batches.sort(key=lambda batch: abs(order.index(batch[0]) / 8 - middle))
    return batches


def collate(functions, labels, pad_id, pad_to=None):
    width = pad_to or max(len(ids) for ids in functions)
    input_ids = torch.full((len(functions), width), pad_id)  # [B, S]
    mask = torch.zeros((len(functions), width), dtype=torch.long)  # [B, S]
    for row, ids in enumerate(functions):
        input_ids[row, : len(ids)] = torch.tensor(ids)
        mask[row, : len(ids)] = 1
    return {"input_ids": input_ids, "attention_mask": mask, "labels": torch.tensor(labels)}


def peak_memory_bytes():
    """Peak of this process alone: ru_maxrss may start at what the parent held, so Linux's own high-water mark comes first."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def measure(model, job, options):
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    functions, labels = job["functions"], job["labels"]
    pad_to = 2048 if options.mode == "padded2048" else None
    pad_id = model.config.pad_token_id

    def step(indices, longest=None):
        batch = collate([functions[i][:longest] for i in indices], [labels[i] for i in indices], pad_id, pad_to)
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    batches = batches_of(options.mode, [len(ids) for ids in functions])
    step(batches[0], WARM_UP_LENGTH)
    losses, seconds = [], []
    for indices in batches[: options.max_batches]:
        begin = time.perf_counter()
        losses.append(step(indices))
        seconds.append(time.perf_counter() - begin)
        if len(seconds) >= 2 and sum(seconds) >= options.seconds:
            break
    return batches[: len(seconds)], seconds, losses


def summary(job, batches, seconds, losses, options):
    lengths = [len(ids) for ids in job["functions"]]
    measured = [lengths[i] for batch in batches for i in batch]
    tokens = sum(measured)
    if options.mode == "padded2048":
        # Every row costs the same, whatever is in it: the list's mean length, not that of the few rows measured.
        tokens = len(measured) * sum(lengths) / len(lengths)
    rows = [max(lengths[i] for i in batch) if options.mode != "padded2048" else 2048 for batch in batches]
    cells = sum(row * len(batch) for row, batch in zip(rows, batches, strict=True))
    return {
        "tokensPerSecond": tokens / sum(seconds),
        "functionsPerSecond": len(measured) / sum(seconds),
        "peakMemoryBytes": peak_memory_bytes(),
        "batches": len(batches),
        "functions": len(measured),
        "seconds": sum(seconds),
        "complete": len(measured) == len(lengths),
        "paddingShare": 1 - sum(measured) / cells,
        "lossFirst": losses[0],
        "lossLast": losses[-1],
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--functions", required=True, help='JSON file: {"functions": [[id, ...], ...], "labels": [...]}')
    parser.add_argument("--mode", choices=["random8", "grouped8", "padded2048"], required=True)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--adapter-dtype", choices=["same", "float32"], default="same")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--seconds", type=float, default=40, help="stop after the batch that passes this, not before two")
    parser.add_argument("--max-batches", type=int)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    base_model.quiet()
    with open(options.functions, encoding="utf-8") as file:
        job = json.load(file)
    model = make_model(options)
    batches, seconds, losses = measure(model, job, options)
    print(json.dumps(summary(job, batches, seconds, losses, options)), flush=True)


if __name__ == "__main__":
    main()
