"""Models of reference folders that Transformers cannot build by itself, and one way to open any as a classifier.

CodeGen has no sequence-classification class, CodeGen2 cuts its attention into 8 shards, and a chatglm checkpoint runs
only with remote code. Shared by make_fixtures.py and family_logits.py; knows nothing of adapters.
"""

import json
import os
from types import SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    CodeGenForCausalLM,
    CodeGenModel,
    GlmConfig,
    PreTrainedModel,
)
from transformers.models.codegen.modeling_codegen import CodeGenAttention, apply_rotary_pos_emb
from transformers.models.glm import modeling_glm as glm

CODEGEN2_SHARDS = 8


def read_config(base: str) -> dict[str, Any]:
    with open(os.path.join(base, "config.json"), encoding="utf-8") as file:
        return json.load(file)


class EightShardAttention(CodeGenAttention):
    """CodeGen2's attention: each of 8 shards (CodeGen1: 4) holds rows of q, v and k, in that order."""

    shards = CODEGEN2_SHARDS

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, Tensor]:
        batch, length, width = hidden_states.shape
        split = self.qkv_proj(hidden_states).view(batch, length, self.shards, 3, -1)  # 3: q, v, k
        query, value, key = (split[:, :, :, part].reshape(batch, length, -1, self.head_dim) for part in range(3))
        sin, cos = self.embed_positions[position_ids].chunk(2, dim=-1)
        query, key = (
            torch.cat([apply_rotary_pos_emb(x[..., : self.rotary_dim], sin, cos), x[..., self.rotary_dim :]], dim=-1)
            for x in (query, key)
        )
        mixed, weights = self._attn(*(x.transpose(1, 2) for x in (query, key, value)), attention_mask)
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, length, width)), weights


def as_codegen2(model: nn.Module) -> None:
    """Turns the attention of a CodeGen model into that of CodeGen2, in place; the parameters stay as they are."""
    for module in model.modules():
        if isinstance(module, CodeGenAttention):
            module.__class__ = EightShardAttention


class LastTokenClassifier(PreTrainedModel):
    """What Transformers' classifiers of decoders compute, for a decoder without such a class: last token -> linear.

    One of Transformers' models because PEFT takes target_modules "all-linear" only for those.
    """

    def __init__(self, base: nn.Module, hidden_size: int) -> None:
        super().__init__(base.config)
        self.transformer = base
        self.score = nn.Linear(hidden_size, 2, bias=False)

    def forward(self, input_ids: Tensor, **_: Any) -> SimpleNamespace:
        hidden = self.transformer(input_ids).last_hidden_state
        return SimpleNamespace(logits=self.score(hidden)[:, -1])


class ChatGlmAttention(glm.GlmAttention):
    """GLM's attention on one fused matrix [q | k | v], under chatglm's names."""

    def __init__(self, config: GlmConfig, layer: int) -> None:
        super().__init__(config, layer)
        heads = (config.num_attention_heads, config.num_key_value_heads, config.num_key_value_heads)
        self.sizes = [count * self.head_dim for count in heads]  # of q, k and v
        del self.q_proj, self.k_proj, self.v_proj, self.o_proj  # the methods below take their places
        self.query_key_value = nn.Linear(config.hidden_size, sum(self.sizes), bias=config.attention_bias)
        self.dense = nn.Linear(self.sizes[0], config.hidden_size, bias=False)

    def q_proj(self, x: Tensor) -> Tensor:
        return self.query_key_value(x).split(self.sizes, dim=-1)[0]

    def k_proj(self, x: Tensor) -> Tensor:
        return self.query_key_value(x).split(self.sizes, dim=-1)[1]

    def v_proj(self, x: Tensor) -> Tensor:
        return self.query_key_value(x).split(self.sizes, dim=-1)[2]

    def o_proj(self, x: Tensor) -> Tensor:
        return self.dense(x)


class ChatGlmMlp(nn.Module):
    def __init__(self, config: GlmConfig) -> None:
        super().__init__()
        self.dense_h_to_4h = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.dense_4h_to_h = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.dense_h_to_4h(x).chunk(2, dim=-1)
        return self.dense_4h_to_h(nn.functional.silu(gate) * up)


class ChatGlmLayer(nn.Module):
    def __init__(self, config: GlmConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = glm.GlmRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.self_attention = ChatGlmAttention(config, layer)
        self.post_attention_layernorm = glm.GlmRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.mlp = ChatGlmMlp(config)

    def forward(self, x: Tensor, mask: Tensor, positions: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self.self_attention(self.input_layernorm(x), positions, mask)[0]
        return x + self.mlp(self.post_attention_layernorm(x))


class ChatGlmModel(nn.Module):
    """A chatglm decoder with the parameter names of its checkpoint below `transformer.`."""

    def __init__(self, config: GlmConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Module()
        self.embedding.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList([ChatGlmLayer(config, layer) for layer in range(config.num_hidden_layers)])
        self.encoder.final_layernorm = glm.GlmRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.rotary_pos_emb = glm.GlmRotaryEmbedding(config)

    def forward(self, input_ids: Tensor) -> SimpleNamespace:
        x = self.embedding.word_embeddings(input_ids)  # [B, T, D]
        length = input_ids.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)[None, None]
        positions = self.rotary_pos_emb(x, torch.arange(length)[None])
        for layer in self.encoder.layers:
            x = layer(x, mask, positions)
        return SimpleNamespace(last_hidden_state=self.encoder.final_layernorm(x))


def chatglm_config(own: dict[str, Any]) -> GlmConfig:
    """The GLM configuration that a chatglm config.json describes; chatglm rotates the first half of a head."""
    return GlmConfig(
        vocab_size=own["padded_vocab_size"],
        hidden_size=own["hidden_size"],
        intermediate_size=own["ffn_hidden_size"],
        num_hidden_layers=own["num_layers"],
        num_attention_heads=own["num_attention_heads"],
        num_key_value_heads=own["multi_query_group_num"],
        head_dim=own["kv_channels"],
        max_position_embeddings=own["seq_length"],
        rms_norm_eps=own["layernorm_epsilon"],
        attention_bias=own["add_qkv_bias"],
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0 * own["rope_ratio"],
            "partial_rotary_factor": 0.5,
        },
        pad_token_id=own["pad_token_id"],
        attn_implementation="eager",
    )


def chatglm_from_pretrained(base: str) -> ChatGlmModel:
    model = ChatGlmModel(chatglm_config(read_config(base)))
    tensors = load_file(os.path.join(base, "model.safetensors"))
    prefix = "transformer."
    unused = {prefix + "output_layer.weight", prefix + "rotary_pos_emb.inv_freq"}
    model.load_state_dict({name.removeprefix(prefix): t for name, t in tensors.items() if name not in unused})
    return model


def is_codegen2(config: dict[str, Any]) -> bool:
    """CodeGen2 shares CodeGen's model_type; only its files name remote code."""
    return config["model_type"] == "codegen" and "auto_map" in config


def codegen_from_pretrained(base: str, head: str) -> nn.Module:
    kind = CodeGenForCausalLM if head == "lm" else CodeGenModel
    model = kind.from_pretrained(base, attn_implementation="eager", dtype=torch.float32)
    if is_codegen2(read_config(base)):
        as_codegen2(model)
    return model


def forget_longer(model: nn.Module) -> None:
    """Makes every function the first one that a model sees.

    Dynamic rope keeps the frequencies of the longest sequence so far until one shorter than the original length comes.
    """
    for module in model.modules():
        if getattr(module, "rope_type", None) == "dynamic":
            module.register_buffer("inv_freq", module.original_inv_freq.clone(), persistent=False)
            module.max_seq_len_cached = module.original_max_seq_len


def load_classifier(base: str) -> nn.Module:
    """The model of a reference folder with two classes, in float32; `model(input_ids=...)` gives `.logits` [B, 2]."""
    config = read_config(base)
    if config["model_type"] == "codegen":
        model = codegen_from_pretrained(base, "none")
        return LastTokenClassifier(model, model.config.n_embd).eval()
    if config["model_type"] == "chatglm":
        model = chatglm_from_pretrained(base)
        return LastTokenClassifier(model, model.config.hidden_size).eval()
    return AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=2, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
