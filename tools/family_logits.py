"""What Transformers + PEFT make of adapters written here: the other half of check-adapters-of-families.mjs.

Reads a JSON file with jobs {folder, base, adapter, functions: token ids}; writes one JSON line a job on stdout:
{folder, logits, merged, effect} or {folder, error}. `merged` is the largest difference that merging the adapter into
the base model makes, `effect` the largest that the adapter and its head make.
"""

import argparse
import json
import os
import re
import sys
import warnings
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor, nn

import base_model
import reference_models


class AdapterError(Exception):
    """The adapter loads, but not all of it is used, or PEFT would have it otherwise."""


def judge(job: dict[str, Any]) -> dict[str, Any]:
    functions = [torch.tensor([ids]) for ids in job["functions"]]
    model = reference_models.load_classifier(job["base"])
    # With a padding token, the pooled token would be the last one unlike it; encoders need theirs for the positions.
    if hasattr(model, "score"):
        model.config.pad_token_id = None
    add_top_layers(model, os.path.join(job["adapter"], "vultune.json"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(model, job["adapter"]).eval()
    for warning in caught:
        if "adapter keys" in str(warning.message) or "fan_in_fan_out" in str(warning.message):
            raise AdapterError(str(warning.message))
    require_all_used(adapted, load_file(os.path.join(job["adapter"], "adapter_model.safetensors")))
    with torch.no_grad():
        logits = logits_of(adapted, functions)
        with adapted.disable_adapter():
            without = logits_of(adapted, functions)
        merged = logits_of(adapted.merge_and_unload(), functions)
    return {
        "folder": job["folder"],
        "logits": logits.tolist(),
        "merged": (merged - logits).abs().max().item(),
        "effect": (without - logits).abs().max().item(),
    }


def add_top_layers(model: nn.Module, settings: str) -> None:
    """A head with layers before its last matrix, which Transformers' classes have not: as the model card says."""
    if not os.path.exists(settings):
        return
    with open(settings, encoding="utf-8") as file:
        count = json.load(file).get("topMlpLayers", 0)
    if count == 0:
        return
    parent, name = (
        (model.classifier, "out_proj")
        if hasattr(getattr(model, "classifier", None), "out_proj")
        else (model, "score" if hasattr(model, "score") else "classifier")
    )
    last = getattr(parent, name)
    width = last.in_features
    layers = [part for _ in range(count) for part in (nn.Linear(width, width), nn.GELU())]
    setattr(parent, name, nn.Sequential(*layers, nn.Linear(width, 2, bias=last.bias is not None)))


def require_all_used(model: PeftModel, stored: dict[str, Tensor]) -> None:
    """PEFT passes over keys that it does not know, and what is missing keeps its first values."""
    held = get_peft_model_state_dict(model, save_embedding_layers=False)
    # With bias: all, it also lists the head's biases by the names of its own wrappers.
    held = {name: held[name] for name in held if not re.search(r"\.(original_module|modules_to_save)\.", name)}
    if held.keys() != stored.keys():
        raise AdapterError(
            f"only in the file: {some(stored.keys() - held.keys())}; only in PEFT: {some(held.keys() - stored.keys())}"
        )
    changed = [name for name, tensor in stored.items() if not torch.equal(tensor, held[name])]
    if changed:
        raise AdapterError(f"tensors that PEFT did not take from the file: {some(set(changed))}")


def some(names: set[str]) -> str:
    shown = ", ".join(sorted(names)[:2]) or "nothing"
    return f"{shown} and {len(names) - 2} more" if len(names) > 2 else shown


def logits_of(model: nn.Module, functions: list[Tensor]) -> Tensor:
    rows = []
    for ids in functions:
        reference_models.forget_longer(model)
        rows.append(model(input_ids=ids).logits)
    return torch.cat(rows)  # [B, 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", help="JSON file")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base_model.quiet()
    with open(options.jobs, encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        try:
            result = judge(job)
        except (AdapterError, ValueError, RuntimeError, KeyError, OSError) as error:
            result = {"folder": job["folder"], "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
