"""The plan folder: which functions make which step, their token ids, labels and weights, and what is trained of them.

Nothing is planned here. plan.json names every other file with its SHA-256, so the hash of plan.json stands for all of it.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from .errors import RunError
from .layout import Layout, Shared, isolated, joined

FORMAT_VERSION = 3


@dataclass(frozen=True)
class Pass:
    """Functions that go through the model together; `factor` turns the sum of their losses into their part of the step's."""

    functions: list[int]
    factor: float
    # Which of them begin alike; None: none, or it is not to be used.
    shared: Shared | None = None


@dataclass(frozen=True)
class Step:
    passes: list[Pass]
    functions: int


@dataclass(frozen=True)
class Functions:
    """Token ids of all functions, one after the other: function i is tokens[offsets[i]:offsets[i + 1]]."""

    tokens: Tensor  # [T] int32
    offsets: Tensor  # [F + 1] int64
    labels: Tensor  # [F] int64
    weights: Tensor  # [F] float32
    # [T] the token behind each token, -1 where it is not learnt; None for a classifier.
    nexts: Tensor | None = None
    # [F] of a vulnerable function that is to have a higher score than its fixed version that one's index, -1 of others.
    fixed_versions: Tensor | None = None
    # [F, K] what part each CWE has in a function's, all 0 where none of the classes has.
    cwe_shares: Tensor | None = None

    def ids(self, function: int) -> Tensor:
        return self.tokens[int(self.offsets[function]) : int(self.offsets[function + 1])].long()

    def learnt(self, function: int) -> Tensor:
        assert self.nexts is not None
        return self.nexts[int(self.offsets[function]) : int(self.offsets[function + 1])].long()

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Plan:
    folder: Path
    hash: str
    config: dict[str, Any]
    base: dict[str, Any]
    model: dict[str, Any]
    steps: list[Step]
    steps_per_epoch: list[int]
    warmup_steps: int
    train: Functions
    valid: Functions
    valid_passes: list[list[int]]
    # [F] float64, for a curriculum by loss: nothing to train by, but checkpoints hold it.
    difficulty: Tensor | None = None

    def layout(self, one: Pass, shares: bool) -> Layout:
        """Where the functions of a pass lie when they are packed."""
        functions = [self.train.ids(index) for index in one.functions]
        if self.is_joined:
            return joined(functions, self.model["separator"])
        return isolated(functions, one.shared if shares else None)

    @property
    def is_joined(self) -> bool:
        return bool(self.config["packing"] == "joined")


def read_plan(folder: Path) -> Plan:
    """Throws TORCH_PLAN_MISSING, TORCH_PLAN_VERSION and TORCH_PLAN_BROKEN."""
    file = folder / "plan.json"
    if not file.is_file():
        raise RunError(
            "TORCH_PLAN_MISSING",
            f"there is no plan.json in {folder}",
            "Write the folder with: vultune plan CONFIG --out FOLDER.",
        )
    text = file.read_bytes()
    try:
        stored = json.loads(text)
        version = stored["formatVersion"]
    except (ValueError, KeyError, TypeError) as error:
        raise broken(file, "it is not the JSON of a plan") from error
    if version != FORMAT_VERSION:
        raise RunError(
            "TORCH_PLAN_VERSION",
            f"{file} has formatVersion {version!r}, this runner reads {FORMAT_VERSION}",
            "Run the run_plan.py that lies in the plan folder, or write the plan anew with this version of vultune.",
        )
    for name, digest in stored["files"].items():
        if sha256(folder / name) != digest:
            raise broken(folder / name, "it is not the file that plan.json was written with")
    try:
        functions = load_file(folder / "functions.safetensors")
        return Plan(
            folder=folder,
            hash=hashlib.sha256(text).hexdigest(),
            config=stored["config"],
            base=stored["base"],
            model=stored["model"],
            steps=[read_step(step) for step in stored["steps"]],
            steps_per_epoch=stored["stepsPerEpoch"],
            warmup_steps=stored["warmupSteps"],
            train=part(functions, "train"),
            valid=part(functions, "valid"),
            valid_passes=stored["validation"],
            difficulty=functions.get("difficulty"),
        )
    except (KeyError, TypeError) as error:
        raise broken(file, f"a field is missing: {error}") from error


def read_step(stored: dict[str, Any]) -> Step:
    passes = [Pass(one["functions"], one["factor"], read_shared(one.get("shared"))) for one in stored["passes"]]
    return Step(passes, sum(len(one.functions) for one in passes))


def read_shared(stored: dict[str, Any] | None) -> Shared | None:
    if stored is None:
        return None
    prefixes = [None if one is None else (one["of"], one["length"]) for one in stored["prefixes"]]
    return Shared(stored["order"], prefixes)


def part(tensors: dict[str, Tensor], name: str) -> Functions:
    tokens, offsets = tensors[f"{name}.tokens"], tensors[f"{name}.offsets"]
    count = len(offsets) - 1
    weights = tensors.get(f"{name}.weights", torch.ones(count))
    labels, nexts = tensors[f"{name}.labels"].long(), tensors.get(f"{name}.next")
    pairs, shares = tensors.get(f"{name}.fixed_versions"), tensors.get(f"{name}.cwe_shares")
    return Functions(tokens, offsets, labels, weights, nexts, pairs, shares)


def sha256(file: Path) -> str:
    if not file.is_file():
        raise broken(file, "it is missing")
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def broken(file: Path, why: str) -> RunError:
    return RunError("TORCH_PLAN_BROKEN", f"the plan is damaged: {file}: {why}", "Copy the whole folder again, or plan again.")
