"""What the command line asks for, checked on every rank before the first step."""

import argparse
import os
import shutil
import sys
import warnings
from pathlib import Path

from .errors import RunError
from .run_lock import RunLock

INTERRUPTED = 130
FAILED = 2


def run(arguments: list[str]) -> int:
    """Returns the exit code: 0, 130 where a signal stopped it, 2 for an error that is said in two lines."""
    try:
        return train(parse(arguments))
    except RunError as error:
        sys.stderr.write(error.lines())
        sys.stderr.flush()
        return FAILED


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run_plan.py", description="Trains a packed plan of Vultune with PyTorch.")
    parser.add_argument("plan", type=Path, help="folder that vultune plan wrote")
    # Not an option: torchrun would take --run for one of its own that begins so.
    parser.add_argument("run", type=Path, help="run folder: events, checkpoints, adapter; resumed where it has a checkpoint")
    parser.add_argument("--base", help="folder or .gguf file of the base model, where it lies elsewhere than in the plan")
    parser.add_argument(
        "--dtype",
        choices=("auto", "float32", "bf16", "fp16"),
        default="auto",
        help="auto: bf16 on CUDA, float32 on a CPU",
    )
    parser.add_argument(
        "--attention",
        default="auto",
        help="auto, functions (one after the other: auto on a CPU), sdpa, eager, flash_attention_2 or a kernel of the hub",
    )
    parser.add_argument(
        "--layout", choices=("packed", "rows"), help="instead of the plan's: packed, or a padded row per function"
    )
    parser.add_argument(
        "--strategy", choices=("ddp", "fsdp2"), default="ddp", help="a whole model on each rank, or shards of it"
    )
    parser.add_argument("--threads", type=int, help="threads of a process on the CPU")
    return parser.parse_args(arguments)


def train(options: argparse.Namespace) -> int:
    # Before the model is loaded, which takes long enough for somebody else to take it.
    lock = RunLock(options.run)
    try:
        import torch
    except ImportError as error:
        raise RunError(
            "TORCH_MISSING",
            f"PyTorch cannot be imported by {sys.executable} ({error})",
            "vultune torch setup makes an environment; elsewhere: pip install -r requirements.txt of the plan folder.",
        ) from error
    from .plan import read_plan
    from .world import join_world, leave_world

    quiet()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    world = join_world()
    try:
        plan = read_plan(options.plan.resolve())
        world.require_same("the plan", plan.hash)
        if options.layout is not None:
            choose_layout(plan, options.layout)
        return train_plan(plan, options, world, lock)
    except torch.OutOfMemoryError as error:
        raise out_of_memory(plan.config, str(error)) from error
    finally:
        leave_world()


def choose_layout(plan, layout: str) -> None:  # type: ignore[no-untyped-def]
    if layout == "rows" and plan.is_joined:
        raise RunError(
            "TORCH_LAYOUT",
            "--layout rows sets functions apart, and the plan joins them to one text (packing: joined)",
            "Leave --layout out, or plan with packing: isolated.",
        )
    plan.model["layout"] = layout


def train_plan(plan, options: argparse.Namespace, world, lock: RunLock) -> int:  # type: ignore[no-untyped-def]
    from .loop import Loop
    from .model import ModelOptions, attention_of, choose_attention, choose_dtype, load_model
    from .selfcheck import require_isolation

    dtype = choose_dtype(options.dtype, world.device)
    attention = choose_attention(options.attention, world.device, dtype)
    model = load_model(plan, ModelOptions(dtype, attention, options.base, options.strategy == "fsdp2"), world)
    require_isolation(model.classifier, plan, dtype)
    lock.require_own()
    if world.is_first:
        prepare_run_folder(options.run, plan.folder)
    loop = Loop(plan, model, world, lock, dtype)
    kernel = attention_of(model.classifier.inner)
    said = f"{world.size} processes on {world.device.type}, {dtype}, {kernel}, {plan.model['layout']}"
    loop.say(f"{said}; plan {plan.hash[:12]}")
    return 0 if loop.run() else INTERRUPTED


def prepare_run_folder(run: Path, plan: Path) -> None:
    """A run that began on a cluster is one that `vultune train --resume` can evaluate: run.json goes with the plan."""
    run.mkdir(parents=True, exist_ok=True)
    record = plan / "run.json"
    if record.is_file() and not (run / "run.json").exists():
        shutil.copyfile(record, run / "run.json")


def out_of_memory(config, said: str) -> RunError:  # type: ignore[no-untyped-def]
    knobs = [f"lower tokens_per_batch (now {config['tokens_per_batch']}) or max_length (now {config['max_length']})"]
    if config["activations"] != "recompute":
        knobs.append("set activations: recompute")
    if not (config["load_in_4bit"] or config["load_in_8bit"]):
        knobs.append("set load_in_4bit: true")
    knobs.append("shard the model over more GPUs: --strategy fsdp2")
    first = said.strip().split(". ")[0]
    return RunError(
        "TORCH_OUT_OF_MEMORY",
        f"the device has no memory left: {first}",
        f"{'; or '.join(knobs)}. Plan again after a change.",
    )


def quiet() -> None:
    """Standard error is for errors and progress."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    warnings.filterwarnings("ignore")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
