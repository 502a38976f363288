"""Before the first step: whether functions that are packed are judged as if they were alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from .attention import NAME
from .errors import RunError
from .passes import Classifier
from .plan import Plan

# Largest difference of a logit, over the largest logit or 1; by the type that is computed in.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 2e-2}
# Other neighbours leave a function's shapes and kernels as they are: next to nothing may change.
NEIGHBOUR_TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 4e-3}


def require_isolation(model: Classifier, plan: Plan, dtype: torch.dtype) -> None:
    """Compares two functions packed with each alone, and with another function before them; and beginnings that are laid out
    once with the same functions one after the other.

    Throws TORCH_NOT_ISOLATED.
    """
    order = sorted(range(len(plan.train)), key=lambda function: len(plan.train.ids(function)))
    first, second = plan.train.ids(order[len(order) // 2]), plan.train.ids(order[-1])
    # As long as the first, of other tokens.
    other = second.flip(0).repeat(-(-len(first) // len(second)))[: len(first)]
    with torch.no_grad():
        with transformers_attention(model):
            alone = torch.cat([model([first]), model([second])])
        packed = model([first, second])
        beside = model([other, second])
        split = beginnings_difference(model, plan)
    scale = max(1.0, alone.abs().max().item())
    difference = max((packed - alone).abs().max().item(), split) / scale
    leak = (packed[1] - beside[1]).abs().max().item() / scale
    if finite(alone) and difference <= TOLERANCE[dtype] and leak <= NEIGHBOUR_TOLERANCE[dtype]:
        return
    raise RunError(
        "TORCH_NOT_ISOLATED",
        f"two functions that are packed have other logits than alone (by {difference:.2g}, and by {leak:.2g} with another "
        f"function beside them): they see each other, or this {plan.model['family']} model is not what it seems",
        "Train with --layout rows, which pads instead of packing; please report the model and the versions.",
    )


def beginnings_difference(model: Classifier, plan: Plan) -> float:
    """Largest difference of a logit between the first pass that shares beginnings and the same functions without sharing."""
    found = next((one for step in plan.steps for one in step.passes if one.shared is not None), None)
    if found is None or not model.shares:
        return 0.0
    functions = [plan.train.ids(index) for index in found.functions]
    return float((model(functions, plan.layout(found, shares=True)) - model(functions)).abs().max())


@contextmanager
def transformers_attention(model: Classifier) -> Iterator[None]:
    """Where attention is ours, functions alone are judged by the one that the model came with."""
    if not model.shares:
        yield
        return
    model.inner.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.inner.set_attn_implementation(NAME)


def finite(logits: Tensor) -> bool:
    return bool(torch.isfinite(logits).all())
