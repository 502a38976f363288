"""The tiny models that make_fixtures.py makes: one row a folder. Data only; what a row means is in make_fixtures.py."""

from dataclasses import dataclass, field
from typing import Any, Literal

# The functions of the folders made first; at most one sequence of 83 tokens when joined.
FIRST_LENGTHS = (7, 1, 23, 12, 40)
LENGTHS = (5, 1, 12, 20)
# For rope scalings: the last function and the joined ones are longer than original_max_position_embeddings (32).
LONG_LENGTHS = (5, 1, 12, 40)


@dataclass(frozen=True)
class Row:
    """One reference folder; `config` are arguments of the Transformers configuration of `model_type`."""

    model_type: str
    config: dict[str, Any]
    lengths: tuple[int, ...] = LENGTHS
    seed: int = 0
    """What base/ is saved as: with its language-model head, or as the bare model, whose names have no prefix."""
    saved_as: Literal["lm", "bare"] = "lm"
    """How base/ is rewritten after it is saved, to look like files that Transformers' classes do not write."""
    rewrite: Literal["chatglm", "codegen2", "gpt2-buffers"] | None = None
    focal_gradients: bool = False
    """Whether the folder is in test/fixtures; the others are made when somebody wants them."""
    kept: bool = True
    """Arguments of PEFT's configuration over those of LoRA on everything; with init_r it is AdaLoRA's."""
    adapter: dict[str, Any] = field(default_factory=dict)
    """AdaLoRA: which values of which matrix are kept, by the end of the matrix's name; the others: all."""
    kept_values: dict[str, list[bool]] = field(default_factory=dict)


def _gpt(hidden: int, layers: int, heads: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    return {"vocab_size": vocabulary, "n_embd": hidden, "n_layer": layers, "n_head": heads, "n_positions": 256, **more}


def _decoder(hidden: int, inner: int, layers: int, heads: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": 256,
        **more,
    }


def _rope(kind: str, theta: float, **more: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **more}}


def _context(rope: dict[str, Any], original: int) -> dict[str, Any]:
    return {"rope_parameters": {**rope["rope_parameters"], "original_max_position_embeddings": original}}


LLAMA3_ROPE = _rope(
    "llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)


def _first_size() -> dict[str, Row]:
    """The first folders of each family: hidden 32, 2 layers, 4 heads, vocabulary 128."""

    def gpt(model_type: str, **more: Any) -> Row:
        return Row(model_type, _gpt(32, 2, 4, 128, **more), FIRST_LENGTHS, focal_gradients=True)

    def row(model_type: str, **more: Any) -> Row:
        return Row(model_type, _decoder(32, 96, 2, 4, 128, **more), FIRST_LENGTHS, focal_gradients=True)

    return {
        "gpt_bigcode": gpt("gpt_bigcode", multi_query=True),
        "gpt_bigcode-mha": gpt("gpt_bigcode", multi_query=False),
        "gpt2": gpt("gpt2"),
        "codegen": gpt("codegen", n_ctx=256, rotary_dim=4),
        "llama": row("llama", num_key_value_heads=2, tie_word_embeddings=True),
        "llama-linear-rope": row("llama", num_key_value_heads=4, **_rope("linear", 100000.0, factor=4.0)),
        "llama-llama3-rope": row("llama", num_key_value_heads=2, **LLAMA3_ROPE),
        "mistral-window": row("mistral", num_key_value_heads=2, sliding_window=8),
        "qwen2": row("qwen2", num_key_value_heads=2),
        "qwen3": row("qwen3", num_key_value_heads=2, head_dim=16),
        "starcoder2": row("starcoder2", num_key_value_heads=2, use_bias=True, sliding_window=None),
        "glm": row("glm", num_key_value_heads=2, head_dim=8, attention_bias=True, pad_token_id=0, eos_token_id=[0]),
        "roberta": row("roberta", max_position_embeddings=130, type_vocab_size=1, pad_token_id=1),
        "bert": row("bert", max_position_embeddings=128),
    }


def _other_sizes(hidden: int, inner: int, heads: int, kv: int, seed: int, kept: bool) -> dict[str, Row]:
    """Every family again in three layers. CodeGen has 4 heads whatever `heads` says: its 4 shards divide them."""

    def gpt(model_type: str, n_head: int = heads, **more: Any) -> Row:
        return Row(model_type, _gpt(hidden, 3, n_head, 96, n_inner=inner, **more), seed=seed, kept=kept)

    def row(model_type: str, **more: Any) -> Row:
        return Row(model_type, _decoder(hidden, inner, 3, heads, 96, **more), seed=seed, kept=kept)

    return {
        "gpt_bigcode": gpt("gpt_bigcode", multi_query=True),
        "gpt_bigcode-mha": gpt("gpt_bigcode", multi_query=False),
        "gpt2": gpt("gpt2"),
        "codegen": gpt("codegen", n_head=4, n_ctx=256, rotary_dim=2),
        "llama": row("llama", num_key_value_heads=kv, tie_word_embeddings=False, rms_norm_eps=1e-5),
        "mistral": row("mistral", num_key_value_heads=kv, sliding_window=5),
        "qwen2": row("qwen2", num_key_value_heads=kv, tie_word_embeddings=True),
        "qwen3": row("qwen3", num_key_value_heads=kv, head_dim=12, tie_word_embeddings=True),
        "starcoder2": row("starcoder2", num_key_value_heads=kv, use_bias=False, sliding_window=None),
        "glm": row("glm", num_key_value_heads=kv, head_dim=8, attention_bias=True, pad_token_id=0, eos_token_id=[0]),
        "roberta": row("roberta", max_position_embeddings=42, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5),
        "bert": row("bert", max_position_embeddings=40, hidden_act="gelu"),
    }


def _variants() -> dict[str, Row]:
    """What a family can be besides its usual form."""
    small = {"hidden": 24, "inner": 40, "layers": 2, "heads": 3, "vocabulary": 96}
    modernbert = {
        **_decoder(24, 24, 4, 3, 96),
        "local_attention": 16,
        "global_attn_every_n_layers": 3,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "cls_token_id": 1,
        "sep_token_id": 2,
    }
    long = {**_decoder(32, 40, 2, 2, 96), "num_key_value_heads": 1}
    # theta 100 and 16 dimensions a head: yarn's ramp between its two bounds then has values between 0 and 1.
    yarn = _rope("yarn", 100.0, factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=1.0)
    dynamic = _rope("dynamic", 10000.0, factor=4.0)
    longrope = _rope(
        "longrope",
        10000.0,
        original_max_position_embeddings=32,
        short_factor=[1.0, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5],
        long_factor=[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
    )
    return {
        "modernbert": Row("modernbert", {**modernbert, "classifier_pooling": "cls"}),
        "modernbert-mean": Row("modernbert", {**modernbert, "classifier_pooling": "mean"}, seed=1),
        "phi": Row("phi", _decoder(**small, num_key_value_heads=3)),
        "gemma3": Row(
            "gemma3_text",
            _decoder(**small, num_key_value_heads=1, head_dim=12, query_pre_attn_scalar=20, sliding_window=6)
            | {"layer_types": ["sliding_attention", "full_attention"], "pad_token_id": 0},
        ),
        "olmo2": Row("olmo2", _decoder(**small, num_key_value_heads=1)),
        "stablelm": Row("stablelm", _decoder(**small, num_key_value_heads=1, use_qkv_bias=True)),
        "stablelm-parallel": Row(
            "stablelm",
            _decoder(**small, num_key_value_heads=3, use_parallel_residual=True),
        ),
        "llama-yarn-rope": Row("llama", {**long, **yarn, "max_position_embeddings": 128}, LONG_LENGTHS),
        "llama-dynamic-rope": Row("llama", {**long, **dynamic, "max_position_embeddings": 32}, LONG_LENGTHS),
        "llama-longrope": Row("llama", {**long, **longrope, "max_position_embeddings": 128}, LONG_LENGTHS),
        # Within the original context: for a reader that has one set of frequencies a model.
        "llama-longrope-short": Row("llama", {**long, **_context(longrope, 40), "max_position_embeddings": 160}),
        "llama-dynamic-rope-short": Row("llama", {**long, **dynamic, "max_position_embeddings": 40}, kept=False),
        "starcoder2-window": Row("starcoder2", _decoder(**small, num_key_value_heads=1, use_bias=True, sliding_window=6)),
        "qwen3-window": Row(
            "qwen3",
            _decoder(
                **small,
                num_key_value_heads=1,
                head_dim=8,
                use_sliding_window=True,
                sliding_window=6,
                max_window_layers=1,
            ),
        ),
        "gpt2-inverse-layer": Row("gpt2", _gpt(24, 3, 3, 96, n_inner=40, scale_attn_by_inverse_layer_idx=True), seed=1),
        "gpt2-bare": Row(
            "gpt2", {**_gpt(24, 2, 3, 96, n_inner=40), "n_positions": 40}, saved_as="bare", rewrite="gpt2-buffers"
        ),
        "bert-bare": Row("bert", {**_decoder(**small), "max_position_embeddings": 40}, saved_as="bare"),
        "roberta-bare": Row(
            "roberta",
            {**_decoder(**small), "max_position_embeddings": 42, "type_vocab_size": 1, "pad_token_id": 1},
            saved_as="bare",
        ),
        "chatglm": Row(
            "glm",
            _decoder(32, 40, 2, 4, 96, num_key_value_heads=2, head_dim=8, attention_bias=True)
            | _rope("default", 5000000.0, partial_rotary_factor=0.5)
            | {"pad_token_id": 0, "eos_token_id": [0], "tie_word_embeddings": False},
            rewrite="chatglm",
        ),
        "codegen2": Row(
            "codegen",
            _gpt(32, 2, 8, 96, n_inner=64, n_ctx=256, rotary_dim=2, bos_token_id=1, eos_token_id=2),
            rewrite="codegen2",
        ),
    }


NO_TARGETS = "dummy-target-modules"


def _adapters() -> dict[str, Row]:
    """Every kind of adapter, on models as small as they can be: hidden 16, 2 layers, 2 heads, vocabulary 48."""
    decoder = _decoder(16, 24, 2, 2, 48, num_key_value_heads=1)
    gpt2 = _gpt(16, 2, 2, 48, n_inner=24)
    bert = {**_decoder(16, 24, 2, 2, 48), "max_position_embeddings": 40}

    def row(model_type: str, config: dict[str, Any], **more: Any) -> Row:
        return Row(model_type, config, seed=3, **more)

    return {
        "adapters/llama-dora": row("llama", decoder, adapter={"use_dora": True}),
        "adapters/gpt2-dora-bias": row("gpt2", gpt2, adapter={"use_dora": True, "bias": "lora_only"}),
        "adapters/qwen2-parts": row(
            "qwen2",
            decoder,
            adapter={
                "target_modules": ["q_proj", "v_proj", "up_proj", "down_proj"],
                "exclude_modules": ["layers.1.self_attn.q_proj"],
                "layers_to_transform": [1],
                "layers_pattern": "layers",
                "rank_pattern": {"up_proj": 2},
                "alpha_pattern": {"v_proj": 3},
                "modules_to_save": ["input_layernorm", "layers.0.mlp.up_proj"],
                "bias": "all",
                "use_rslora": True,
            },
        ),
        "adapters/bert-bias-all": row("bert", bert, adapter={"bias": "all"}),
        "adapters/llama-adalora": row(
            "llama",
            decoder,
            adapter={"init_r": 4, "target_r": 2, "total_step": 10},
            kept_values={
                "layers.0.self_attn.q_proj": [True, False, True, True],
                "layers.1.mlp.up_proj": [False, False, False, True],
                "layers.1.mlp.down_proj": [False, False, False, False],
            },
        ),
        "adapters/gpt2-whole": row("gpt2", gpt2, adapter={"target_modules": NO_TARGETS, "modules_to_save": ["all"]}),
        "adapters/bert-whole": row("bert", bert, adapter={"target_modules": NO_TARGETS, "modules_to_save": ["all"]}),
        "adapters/llama-head": row("llama", decoder, adapter={"target_modules": NO_TARGETS}),
    }


ROWS: dict[str, Row] = {
    **_first_size(),
    **{f"{name}-3-layers": row for name, row in _other_sizes(24, 32, heads=3, kv=1, seed=1, kept=True).items()},
    **{f"{name}-6-heads": row for name, row in _other_sizes(48, 96, heads=6, kv=2, seed=2, kept=False).items()},
    **_variants(),
    **_adapters(),
}
