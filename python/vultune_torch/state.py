"""The checkpoint of a run, in the format of Vultune's own engine: either continues what the other began.

Tensors `parameter/KEY`, `first_moment/KEY`, `second_moment/KEY` (AdaLoRA: `importance/`, `uncertainty/`, `kept/`), counters as
JSON in the metadata, a SHA-256 over both; and the hash of the plan, which a checkpoint of Vultune's own engine lacks. What that
engine evaluated before it handed a run over (`best/KEY`, `best_valid_scores`, the metric) is kept as it is.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .errors import RunError

LAST, PREVIOUS, NEXT = "last.safetensors", "previous.safetensors", "next.safetensors"
DTYPES = {torch.float32: "float32", torch.float64: "float64"}


@dataclass
class Counters:
    """Field names are those of the file."""

    step: int = 0
    epoch: int = 0
    stepInEpoch: int = 0  # noqa: N815
    epochLossNats: float = 0.0  # noqa: N815
    epochFunctions: int = 0  # noqa: N815
    epochTokens: int = 0  # noqa: N815
    epochMs: float = 0.0  # noqa: N815
    evaluationDue: bool = False  # noqa: N815
    # What dropout was drawn from; Vultune's own engine goes on from this one knowingly.
    dropoutKey: str = "torch"  # noqa: N815
    evaluationsWithoutImprovement: int = 0  # noqa: N815
    elapsedMs: float = 0.0  # noqa: N815


@dataclass
class Best:
    """What was best before PyTorch took the steps."""

    # Its step and metric, as JSON.
    said: str = "null"
    tensors: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class State:
    counters: Counters
    tensors: dict[str, Tensor]
    best: Best
    file: Path


def compact(value: Any) -> str:
    """As JSON.stringify."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def checksum(tensors: dict[str, Tensor], counters: str, best: str) -> str:
    digest = hashlib.sha256(compact([counters, best]).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(compact([name, DTYPES[tensor.dtype], list(tensor.shape)]).encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def save_state(folder: Path, counters: Counters, tensors: dict[str, Tensor], best: Best, plan_hash: str) -> None:
    """At any moment of a save one of the three files is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()} | best.tensors
    said = compact(asdict(counters))
    metadata = {"counters": said, "best": best.said, "sha256": checksum(held, said, best.said), "plan": plan_hash}
    write_whole(folder / NEXT, held, metadata)
    if (folder / LAST).exists():
        os.replace(folder / LAST, folder / PREVIOUS)
    os.replace(folder / NEXT, folder / LAST)


def load_state(folder: Path, plan_hash: str) -> State | None:
    """The last checkpoint that is whole; None where there is none.

    Behind a save that was killed before its last rename that is the next one, whole and newer than the one before. Part of that
    file, which a killed save of an older version left, loses nothing: it is no damage.
    Throws TORCH_CHECKPOINT_OTHER for one of another plan or of Vultune's own engine,
    TORCH_CHECKPOINT_BROKEN where none is whole.
    """
    damaged: Path | None = None
    for file in (folder / LAST, folder / NEXT, folder / PREVIOUS):
        if not file.is_file():
            continue
        try:
            with safe_open(file, "pt") as stored:
                metadata = stored.metadata() or {}
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            if checksum(tensors, metadata["counters"], metadata["best"]) != metadata["sha256"]:
                raise ValueError("its checksum is another one")
            counters = Counters(**json.loads(metadata["counters"]) | {"dropoutKey": Counters.dropoutKey})
        except (SafetensorError, OSError, KeyError, ValueError, TypeError):
            if file.name != NEXT:
                damaged = damaged or file
            continue
        own = metadata.get("plan")
        if own is None:
            raise RunError(
                "TORCH_CHECKPOINT_OTHER",
                f"Vultune's own engine wrote {file}, and it names no plan",
                "Hand the run over where Node is: vultune train --resume RUN --engine torch",
            )
        if own != plan_hash:
            raise RunError(
                "TORCH_CHECKPOINT_OTHER",
                f"{file} is of another plan ({own[:12]}) than this one ({plan_hash[:12]})",
                "Give the plan that the run was started with, or another run folder.",
            )
        named = {name: one for name, one in tensors.items() if name.startswith("best/") or name == "best_valid_scores"}
        return State(counters, tensors, Best(metadata["best"], named), file)
    if damaged is not None:
        raise RunError(
            "TORCH_CHECKPOINT_BROKEN",
            f"the checkpoint {damaged} is damaged, and there is no whole one beside it",
            "Put a copy back, or remove the folder checkpoints/ to train again from the first step.",
        )
    return None


def save_evaluated(folder: Path, step: int, tensors: dict[str, Tensor], scores: Tensor) -> None:
    """Parameters at an evaluation with the scores they give: Vultune computes the metrics and chooses the best."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"evaluated-{step:08d}.safetensors"
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(file, {**held, "valid_scores": scores}, {"step": str(step)})


def write_whole(file: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Killed at any moment, it leaves what was there. What it wrote until then has a name that Vultune cleans up."""
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    save_file(tensors, temporary, metadata)
    os.replace(temporary, file)
