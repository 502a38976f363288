"""What PEFT's RankAllocator does with random parameters and gradients: the reference of AdaLoRA's allocation here.

python tools/adalora_ranks.py OUT.safetensors
"""

import argparse
import json

import torch
from peft import AdaLoraConfig, get_peft_model
from safetensors.torch import save_file
from torch import Tensor, nn

STEPS = 12
SCHEDULE = {"target_r": 2, "init_r": 4, "tinit": 2, "tfinal": 3, "deltaT": 2, "beta1": 0.85, "beta2": 0.7}
ORTHOGONAL_WEIGHT = 0.5


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 5)
        self.second = nn.Linear(5, 7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    options = parser.parse_args()
    torch.manual_seed(0)
    config = AdaLoraConfig(target_modules=["first", "second"], total_step=STEPS, orth_reg_weight=ORTHOGONAL_WEIGHT, **SCHEDULE)
    model = get_peft_model(Two(), config)
    parameters = {n.replace(".default", ""): p for n, p in model.named_parameters() if "lora_" in n}
    tensors: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        parameter.data.normal_(0, 0.5)
        tensors[f"start/{name}"] = parameter.data.clone()
    model.zero_grad()
    orthogonal_penalty(parameters).backward()
    for name, parameter in parameters.items():
        if "lora_E" not in name:
            tensors[f"penalty_gradient/{name}"] = parameter.grad.clone()
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.data += 0.1 * torch.randn(parameter.shape)
            parameter.grad = torch.randn(parameter.shape)
            tensors[f"{step}/parameter/{name}"] = parameter.data.clone()
            tensors[f"{step}/gradient/{name}"] = parameter.grad.clone()
        model.base_model.update_and_allocate(step)
        for name, parameter in parameters.items():
            if "lora_E" in name:
                tensors[f"{step}/values/{name}"] = parameter.data.clone()
    save_file(
        tensors, options.out, {"schedule": json.dumps({"steps": STEPS, "orth_reg_weight": ORTHOGONAL_WEIGHT, **SCHEDULE})}
    )


def orthogonal_penalty(parameters: dict[str, Tensor]) -> Tensor:
    """As AdaLoraModel.forward adds it to a loss."""
    norms = []
    for name, p in parameters.items():
        if "lora_E" in name:
            continue
        covariance = p @ p.T if "lora_A" in name else p.T @ p
        norms.append(torch.norm(covariance - torch.eye(covariance.shape[0]), p="fro"))
    return ORTHOGONAL_WEIGHT * sum(norms) / len(norms)


if __name__ == "__main__":
    main()
