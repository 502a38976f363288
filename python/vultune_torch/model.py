"""The base model with the adapter that training starts from: Transformers' classifier, PEFT over it, in the chosen types.

What is trained, and its first values, come from `start/` of the plan: an adapter as PEFT reads it. The base model's own
dropout is off, as in Vultune's engine; only `lora_dropout` drops.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedModel

from .attention import NAME, can_attend
from .cwe import CweHead, cwe_head_of
from .errors import RunError
from .last_block import prune_last_block
from .lora import adapt_in_one
from .passes import Classifier
from .plan import Plan
from .world import World

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
FLASH = "flash_attention_2"


@dataclass(frozen=True)
class ModelOptions:
    dtype: torch.dtype
    # None: ours on a CPU where the model can take it, else Transformers' choice.
    attention: str | None
    base: str | None
    is_sharded: bool


@dataclass(frozen=True)
class TrainedModel:
    classifier: Classifier
    # By the keys of adapter_model.safetensors, in the order of the plan.
    parameters: dict[str, nn.Parameter]
    # Keys whose file form is [in, out] where ours is [out, in].
    transposed: frozenset[str]
    head_keys: frozenset[str]
    # None where no CWEs are named; its parameters are among the others.
    cwe: CweHead | None


class LastTokenClassifier(PreTrainedModel):
    """A linear head for decoders that have no such class in Transformers (CodeGen)."""

    base_model_prefix = "transformer"

    def __init__(self, transformer: Any) -> None:
        super().__init__(transformer.config)
        self.transformer = transformer
        self.score = nn.Linear(transformer.config.hidden_size, 2, bias=False, dtype=transformer.dtype)

    def forward(self, **inputs: Any) -> SimpleNamespace:
        return SimpleNamespace(logits=self.score(self.transformer(**inputs).last_hidden_state)[:, -1])


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    if name != "auto":
        return DTYPES[name]
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def choose_attention(name: str, device: torch.device, dtype: torch.dtype) -> str | None:
    """FlashAttention where it is installed and can be used; None: SDPA, or eager for a family that has none."""
    if name != "auto":
        return name
    from transformers.utils import is_flash_attn_2_available

    usable = device.type == "cuda" and dtype != torch.float32 and is_flash_attn_2_available()
    return FLASH if usable else None


def load_model(plan: Plan, options: ModelOptions, world: World) -> TrainedModel:
    """Throws TORCH_BASE_MISSING, TORCH_BITSANDBYTES_MISSING, TORCH_MODEL_UNSUPPORTED and TORCH_ADAPTER_OTHER."""
    from peft import PeftModel

    settings = plan.model
    source = base_source(plan, options.base)
    model = load_base(plan, source, options, world)
    choose_functions(model, settings["layout"], options.attention, world)
    if settings.get("poolingSetting") is not None:
        model.config.classifier_pooling = settings["poolingSetting"]
    add_top_layers(model, settings["topLayers"], settings["topModule"])
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if plan.config["activations"] == "recompute":
        model.gradient_checkpointing_enable({"use_reentrant": False})
    adapted = PeftModel.from_pretrained(model, str(plan.folder / "start"), is_trainable=True)
    if plan.config["finetuning_type"] == "lora" and not plan.config["use_dora"]:
        leave_inputs_as_they_are(adapted)
        if world.device.type == "cpu" and not options.is_sharded:
            adapt_in_one(adapted)
    start = load_file(plan.folder / "start" / "adapter_model.safetensors")
    parameters = trained_parameters(adapted, start)
    transposed = frozenset(settings["transposed"])
    with torch.no_grad():
        for key, parameter in parameters.items():
            # Trained values are float32 whatever the base model is held in; small steps would round away.
            parameter.data = start[key].to(world.device, torch.float32)
    adapted.train()
    if settings["layout"] == "packed" and not options.is_sharded:
        prune_last_block(blocks_of(model.modules()))
    cwe = cwe_head_of(plan, getattr(adapted.base_model.model, settings["head"], adapted), world)
    if cwe is not None:
        if options.is_sharded:
            raise unsupported("cwe_head", "its matrix lies beside the model that is sharded: use --strategy ddp")
        parameters = dict(sorted((parameters | cwe.by_key).items()))
    classifier = Classifier(adapted, settings, options.dtype, "flash" in attention_of(model))
    if options.is_sharded:
        shard(classifier, plan, world)
        parameters = trained_parameters(adapted, start)
    return TrainedModel(classifier, parameters, transposed, frozenset(settings["headKeys"]), cwe)


def choose_functions(model: Any, layout: str, asked: str | None, world: World) -> None:
    """Has attention be over one function after the other, where that is asked for or a CPU computes."""
    wanted = asked == NAME or (asked is None and world.device.type == "cpu")
    if wanted and layout == "packed" and can_attend(model):
        model.set_attn_implementation(NAME)
    elif asked == NAME:
        raise unsupported(f"--attention {NAME}", "this model does not take its attention from outside, or it is not packed")


def leave_inputs_as_they_are(adapted: Any) -> None:
    """Where autocast computes, PEFT would take each layer's input to float32 for autocast to take it back: the same numbers."""
    for module in adapted.modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            module.cast_input_dtype_enabled = False


def attention_of(model: Any) -> str:
    return str(model.config._attn_implementation)


def base_source(plan: Plan, asked: str | None) -> dict[str, Any]:
    """The arguments by which from_pretrained finds the base model."""
    for place in (asked, plan.base["path"]):
        if place is not None and os.path.exists(place):
            if place.endswith(".gguf"):
                folder, file = os.path.split(os.path.abspath(place))
                return {"pretrained_model_name_or_path": folder, "gguf_file": file, "local_files_only": True}
            return {"pretrained_model_name_or_path": place, "local_files_only": True}
    reference = asked or plan.base["reference"]
    if re.fullmatch(r"[\w.-]+/[\w.-]+", reference):
        return {"pretrained_model_name_or_path": reference, "revision": plan.base["revision"] or "main"}
    raise RunError(
        "TORCH_BASE_MISSING",
        f"the base model is not here: {reference} ({plan.base['path']} where the plan was made)",
        "Copy its folder to this machine and name it: --base FOLDER.",
    )


def load_base(plan: Plan, source: dict[str, Any], options: ModelOptions, world: World) -> Any:
    settings = plan.model
    config = AutoConfig.from_pretrained(**source)
    for name, value in vars(config).items():
        if "drop" in name and isinstance(value, int | float) and not isinstance(value, bool):
            setattr(config, name, 0.0)
    if (kept := plan.config["keep_layers"]) is not None:
        config.num_hidden_layers = kept
        if getattr(config, "layer_types", None) is not None:
            config.layer_types = config.layer_types[:kept]
    attention = None if options.attention == NAME else options.attention
    arguments: dict[str, Any] = {"config": config, "dtype": options.dtype, "attn_implementation": attention}
    if (quantization := quantization_of(plan, options.dtype)) is not None:
        arguments["quantization_config"] = quantization
    if world.device.type == "cuda" or quantization is not None:
        arguments["device_map"] = {"": world.device}
    if plan.model["answers"] is not None:
        return AutoModelForCausalLM.from_pretrained(**source, **arguments)
    if settings["ownClass"]:
        if settings["family"] != "codegen":
            raise unsupported(settings["family"], "Transformers computes it only with code that is published with the model")
        return LastTokenClassifier(AutoModel.from_pretrained(**source, **arguments)).to(world.device)
    config.num_labels = 2
    return AutoModelForSequenceClassification.from_pretrained(**source, **arguments)


def quantization_of(plan: Plan, dtype: torch.dtype) -> Any:
    config = plan.config
    if not (config["load_in_8bit"] or config["load_in_4bit"]):
        return None
    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        key = "load_in_8bit" if config["load_in_8bit"] else "load_in_4bit"
        raise RunError(
            "TORCH_BITSANDBYTES_MISSING",
            f"{key} is set, and bitsandbytes cannot be imported here ({error})",
            "Install it (pip install bitsandbytes), or remove the key.",
        ) from error
    from transformers import BitsAndBytesConfig

    # None: the language model's own head stays as it is.
    skipped = [plan.model["head"]] if plan.model["answers"] is None else None
    if config["load_in_8bit"]:
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=skipped)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=config["bnb_4bit_quant_type"],
        bnb_4bit_use_double_quant=config["bnb_4bit_use_double_quant"],
        bnb_4bit_compute_dtype=dtype,
        # FSDP shards what is stored in the type that it computes in.
        bnb_4bit_quant_storage=dtype,
        llm_int8_skip_modules=skipped,
    )


def add_top_layers(model: Any, count: int, name: str) -> None:
    """Layers before the last matrix of the head, which Transformers' classes do not have."""
    if count == 0:
        return
    *parents, last = name.split(".")
    parent = model
    for one in parents:
        parent = getattr(parent, one)
    matrix = getattr(parent, last)
    width, like = matrix.in_features, {"device": matrix.weight.device, "dtype": matrix.weight.dtype}
    layers = [part for _ in range(count) for part in (nn.Linear(width, width, **like), nn.GELU())]
    setattr(parent, last, nn.Sequential(*layers, nn.Linear(width, 2, bias=matrix.bias is not None, **like)))


def trained_parameters(adapted: Any, start: dict[str, Tensor]) -> dict[str, nn.Parameter]:
    """What requires a gradient, by its key in the file. Throws TORCH_ADAPTER_OTHER."""
    found = {file_key(name): one for name, one in adapted.named_parameters() if one.requires_grad}
    if found.keys() == start.keys():
        return {key: found[key] for key in sorted(found)}
    only_here, only_there = sorted(found.keys() - start.keys())[:3], sorted(start.keys() - found.keys())[:3]
    raise RunError(
        "TORCH_ADAPTER_OTHER",
        f"PEFT trains other tensors than the plan: {only_here} are not in it, {only_there} are missing here",
        "Are transformers and peft of the versions in requirements.txt? If so, please report it with the model's name.",
    )


def file_key(name: str) -> str:
    """The key in adapter_model.safetensors of a parameter of the model that PEFT wraps."""
    name = re.sub(r"\.modules_to_save\.default\b", "", name)
    name = re.sub(r"(lora_magnitude_vector)\.default\.weight$", r"\1", name)
    return re.sub(r"\.default(?=\.|$)", "", name)


def shard(classifier: Classifier, plan: Plan, world: World) -> None:
    """FSDP2: every block, then what is left, in shards over all ranks."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    if plan.config["finetuning_type"] == "adalora":
        raise unsupported("AdaLoRA", "PEFT takes ranks away from whole tensors, not from shards: use --strategy ddp")
    mesh = init_device_mesh(world.device.type, (world.size,))
    for block in blocks_of(classifier.inner.modules()):
        fully_shard(block, mesh=mesh)
    fully_shard(classifier, mesh=mesh)


def blocks_of(modules: Iterable[nn.Module]) -> nn.ModuleList:
    return max((one for one in modules if isinstance(one, nn.ModuleList)), key=len)


def unsupported(what: str, why: str) -> RunError:
    return RunError("TORCH_MODEL_UNSUPPORTED", f"{what} cannot be trained here: {why}", "Use Vultune's own engine.")
