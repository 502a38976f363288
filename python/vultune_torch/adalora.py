"""AdaLoRA through PEFT's own allocator: its state as a checkpoint holds it, and the penalty that PEFT adds to a loss.

Vultune's names: importance and uncertainty of every weight, and which singular values are kept (`lora_E`, 1 or 0).
"""

from typing import Any

import torch
from torch import Tensor

from .model import TrainedModel, file_key

State = dict[str, Tensor]


class Ranks:
    def __init__(self, model: TrainedModel, total_steps: int) -> None:
        tuner = model.classifier.adapted.base_model
        self.tuner: Any = tuner
        self.names: dict[str, str] = {
            file_key("base_model.model." + name): name
            for name, one in tuner.model.named_parameters()
            if one.requires_grad and ".lora_" in name
        }
        self.parameters = {key: model.parameters[key] for key in self.names}
        self.settings = tuner.peft_config["default"]
        self.settings.total_step = total_steps
        tuner.rankallocator.set_total_step(total_steps)
        self.kept: State = {key: torch.ones_like(one) for key, one in self.parameters.items() if key.endswith(".lora_E")}

    def add_penalty_gradients(self) -> None:
        """weight * mean over both sides of all matrices of |P^T P - I|."""
        sides = [(key, one) for key, one in self.parameters.items() if key.endswith((".lora_A", ".lora_B"))]
        terms = []
        for key, side in sides:
            product = side @ side.T if key.endswith("A") else side.T @ side
            terms.append(torch.linalg.matrix_norm(product - torch.eye(len(product), device=side.device)))
        (self.settings.orth_reg_weight * torch.stack(terms).mean()).backward()

    def allocate(self, step: int) -> None:
        """After the optimiser's step, counted from 0, with the gradients it was made with."""
        self.tuner.update_and_allocate(step)
        pattern: dict[str, list[bool]] | None = self.settings.rank_pattern
        for key in self.kept:
            if pattern and self.names[key] in pattern:
                self.kept[key] = torch.tensor(pattern[self.names[key]]).float()[:, None]

    def state(self) -> dict[str, State]:
        """What PEFT has not counted yet is 0."""
        allocator = self.tuner.rankallocator

        def counted(means: dict[str, Tensor]) -> State:
            return {
                key: means[name] if name in means else torch.zeros_like(self.parameters[key])
                for key, name in self.names.items()
            }

        return {
            "importance": counted(allocator.exp_avg_ipt),
            "uncertainty": counted(allocator.exp_avg_unc),
            "kept": self.kept,
        }

    def restore(self, state: dict[str, State]) -> None:
        allocator = self.tuner.rankallocator
        for key, name in self.names.items():
            device = self.parameters[key].device
            allocator.ipt[name] = torch.zeros_like(self.parameters[key])
            allocator.exp_avg_ipt[name] = state["importance"][key].to(device)
            allocator.exp_avg_unc[name] = state["uncertainty"][key].to(device)
        self.kept = state["kept"]
        self.settings.rank_pattern = {
            self.names[key]: [bool(value) for value in kept.flatten()] for key, kept in self.kept.items()
        }


def ranks_of(model: TrainedModel, kind: str, total_steps: int) -> Ranks | None:
    return Ranks(model, total_steps) if kind == "adalora" else None
