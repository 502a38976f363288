"""Worker: how fast `vultune train --engine torch` fine-tunes, on the job of peft_worker.py, from the plan folder of plan.mjs.

The runner's own loop takes the steps, on this process alone; the clock runs behind one pass of short functions, as in
peft_worker.py. Prints one JSON line with the figures of peft_worker.py.
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
from peft_worker import WARM_UP_LENGTH, peak_memory_bytes
from vultune_torch.command import quiet
from vultune_torch.loop import Loop
from vultune_torch.model import ModelOptions, choose_attention, choose_dtype, load_model
from vultune_torch.plan import read_plan
from vultune_torch.run_lock import RunLock
from vultune_torch.selfcheck import require_isolation
from vultune_torch.world import World


def measure(plan, loop, seconds):
    classifier = loop.model.classifier
    short = [plan.train.ids(index)[:WARM_UP_LENGTH] for index in plan.steps[0].passes[0].functions]
    classifier(short).sum().backward()
    taken, losses = [], []
    for step in plan.steps:
        begin = time.perf_counter()
        loop.step(step)
        taken.append(time.perf_counter() - begin)
        losses.append(loop.counters.epochLossNats - sum(losses))
        if len(taken) >= 2 and sum(taken) >= seconds:
            break
    return taken, losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", required=True, type=pathlib.Path)
    parser.add_argument("--dtype", choices=["float32", "bf16"], default="bf16")
    parser.add_argument("--attention", default="auto")
    parser.add_argument("--seconds", type=float, default=40, help="stop after the step that passes this, not before two")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    quiet()
    plan = read_plan(options.plan)
    world = World(0, 1, torch.device("cpu"))
    dtype = choose_dtype(options.dtype, world.device)
    attention = choose_attention(options.attention, world.device, dtype)
    model = load_model(plan, ModelOptions(dtype, attention, None, is_sharded=False), world)
    require_isolation(model.classifier, plan, dtype)
    with tempfile.TemporaryDirectory() as run:
        taken, losses = measure(plan, Loop(plan, model, world, RunLock(pathlib.Path(run)), dtype), options.seconds)
    functions = [index for step in plan.steps[: len(taken)] for one in step.passes for index in one.functions]
    tokens = sum(len(plan.train.ids(index)) for index in functions)
    figures = {
        "tokensPerSecond": tokens / sum(taken),
        "functionsPerSecond": len(functions) / sum(taken),
        "peakMemoryBytes": peak_memory_bytes(),
        "batches": len(taken),
        "functions": len(functions),
        "seconds": sum(taken),
        "complete": len(functions) == len(plan.train),
        "paddingShare": 0.0,
        "lossFirst": losses[0],
        "lossLast": losses[-1],
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__},
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
