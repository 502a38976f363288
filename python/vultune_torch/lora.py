"""A linear layer and its LoRA as one operation on a CPU: the adapter's products are added into those of the layer.

PEFT makes a tensor as wide as the output for the adapter's part, scales it and adds it to another: on a CPU the time of a
layer is then as much moving as multiplying. Here the scale is on the [N, r] in between, and the sum is the product's own.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class AdaptedLinear(torch.autograd.Function):
    """x W^T + bias + (scale dropped A^T) B^T: [N, in] -> [N, out]. `dropped`: x behind dropout; None: x itself. W is frozen."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, dropped: Tensor | None, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float
    ) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            learnt = x if dropped is None else dropped
            # Trained values are float32, whatever is computed in.
            a_held, b_held = a.to(x.dtype), b.to(x.dtype)
            low = nn.functional.linear(learnt, a_held).mul_(scale)  # [N, r]
            out = nn.functional.linear(x, weight, bias).addmm_(low, b_held.T)
        ctx.save_for_backward(learnt, weight, a_held, b_held, low)
        ctx.scale, ctx.is_dropped = scale, dropped is not None
        return out

    @staticmethod
    def backward(ctx: Any, of_out: Tensor) -> tuple[Tensor | None, ...]:
        learnt, weight, a, b, low = ctx.saved_tensors
        needs_x, needs_dropped, _, needs_bias = ctx.needs_input_grad[:4]
        of_low = torch.mm(of_out, b).mul_(ctx.scale)  # [N, r]
        of_x = torch.mm(of_out, weight) if needs_x else None
        of_dropped = torch.mm(of_low, a) if needs_dropped else None
        if of_x is not None and not ctx.is_dropped:
            of_x.addmm_(of_low, a)
        of_bias = of_out.sum(0) if needs_bias else None
        return of_x, of_dropped, None, of_bias, torch.mm(of_low.T, learnt).float(), torch.mm(of_out.T, low).float(), None


def adapt_in_one(adapted: Any) -> None:
    """Has every linear layer with a plain LoRA computed as one operation; others stay PEFT's."""
    from peft.tuners.lora.layer import Linear

    for module in adapted.modules():
        if type(module) is Linear and type(module.base_layer) is nn.Linear and is_plain(module):
            module.forward = partial(adapted_forward, module)


def is_plain(module: Any) -> bool:
    """LoRA without a variant, a bias of its own or more than one adapter."""
    return list(module.lora_A) == ["default"] and not module.lora_variant and module.lora_B["default"].bias is None


def adapted_forward(module: Any, x: Tensor) -> Tensor:
    """[..., in] -> [..., out]."""
    base = module.base_layer
    x = x.to(base.weight.dtype)
    dropout = module.lora_dropout["default"]
    is_dropping = isinstance(dropout, nn.Dropout) and dropout.p > 0 and module.training
    rows = x.reshape(-1, x.shape[-1])
    a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
    dropped = dropout(rows) if is_dropping else None
    out: Tensor = AdaptedLinear.apply(rows, dropped, base.weight, base.bias, a, b, module.scaling["default"])
    return out.unflatten(0, x.shape[:-1])
