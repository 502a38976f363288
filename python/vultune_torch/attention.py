"""Attention of packed functions one after the other, over the tokens of each alone.

Transformers' own way for a packed row is a mask of all of its tokens against all, [S, S]: on a CPU most of its work is on
pairs that are masked. Functions by themselves need no mask, and what they begin with in common need not be computed twice.
Queries go in blocks whose products end where the last of them does. PyTorch's own kernel computes a causal row as a whole one,
and in bfloat16 takes three times as long as these products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

NAME = "functions"
# Queries whose products are made together.
BLOCK = 128
# Probabilities of functions up to this length are kept for the way back; those of longer ones are computed again.
MOST_KEPT_TOKENS = 1024


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


@dataclass(frozen=True)
class Block:
    """Queries of a function at the places `first` up to `last` in it, which see the keys from `low` on."""

    first: int
    last: int
    low: int
    # Where its queries are in the row.
    row: slice

    @property
    def keys(self) -> slice:
        return slice(self.low, self.last)


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
    if attention_mask is not None or query.shape[0] != 1 or Row.segments[-1].end != query.shape[2] or dropout > 0:
        raise AssertionError("the attention of functions was given another row than the one that was laid out")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return FunctionAttention.apply(query[0], key[0], value[0], Row.segments, scale, sliding_window)[None], None


class FunctionAttention(torch.autograd.Function):
    """softmax(scale q k^T) v of each function, causal: [H, N, d], [K, N, d], [K, N, d] -> [N, H, d].

    G = H / K queries share a key. With P = softmax(s), s = scale q k^T and dP = dO v^T: ds = P (dP - sum(dP P)).
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        segments: Sequence[Segment],
        scale: float,
        window: int | None,
    ) -> Tensor:
        ctx.laid_out = segments, scale, window
        is_trained = any(ctx.needs_input_grad)
        q = grouped(query, key)  # [K, G, N, d]
        out = value.new_empty(q.shape[2], *q.shape[:2], value.shape[2])  # [N, K, G, d]
        kept: list[Tensor | None] = []
        with torch.autocast(query.device.type, enabled=False):
            for one in segments:
                k, v = tokens_of(one, key), tokens_of(one, value)
                for block in blocks_of(one, window):
                    p = probabilities(q[:, :, block.row].flatten(1, 2), k, block, scale, window)
                    out[block.row] = torch.bmm(p, v[:, block.keys]).unflatten(1, (q.shape[1], -1)).permute(2, 0, 1, 3)
                    kept.append(p if is_trained and k.shape[1] <= MOST_KEPT_TOKENS else None)
        ctx.save_for_backward(query, key, value, *kept)
        return out.flatten(1, 2)

    @staticmethod
    def backward(ctx: Any, of_out: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, *kept = ctx.saved_tensors
        segments, scale, window = ctx.laid_out
        q, of_query = grouped(query, key), torch.empty_like(query)
        of_q = grouped(of_query, key)
        of_o = of_out.permute(1, 0, 2).unflatten(0, q.shape[:2])  # [K, G, N, d]
        # Added up over blocks, and over functions that begin alike.
        of_key, of_value = torch.zeros_like(key, dtype=torch.float32), torch.zeros_like(value, dtype=torch.float32)
        probability = iter(kept)
        for one in segments:
            k, v = tokens_of(one, key), tokens_of(one, value)
            of_k, of_v = torch.zeros_like(k, dtype=torch.float32), torch.zeros_like(v, dtype=torch.float32)
            for block in blocks_of(one, window):
                rows, o = q[:, :, block.row].flatten(1, 2), of_o[:, :, block.row].flatten(1, 2)
                p = next(probability)
                if p is None:
                    p = probabilities(rows, k, block, scale, window)
                of_p = torch.bmm(o, v[:, block.keys].mT)
                of_scores = torch.ops.aten._softmax_backward_data(of_p, p, -1, p.dtype)
                of_q[:, :, block.row] = torch.bmm(of_scores, k[:, block.keys]).mul_(scale).unflatten(1, (q.shape[1], -1))
                of_k[:, block.keys] += torch.bmm(of_scores.mT, rows).mul_(scale)
                of_v[:, block.keys] += torch.bmm(p.mT, o)
            for total, part in ((of_key, of_k), (of_value, of_v)):
                if one.keys is None:
                    total[:, one.start : one.end] += part
                else:
                    total.index_add_(1, one.keys.to(total.device), part)
        return of_query, of_key.to(key.dtype), of_value.to(value.dtype), None, None, None


def grouped(query: Tensor, key: Tensor) -> Tensor:
    """[H, N, d] -> [K, G, N, d]."""
    return query.unflatten(0, (key.shape[0], -1))


def tokens_of(one: Segment, row: Tensor) -> Tensor:
    """[K, N, d] -> [K, all tokens of the function, d]."""
    return row[:, one.start : one.end] if one.keys is None else row[:, one.keys]


def blocks_of(one: Segment, window: int | None) -> Iterator[Block]:
    for start in range(one.start, one.end, BLOCK):
        end = min(one.end, start + BLOCK)
        first, last = one.before + start - one.start, one.before + end - one.start
        yield Block(first, last, 0 if window is None else max(0, first - window + 1), slice(start, end))


def probabilities(queries: Tensor, keys: Tensor, block: Block, scale: float, window: int | None) -> Tensor:
    """[K, G * queries, d], [K, tokens, d] -> [K, G * queries, keys of the block]."""
    scores = torch.bmm(queries, keys[:, block.keys].mT).mul_(scale)
    hide(scores.unflatten(1, (-1, block.last - block.first)), block, window)
    return torch.softmax(scores, -1)


def hide(scores: Tensor, block: Block, window: int | None) -> None:
    """[..., queries, keys of the block]: a query sees what is before it and itself, `window` tokens at most."""
    first, last, low = block.first, block.last, block.low
    query = torch.arange(first, last, device=scores.device)[:, None]
    own = torch.arange(first, last, device=scores.device)
    scores[..., first - low :].masked_fill_(own > query, -torch.inf)
    if window is not None and last - window > low:
        old = torch.arange(low, last - window, device=scores.device)
        scores[..., : last - window - low].masked_fill_(old <= query - window, -torch.inf)


AttentionInterface.register(NAME, attend)


def can_attend(model: Any) -> bool:
    """Whether a model takes its attention from outside, and what it takes is plain SDPA."""
    return bool(getattr(model, "_supports_attention_backend", False)) and model.config._attn_implementation == "sdpa"
