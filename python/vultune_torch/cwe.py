"""The second matrix of a head that names CWEs too, on the vector that the classifier's last one reads: not PEFT's."""

from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .plan import Plan
from .world import World

FILE = "start/cwe_head.safetensors"


class CweHead(nn.Module):
    """A linear layer over K CWEs beside the module of the two logits; `first`: its matrix [K, D] and bias [K] by their keys."""

    def __init__(self, first: dict[str, Tensor], module: nn.Module) -> None:
        super().__init__()
        keys = {one.dim(): key for key, one in first.items()}
        self.weight, self.bias = nn.Parameter(first[keys[2]].clone()), nn.Parameter(first[keys[1]].clone())
        self.by_key = {keys[2]: self.weight, keys[1]: self.bias}
        self.vector: Tensor | None = None
        # PEFT keeps a frozen copy beside the trained one.
        *_, last = (one for one in module.modules() if is_last(one))
        last.register_forward_pre_hook(self.keep)

    def keep(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        self.vector = inputs[0]

    def nats(self, shares: Tensor) -> Tensor:
        """[B, K] -> [B]: cross-entropy of the functions that went through the classifier last; 0 where no CWE has a share."""
        assert self.vector is not None
        logp = torch.log_softmax(nn.functional.linear(self.vector.float(), self.weight, self.bias), -1)
        return -(logp * shares).sum(-1)


def is_last(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) and module.out_features == 2 and module.weight.requires_grad


def cwe_head_of(plan: Plan, module: nn.Module, world: World) -> CweHead | None:
    """None where the plan has none."""
    file = plan.folder / FILE
    return CweHead(load_file(file), module).to(world.device) if file.is_file() else None
