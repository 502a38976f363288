"""The processes of a run: who each is, and sums over all of them.

Ranks hold equal models and add up gradients once a step, after all of its passes: by hand instead of by
DistributedDataParallel, which averages, wants as many passes on each rank, and has nothing to overlap with where gradients
are those of an adapter.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from .errors import RunError

# A rank that waits longer for the others is alone; validation of a large set may take half an hour on one of them.
TIMEOUT = timedelta(minutes=60)


@dataclass(frozen=True)
class World:
    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, count: int) -> range:
        """The passes of a step that this rank takes: pass i is that of rank i mod size."""
        return range(self.rank, count, self.size)

    def rounds(self, count: int) -> int:
        """How many passes every rank runs where all have to run equally many."""
        return -(-count // self.size)

    def add_up(self, tensors: Iterable[Tensor]) -> None:
        """Replaces tensors by their sums over all ranks, in one message."""
        if self.size == 1:
            return
        parts = list(tensors)
        flat = torch.cat([part.detach().reshape(-1).float() for part in parts])
        with lost_rank():
            dist.all_reduce(flat)
        start = 0
        for part in parts:
            part.copy_(flat[start : start + part.numel()].view_as(part))
            start += part.numel()

    def any(self, flag: bool) -> bool:
        if self.size == 1:
            return flag
        told = torch.tensor([float(flag)], device=self.device)
        with lost_rank():
            dist.all_reduce(told, op=dist.ReduceOp.MAX)
        return bool(told.item())

    def require_same(self, what: str, value: str) -> None:
        """Throws TORCH_RANKS_DISAGREE."""
        if self.size == 1:
            return
        values: list[str | None] = [None] * self.size
        with lost_rank():
            dist.all_gather_object(values, value)
        other = next((rank for rank, theirs in enumerate(values) if theirs != values[0]), None)
        if other is not None:
            raise RunError(
                "TORCH_RANKS_DISAGREE",
                f"{what} is another one on rank {other} ({values[other]}) than on rank 0 ({values[0]})",
                "Give every node the same plan folder and the same run folder: a shared file system, or equal copies.",
            )


class RankLostError(RunError):
    """Another process of the run is gone: its machine, or what it ran out of."""

    def __init__(self, said: str) -> None:
        super().__init__(
            "TORCH_RANK_LOST",
            f"another process of the run ended, or cannot be reached any more ({said})",
            "See what it said last. Start the run again: it goes on from its checkpoint, on any number of processes.",
        )


@contextmanager
def lost_rank() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise RankLostError(str(error).strip().split("\n")[0]) from error


def numbered(*names: str, default: int) -> int:
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdigit()), default)


def end_with_launcher() -> None:
    """
    A rank that torchrun or accelerate started is killed when they are: left alone, it would go on writing to a run that is
    begun again. Linux alone can do so. Under other launchers, which may start processes from a thread that ends, nothing is
    done.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ or not sys.platform.startswith("linux"):
        return
    parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def join_world() -> World:
    """What torchrun, accelerate and Ray say in the environment; srun says it in variables of its own."""
    end_with_launcher()
    size = numbered("WORLD_SIZE", "SLURM_NTASKS", default=1)
    rank = numbered("RANK", "SLURM_PROCID", default=0) if size > 1 else 0
    local = numbered("LOCAL_RANK", "SLURM_LOCALID", default=0)
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", local % torch.cuda.device_count())
        torch.cuda.set_device(device)
    if size > 1:
        os.environ.setdefault("RANK", str(rank))
        os.environ.setdefault("WORLD_SIZE", str(size))
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29571")
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    return World(rank, size, device)


def leave_world() -> None:
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
