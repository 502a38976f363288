"""Writes reference folders: what PyTorch, Transformers and PEFT compute for tiny random models.

    python tools/make_fixtures.py OUT [NAME ...]     without names: every row of fixture_rows.py that is kept

A folder has base/ (a checkpoint as a hub publishes it), adapter/ (as PEFT saves it) and io.safetensors (inputs and
outputs; test/fixtures/README.md lists them). On the CPU, without the network; the same row gives the same base and
adapter to the bit, the same outputs to rounding.
"""

import argparse
import json
import math
import os
import re
import shutil
import warnings
from collections.abc import Callable
from typing import Any

import torch
from peft import AdaLoraConfig, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForPreTraining

import base_model
import reference_models
from fixture_rows import ROWS, Row

ENCODERS = ("roberta", "bert", "modernbert")
DROPOUTS = (
    "attn_pdrop",
    "resid_pdrop",
    "embd_pdrop",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "residual_dropout",
    "embedding_dropout",
)
STEPS = 5


def make(name: str, row: Row, out: str) -> None:
    generator = torch.Generator().manual_seed(row.seed * 1000 + sum(map(ord, name)))
    torch.manual_seed(row.seed)
    folder = os.path.join(out, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    base = os.path.join(folder, "base")

    lm = language_model(row, generator)
    (lm if row.saved_as == "lm" else lm.base_model).save_pretrained(base)
    rewrite(base, row)
    functions = [torch.randint(3, row.config["vocab_size"], (n,), generator=generator) for n in row.lengths]
    labels = torch.tensor([1, 0, 1, 0, 1])[: len(functions)]
    weights = torch.where(labels == 1, 3.0, 1.0)
    tensors = {
        "input_ids": torch.cat(functions),
        "lengths": torch.tensor(row.lengths),
        "labels": labels,
        "weights": weights,
    }
    tensors |= base_outputs(lm, row, functions)

    model = adapted_model(base, row, generator)
    model.peft_config["default"].base_model_name_or_path = "../base"
    save_adapter(model, os.path.join(folder, "adapter"))
    if row.kept_values:
        # What is saved has fewer values than the model: only one that is read has those.
        fresh = reference_models.load_classifier(base)
        model = PeftModel.from_pretrained(fresh, os.path.join(folder, "adapter"), is_trainable=True).eval()
    tensors |= classifier_outputs(model, functions, labels, weights, row.focal_gradients)
    save_file({key: value.detach().contiguous().clone() for key, value in tensors.items()}, f"{folder}/io.safetensors")

    check_read_back(folder, functions, tensors)
    losses = tensors["train/losses"].tolist()
    print(f"{name:24s} {kilobytes(folder):4d} kB  loss {losses[0]:.4f} -> {losses[-1]:.4f}")


def language_model(row: Row, generator: torch.Generator) -> nn.Module:
    config = AutoConfig.for_model(row.model_type, **row.config)
    config._attn_implementation = "eager"
    for key in DROPOUTS:
        if hasattr(config, key):
            setattr(config, key, 0.0)
    # BERT's pooler is part of its classifier's base, and only the pre-training checkpoint holds it.
    auto = AutoModelForPreTraining if row.model_type == "bert" else AutoModelForCausalLM
    if row.model_type in ENCODERS and row.model_type != "bert":
        auto = AutoModelForMaskedLM
    lm = auto.from_config(config).float().eval()
    randomise(lm, generator, norm_centre=0.0 if row.model_type.startswith("gemma") else 1.0)
    lm.tie_weights()
    if row.rewrite == "codegen2":
        reference_models.as_codegen2(lm)
    return lm


def randomise(model: nn.Module, generator: torch.Generator, norm_centre: float) -> None:
    """Random values for every parameter, those of norms too: a norm of ones hides a norm that is missing."""
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() >= 2:
                parameter.copy_(noise * (0.5 / math.sqrt(parameter.shape[-1])) * 2)
            elif "norm" in name.lower() or "ln_" in name:
                parameter.copy_((norm_centre if name.endswith("weight") else 0.0) + 0.1 * noise)
            else:
                parameter.copy_(0.1 * noise)


def base_outputs(lm: nn.Module, row: Row, functions: list[Tensor]) -> dict[str, Tensor]:
    """The base model alone, each function by itself, and all of them as one sequence."""
    tensors: dict[str, Tensor] = {}
    with torch.no_grad():
        hidden = [hidden_states(lm, ids) for ids in functions]
        tensors["hidden"] = torch.cat(hidden)
        if row.saved_as == "bare" and row.model_type in ENCODERS:
            return tensors  # the file holds no language-model head
        logits = [lm_logits(lm, ids) for ids in functions]
        tensors["lm_logits"] = torch.cat(logits)
        if row.model_type not in ENCODERS:
            tensors["next_token_loss_sum"] = sum(
                functional.cross_entropy(z[:-1], ids[1:], reduction="sum")
                for z, ids in zip(logits, functions, strict=True)
                if len(ids) > 1
            )
            tensors["joined_hidden"] = hidden_states(lm, torch.cat(functions))
    return tensors


def hidden_states(lm: nn.Module, ids: Tensor) -> Tensor:
    reference_models.forget_longer(lm)
    return lm.base_model(ids[None]).last_hidden_state[0]  # [T, D], after the last norm


def lm_logits(lm: nn.Module, ids: Tensor) -> Tensor:
    reference_models.forget_longer(lm)
    output = lm(ids[None])
    return (output.prediction_logits if "prediction_logits" in output else output.logits)[0]  # [T, V]


def adapted_model(base: str, row: Row, generator: torch.Generator) -> PeftModel:
    model = reference_models.load_classifier(base)
    if isinstance(model, reference_models.LastTokenClassifier):
        linear = [n for n, m in model.transformer.named_modules() if isinstance(m, nn.Linear)]
        kind = {
            "task_type": None,
            "target_modules": sorted({n.split(".")[-1] for n in linear}),
            "modules_to_save": ["score"],
        }
    else:
        model.config.pad_token_id = 0 if model.config.pad_token_id is None else model.config.pad_token_id
        kind = {"task_type": "SEQ_CLS", "target_modules": "all-linear"}
    torch.manual_seed(row.seed + 7)
    for name, parameter in model.named_parameters():
        if "score" in name or "classifier" in name:
            nn.init.normal_(parameter, std=0.3)
    adapted = get_peft_model(model, peft_configuration(model, row, kind)).eval()
    for name, parameter in adapted.named_parameters():
        if "lora_magnitude_vector" in name:
            with torch.no_grad():
                parameter.mul_(1 + 0.2 * torch.randn(parameter.shape, generator=generator))
        elif "lora_" in name or (parameter.requires_grad and row.adapter and "score" not in name):
            with torch.no_grad():
                noise = torch.randn(parameter.shape, generator=generator) * (0.3 / math.sqrt(parameter.shape[-1]))
                # What is trained whole begins as it is in the base model.
                parameter.copy_(noise if "lora_" in name else parameter + 0.3 * noise)
    if row.kept_values:
        keep_values(adapted, row.kept_values)
    return adapted


def peft_configuration(model: nn.Module, row: Row, kind: dict[str, Any]) -> LoraConfig:
    options = {"lora_alpha": 8, "lora_dropout": 0.0, "init_lora_weights": False, **kind, **row.adapter}
    if options.get("modules_to_save") == ["all"]:
        own = ("score", "classifier")
        modules = [n for n, m in model.named_modules() if next(m.parameters(recurse=False), None) is not None]
        options["modules_to_save"] = [n for n in modules if not n.startswith(own)]
    return AdaLoraConfig(**options) if "init_r" in options else LoraConfig(r=4, **options)


def keep_values(model: PeftModel, kept: dict[str, list[bool]]) -> None:
    """What AdaLoRA's allocation does: the values that are not kept become 0, and the configuration says which are."""
    pattern: dict[str, list[bool]] = {}
    for name, parameter in model.base_model.model.named_parameters():
        if "lora_E" not in name:
            continue
        module = name.removesuffix(".lora_E.default")
        values = next((of for end, of in kept.items() if module.endswith(end)), [True] * parameter.shape[0])
        pattern[name] = values
        with torch.no_grad():
            parameter.mul_(torch.tensor(values)[:, None])
    model.peft_config["default"].rank_pattern = pattern


def save_adapter(model: PeftModel, folder: str) -> None:
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    file = os.path.join(folder, "adapter_config.json")
    config = read_json(file)
    # PEFT writes a set: without an order, every run would change the file.
    lists = {key: sorted(config[key]) for key in ("target_modules", "exclude_modules") if isinstance(config[key], list)}
    write_json(file, config | lists)


def classifier_outputs(
    model: PeftModel, functions: list[Tensor], labels: Tensor, weights: Tensor, focal_gradients: bool
) -> dict[str, Tensor]:
    """Logits, losses and gradients of base + adapter + head, then five steps of training."""
    trained = {trained_name(name): p for name, p in model.named_parameters() if is_trained(name, p)}
    tensors: dict[str, Tensor] = {"cls_logits": logits_of(model, functions).detach().clone()}

    def loss_and_gradients(kind: str, loss_of: Callable[[Tensor], Tensor], with_gradients: bool) -> None:
        loss = loss_of(logits_of(model, functions))
        tensors[f"loss_{kind}"] = loss.detach().clone()
        loss.backward()
        for name, parameter in trained.items():
            if with_gradients and not WITHOUT_GRADIENT.search(name):
                tensors[f"grad_{kind}/{name}"] = parameter.grad.clone()
            parameter.grad = None

    loss_and_gradients("ce_sum", lambda z: functional.cross_entropy(z, labels, reduction="sum"), True)
    loss_and_gradients("focal2_weighted_sum", lambda z: focal_loss(z, labels, weights, 2.0), focal_gradients)

    optimiser = torch.optim.AdamW(trained.values(), lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)
    cosine = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: 0.5 * (1 + math.cos(math.pi * k / STEPS)))
    losses = []
    for _ in range(STEPS):
        loss = functional.cross_entropy(logits_of(model, functions), labels, reduction="mean")
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimiser.step()
        cosine.step()
        losses.append(loss.item())
    tensors["train/losses"] = torch.tensor(losses)
    return tensors | {
        f"train/final/{name}": parameter.detach().clone()
        for name, parameter in trained.items()
        if not WITHOUT_GRADIENT.search(name)
    }


def is_trained(name: str, parameter: Tensor) -> bool:
    """With bias: all, PEFT also asks for gradients of what it has put the head in place of."""
    return parameter.requires_grad and ".original_module." not in name


def trained_name(name: str) -> str:
    """A parameter's key in adapter_model.safetensors."""
    name = name.replace(".default", "").replace("modules_to_save.", "")
    return name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector")


# A bias of the keys shifts every score of a query alike where positions are not rotated, which a softmax does not see: its
# gradient is 0, what is computed of it rounding, and Adam makes a whole step of that.
WITHOUT_GRADIENT = re.compile(r"(self\.key|c_attn)(\.base_layer)?\.bias$")


def logits_of(model: nn.Module, functions: list[Tensor]) -> Tensor:
    rows = []
    for ids in functions:
        reference_models.forget_longer(model)
        rows.append(model(input_ids=ids[None]).logits)
    return torch.cat(rows)  # [B, 2]


def focal_loss(logits: Tensor, labels: Tensor, weights: Tensor, gamma: float) -> Tensor:
    """Sum of weight * (1 - p)^gamma * -log p, where p is the probability of the label."""
    log_p = torch.log_softmax(logits, -1).gather(1, labels[:, None])[:, 0]
    return (weights * -((1 - log_p.exp()) ** gamma) * log_p).sum()


def rewrite(base: str, row: Row) -> None:
    file = os.path.join(base, "config.json")
    if row.rewrite == "codegen2":
        remote = {
            "AutoConfig": "configuration_codegen.CodeGenConfig",
            "AutoModelForCausalLM": "modeling_codegen.CodeGenForCausalLM",
        }
        write_json(file, read_json(file) | {"auto_map": remote})
    if row.rewrite == "chatglm":
        write_json(file, chatglm_json(read_json(file)))
        rewrite_tensors(base, chatglm_tensors)
    if row.rewrite == "gpt2-buffers":
        # GPT-2's published file holds its causal masks, too.
        shape = (1, 1, row.config["n_positions"], row.config["n_positions"])
        masks = {f"h.{i}.attn.bias": torch.ones(shape).tril() for i in range(row.config["n_layer"])}
        rewrite_tensors(base, lambda tensors: tensors | masks)


def chatglm_json(config: dict[str, Any]) -> dict[str, Any]:
    """A GLM configuration under the keys of GLM-4's published chatglm files."""
    return {
        "architectures": ["ChatGLMModel"],
        "auto_map": {
            "AutoConfig": "configuration_chatglm.ChatGLMConfig",
            "AutoModel": "modeling_chatglm.ChatGLMForConditionalGeneration",
        },
        "model_type": "chatglm",
        "add_bias_linear": False,
        "add_qkv_bias": config["attention_bias"],
        "apply_query_key_layer_scaling": True,
        "apply_residual_connection_post_layernorm": False,
        "attention_dropout": 0.0,
        "attention_softmax_in_fp32": True,
        "bias_dropout_fusion": True,
        "eos_token_id": config["eos_token_id"],
        "ffn_hidden_size": config["intermediate_size"],
        "fp32_residual_connection": False,
        "hidden_dropout": 0.0,
        "hidden_size": config["hidden_size"],
        "kv_channels": config["head_dim"],
        "layernorm_epsilon": config["rms_norm_eps"],
        "multi_query_attention": True,
        "multi_query_group_num": config["num_key_value_heads"],
        "num_attention_heads": config["num_attention_heads"],
        "num_hidden_layers": config["num_hidden_layers"],
        "num_layers": config["num_hidden_layers"],
        "original_rope": True,
        "pad_token_id": config["pad_token_id"],
        "padded_vocab_size": config["vocab_size"],
        "post_layer_norm": True,
        "rmsnorm": True,
        "rope_ratio": config["rope_parameters"]["rope_theta"] / 10000,
        "seq_length": config["max_position_embeddings"],
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "use_cache": True,
    }


CHATGLM_NAMES = {
    "model.embed_tokens": "transformer.embedding.word_embeddings",
    "model.norm": "transformer.encoder.final_layernorm",
    "lm_head": "transformer.output_layer",
    "model.layers": "transformer.encoder.layers",
    "self_attn.o_proj": "self_attention.dense",
    "mlp.gate_up_proj": "mlp.dense_h_to_4h",
    "mlp.down_proj": "mlp.dense_4h_to_h",
}


def chatglm_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if ".k_proj." in name or ".v_proj." in name:
            continue
        if ".q_proj." in name:
            tensor = torch.cat([tensors[name.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")])
            name = name.replace("self_attn.q_proj", "self_attention.query_key_value")
        for old, new in CHATGLM_NAMES.items():
            name = name.replace(old, new)
        renamed[name] = tensor
    # The published files hold this buffer; its values are not read by chatglm's own code.
    renamed["transformer.rotary_pos_emb.inv_freq"] = torch.ones(2)
    return renamed


def rewrite_tensors(base: str, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    file = os.path.join(base, "model.safetensors")
    tensors = change(load_file(file))
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, file, {"format": "pt"})


def check_read_back(folder: str, functions: list[Tensor], tensors: dict[str, Tensor]) -> None:
    """What was written gives the same numbers when it is read again, by other code where there is any."""
    base = os.path.join(folder, "base")
    model = reference_models.load_classifier(base)
    with torch.no_grad():
        decoder = model.transformer if isinstance(model, reference_models.LastTokenClassifier) else model.base_model
        hidden = []
        for ids in functions:
            reference_models.forget_longer(decoder)
            hidden.append(decoder(ids[None]).last_hidden_state[0])
        require_equal(folder, "hidden", torch.cat(hidden), tensors["hidden"])
        adapted = PeftModel.from_pretrained(model, os.path.join(folder, "adapter")).eval()
        require_equal(folder, "cls_logits", logits_of(adapted, functions), tensors["cls_logits"])


def require_equal(folder: str, quantity: str, found: Tensor, expected: Tensor) -> None:
    difference = (found - expected).abs().max().item()
    if not difference <= 1e-5:
        raise SystemExit(f"{folder}: {quantity} differs by {difference:.2e} when the folder is read again")


def read_json(file: str) -> dict[str, Any]:
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def write_json(file: str, value: dict[str, Any]) -> None:
    with open(file, "w", encoding="utf-8") as text:
        text.write(json.dumps(value, indent=2) + "\n")


def kilobytes(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(folder) for f in files) // 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("names", nargs="*", help="rows; default: all that the repository keeps")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(ROWS))
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    torch.set_num_threads(1)
    base_model.quiet()
    warnings.filterwarnings("ignore", module="peft")  # it looks for ../base, and sets fan_in_fan_out as it should
    for name in options.names or [name for name, row in ROWS.items() if row.kept]:
        make(name, ROWS[name], options.out)


if __name__ == "__main__":
    main()
