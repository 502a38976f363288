"""The last block where only some tokens are read behind it: its MLP is computed for those alone.

A block's MLP, unlike its attention, looks at one token at a time, and nothing follows the last one but a norm.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class Read:
    """Which tokens of the row, [1, N], are read behind the last block; None: all."""

    places: Tensor | None = None


def prune_last_block(blocks: nn.ModuleList) -> None:
    """Has the MLP of the last block compute the tokens that are read; a block that has none under that name stays."""
    mlp = getattr(blocks[-1], "mlp", None)
    if isinstance(mlp, nn.Module):
        mlp.forward = partial(read_alone, mlp.forward)  # type: ignore[method-assign]


def read_alone(forward: Any, hidden: Tensor) -> Tensor:
    """[1, N, D] -> [1, N, D]: what `forward` makes of the tokens that are read, 0 for the others."""
    if Read.places is None:
        return forward(hidden)
    places = Read.places.to(hidden.device)
    out = forward(hidden[:, places])
    return torch.zeros_like(hidden, dtype=out.dtype).index_copy(1, places, out)
