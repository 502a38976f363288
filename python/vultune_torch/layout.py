"""How the functions of a pass lie in one row: where the tokens of each are, and what its attention sees."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .attention import Segment


@dataclass(frozen=True)
class Shared:
    """Which functions begin as others of the pass do, as the plan says."""

    # All functions, each behind the one that it begins like.
    order: list[int]
    # For each function the one that it begins like, and how many tokens they have in common.
    prefixes: list[tuple[int, int] | None]


@dataclass(frozen=True)
class Layout:
    ids: Tensor  # [N]
    positions: Tensor  # [N]
    # For each function its tokens' places in the row; what is shared lies there once.
    tokens: list[Tensor]
    segments: tuple[Segment, ...]


def isolated(functions: list[Tensor], shared: Shared | None = None) -> Layout:
    """Functions that do not see each other."""
    places: list[Tensor] = [torch.empty(0)] * len(functions)
    ids, positions, segments, start = [], [], [], 0
    for index in shared.order if shared is not None else range(len(functions)):
        prefix = shared.prefixes[index] if shared is not None else None
        before = prefix[1] if prefix is not None else 0
        own = functions[index][before:]
        end = start + len(own)
        places[index] = torch.arange(start, end)
        if prefix is not None:
            places[index] = torch.cat([places[prefix[0]][:before], places[index]])
        if len(own) > 0:
            segments.append(Segment(start, end, None if before == 0 else places[index]))
        ids.append(own)
        positions.append(torch.arange(before, before + len(own)))
        start = end
    return Layout(torch.cat(ids), torch.cat(positions), places, tuple(segments))


def joined(functions: list[Tensor], separator: int | None) -> Layout:
    """One text: each function sees those before it, and the separators between them."""
    between = torch.tensor([] if separator is None else [separator], dtype=torch.long)
    ids, places, start = [], [], 0
    for index, function in enumerate(functions):
        if index > 0:
            ids.append(between)
            start += len(between)
        ids.append(function)
        places.append(torch.arange(start, start + len(function)))
        start += len(function)
    return Layout(torch.cat(ids), torch.arange(start), places, (Segment(0, start, None),))
