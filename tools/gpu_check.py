"""What python/vultune_torch does on a GPU, with random weights and no network: memory, tokens/s, packed against padded rows.

Prints one JSON line a case. `--tiny` takes models of a few kilobytes, on whatever device there is: that the script runs.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import GPTBigCodeConfig, LlamaConfig
from transformers import GPTBigCodeForSequenceClassification as GPTBigCode
from transformers import LlamaForSequenceClassification as Llama

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from vultune_torch.passes import Classifier, losses

# Every dropout off: packed and padded are then the same mathematics.
STARCODER = {"vocab_size": 49152, "n_embd": 6144, "n_layer": 40, "n_head": 48, "n_inner": 24576, "n_positions": 8192}
NO_DROPOUT = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}
LLAMA_7B = {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32}
TINY_STARCODER = {"vocab_size": 128, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_inner": 128, "n_positions": 512}
TINY_LLAMA = {"vocab_size": 128, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
SETTINGS = {
    "pooling": "last",
    "head": "score",
    "takesTokens": False,
    "isToldPooling": False,
    "token": "last",
}
STEPS, WARM_UP = 6, 2


def build(kind: str, tiny: bool, dtype: torch.dtype, device: str, attention: str) -> Any:
    """A classifier of random weights on the device."""
    common: dict[str, Any] = {"num_labels": 2, "pad_token_id": 0, "attn_implementation": attention}
    if kind == "starcoder":
        config = GPTBigCodeConfig(**(TINY_STARCODER if tiny else STARCODER), **NO_DROPOUT, **common)
        make = GPTBigCode
    else:
        heads = 4 if tiny else 32
        geometry = TINY_LLAMA if tiny else LLAMA_7B
        config = LlamaConfig(**geometry, num_attention_heads=heads, num_key_value_heads=heads, **common)
        make = Llama
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return make(config)
    finally:
        torch.set_default_dtype(before)


def to_nf4(model: nn.Module) -> None:
    """The matrices of the blocks in 4 bits, one after the other."""
    import bitsandbytes as bnb

    for module in list(model.modules()):
        for child_name, child in list(module.named_children()):
            if not isinstance(child, nn.Linear) or child_name == "score":
                continue
            device, bias = child.weight.device, child.bias
            quantised = bnb.nn.Linear4bit(
                child.in_features, child.out_features, bias is not None, compute_dtype=torch.bfloat16, quant_type="nf4"
            )
            quantised.weight = bnb.nn.Params4bit(child.weight.data.cpu(), requires_grad=False, quant_type="nf4")
            if bias is not None:
                quantised.bias = nn.Parameter(bias.data, requires_grad=False)
            setattr(module, child_name, quantised.to(device))


def adapted(model: nn.Module, dtype: torch.dtype, layout: str, attention: str) -> Classifier:
    peft = get_peft_model(
        model,
        LoraConfig(r=8, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", modules_to_save=["score"]),
    )
    for parameter in peft.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    peft.train()
    return Classifier(peft, SETTINGS | {"layout": layout}, dtype, "flash" in attention)


def functions(count: int, longest: int, vocabulary: int) -> list[Tensor]:
    """Lengths as code has them: most are short, some are cut."""
    generator = torch.Generator().manual_seed(1)
    lengths = (torch.randn(count, generator=generator) * 0.9 + 5.0).exp().long().clamp(8, longest)
    return [torch.randint(1, vocabulary, (int(n),), generator=generator) for n in lengths]


def measure(model: Classifier, batch: list[Tensor], per_pass: int, device: str) -> dict[str, float]:
    """Steps over the batch, `per_pass` functions at a time, sorted by length as a plan has them."""
    trained = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ordered = sorted(batch, key=len)
    passes = [ordered[i : i + per_pass] for i in range(0, len(ordered), per_pass)]
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    started, loss_sum = 0.0, 0.0
    for step in range(STEPS):
        if step == WARM_UP:
            synchronise(device)
            started = time.perf_counter()
        optimizer.zero_grad()
        loss_sum = 0.0
        for one in passes:
            labels = torch.tensor([len(ids) % 2 for ids in one], device=device)
            loss = losses(model(one), labels, None).sum() / len(batch)
            loss.backward()
            loss_sum += loss.item()
        optimizer.step()
    synchronise(device)
    seconds = (time.perf_counter() - started) / (STEPS - WARM_UP)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    tokens = sum(len(ids) for ids in batch)
    return {"tokensPerSecond": tokens / seconds, "peakBytes": peak, "loss": loss_sum}


def synchronise(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def parity(device: str) -> dict[str, float]:
    """Losses of a tiny model in float32: on the CPU and here, packed and padded."""
    found: dict[str, float] = {}
    for place in ("cpu", device):
        for layout in ("packed", "rows"):
            torch.manual_seed(0)
            model = build("llama", True, torch.float32, "cpu", "sdpa").to(place)
            torch.manual_seed(1)
            classifier = adapted(model, torch.float32, layout, "sdpa").to(place)
            found[f"{place} {layout}"] = measure(classifier, functions(12, 64, 128), 6, place)["loss"]
    values = list(found.values())
    return found | {"largestDifference": max(values) - min(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=("parity", "starcoder", "llama"))
    parser.add_argument("--weights", choices=("bf16", "nf4"), default="bf16")
    parser.add_argument("--layout", choices=("packed", "rows"), default="packed")
    parser.add_argument("--attention", default="sdpa")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.case == "parity":
        print(json.dumps({"case": "parity", **parity(device)}), flush=True)
        return
    model = build(options.case, options.tiny, torch.bfloat16, device, options.attention)
    if options.weights == "nf4":
        to_nf4(model)
    classifier = adapted(model, torch.bfloat16, options.layout, options.attention)
    vocabulary = model.config.vocab_size
    batch = functions(16 if options.tiny else 64, 128 if options.tiny else 1024, vocabulary)
    result = measure(classifier, batch, 8, device)
    case = {"case": options.case, "weights": options.weights, "layout": options.layout, "attention": options.attention}
    print(json.dumps({**case, **result}), flush=True)


if __name__ == "__main__":
    main()
