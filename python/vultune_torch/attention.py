"""Attention of packed functions one after the other, over the tokens of each alone.

Transformers' own way for a packed row is a mask of all of its tokens against all, [S, S]: on a CPU most of its work is on
pairs that are masked. Functions by themselves need no mask, and what they begin with in common need not be computed twice.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

NAME = "functions"


@dataclass(frozen=True)
class Segment:
    """A function's own tokens in the row, `start` up to `end`; behind `before` tokens of another that it begins like."""

    start: int
    end: int
    # [before + end - start] all tokens of the function; None where its own are all.
    keys: Tensor | None

    @property
    def before(self) -> int:
        return 0 if self.keys is None else len(self.keys) - (self.end - self.start)


class Row:
    """What the attention of every layer is told of the row that goes through the model, by whoever lays it out."""

    segments: tuple[Segment, ...] = ()


def attend(
    module: nn.Module,
    query: Tensor,  # [1, H, N, d]
    key: Tensor,  # [1, K, N, d]
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """[1, N, H, d], as Transformers' attention functions."""
    if attention_mask is not None or query.shape[0] != 1 or Row.segments[-1].end != query.shape[2]:
        raise AssertionError("the attention of functions was given another row than the one that was laid out")
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    parts = []
    for one in Row.segments:
        own = slice(one.start, one.end)
        k, v = (key[:, :, own], value[:, :, own]) if one.keys is None else (key[:, :, one.keys], value[:, :, one.keys])
        mask = mask_of(one, sliding_window, query.device)
        parts.append(
            nn.functional.scaled_dot_product_attention(
                query[:, :, own], k, v, attn_mask=mask, dropout_p=dropout, is_causal=mask is None, scale=scaling
            )
        )
    return torch.cat(parts, 2).transpose(1, 2).contiguous(), None


def mask_of(one: Segment, window: int | None, device: torch.device) -> Tensor | None:
    """[own tokens, all tokens]: who is seen; None where it is all before and itself."""
    all_tokens = one.before + one.end - one.start
    if one.before == 0 and (window is None or all_tokens <= window):
        return None
    behind = torch.arange(one.before, all_tokens, device=device)[:, None] - torch.arange(all_tokens, device=device)
    return (behind >= 0) & (behind < (window or all_tokens))


AttentionInterface.register(NAME, attend)


def can_attend(model: Any) -> bool:
    """Whether a model takes its attention from outside, and what it takes is plain SDPA."""
    return bool(getattr(model, "_supports_attention_backend", False)) and model.config._attn_implementation == "sdpa"
