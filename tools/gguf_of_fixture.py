"""Writes a checkpoint folder (config.json, model.safetensors) as a GGUF file in float32, by the rules of llama.cpp's converter.

python tools/gguf_of_fixture.py CHECKPOINT_FOLDER OUTPUT.gguf

For checking what reads GGUF files against checkpoints that need no download: tiny models with a vocabulary that means
nothing. Names come from the `gguf` package's own table; what else the converter does (turned Conv1D matrices, reordered
rotary rows, RoBERTa's first positions left out, default epsilons) is written down here from its behaviour at
ggml-org/llama.cpp 7bca1fd (conversion/*.py).
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

# model_type -> (architecture, prefixes the converter takes off, kind of vocabulary)
FAMILIES = {
    "llama": (gguf.MODEL_ARCH.LLAMA, (), "llama"),
    "mistral": (gguf.MODEL_ARCH.LLAMA, (), "llama"),
    "qwen2": (gguf.MODEL_ARCH.QWEN2, (), "gpt2"),
    "qwen3": (gguf.MODEL_ARCH.QWEN3, (), "gpt2"),
    "gpt2": (gguf.MODEL_ARCH.GPT2, (), "gpt2"),
    "gpt_bigcode": (gguf.MODEL_ARCH.STARCODER, (), "gpt2"),
    "starcoder2": (gguf.MODEL_ARCH.STARCODER2, (), "gpt2"),
    "olmo2": (gguf.MODEL_ARCH.OLMO2, (), "gpt2"),
    "stablelm": (gguf.MODEL_ARCH.STABLELM, (), "gpt2"),
    "glm": (gguf.MODEL_ARCH.CHATGLM, ("transformer.",), "gpt2"),
    "bert": (gguf.MODEL_ARCH.BERT, ("bert.",), "bert"),
    "roberta": (gguf.MODEL_ARCH.BERT, ("roberta.",), "gpt2"),
    "modernbert": (gguf.MODEL_ARCH.MODERN_BERT, ("model.",), "gpt2"),
}

# Heads of pre-training and poolers, which no GGUF has.
DROPPED = ("pooler.", "cls.", "lm_head.dense.", "lm_head.layer_norm.", "lm_head.bias", "decoder.", "head.")


def convert(folder: Path, output: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    model_type = config["model_type"]
    if model_type not in FAMILIES:
        known = ", ".join(FAMILIES)
        sys.exit(f"{folder}: llama.cpp has no architecture for {model_type} that is written here; these are: {known}")
    architecture, prefixes, vocabulary = FAMILIES[model_type]
    writer = gguf.GGUFWriter(output, gguf.MODEL_ARCH_NAMES[architecture])
    write_sizes(writer, config)
    write_vocabulary(writer, config, vocabulary)
    layers = first(config, "num_hidden_layers", "n_layer")
    names = gguf.get_tensor_name_map(architecture, layers)
    for name, data in load_file(folder / "model.safetensors").items():
        for prefix in prefixes:
            name = name.removeprefix(prefix)
        if model_type in ("bert", "roberta", "modernbert") and name.startswith(DROPPED):
            continue
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if stored is None:
            sys.exit(f"{folder}: llama.cpp has no name for {name}")
        writer.add_tensor(stored, np.ascontiguousarray(arranged(name, data, config).astype(np.float32)))
    write_rope_table(writer, config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def first(config, *keys):
    return next((config[key] for key in keys if config.get(key) is not None), None)


def write_sizes(writer, config):
    kind = config["model_type"]
    hidden = first(config, "hidden_size", "n_embd")
    heads = first(config, "num_attention_heads", "n_head")
    positions = first(config, "max_position_embeddings", "n_positions")
    if kind == "roberta":
        positions -= 1 + config["pad_token_id"]
    if kind == "glm":
        positions = first(config, "seq_length") or hidden
    writer.add_block_count(first(config, "num_hidden_layers", "n_layer"))
    writer.add_context_length(positions)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(first(config, "intermediate_size", "n_inner") or 4 * hidden)
    writer.add_head_count(heads)
    if kind == "gpt_bigcode":
        writer.add_head_count_kv(1)
    elif kind != "gpt2" and (groups := config.get("num_key_value_heads")) is not None:
        writer.add_head_count_kv(groups)
    if kind == "glm":
        writer.add_layer_norm_rms_eps(config.get("layernorm_epsilon", 1e-5))
        writer.add_rope_dimension_count(int(hidden // heads * config.get("partial_rotary_factor", 0.5)))
        writer.add_rope_freq_base(10000 * config.get("rope_ratio", 1))
        return
    if (epsilon := first(config, "rms_norm_eps", "norm_eps")) is not None:
        writer.add_layer_norm_rms_eps(epsilon)
    if (epsilon := first(config, "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")) is not None:
        writer.add_layer_norm_eps(epsilon)
    if (size := config.get("head_dim")) is not None:
        writer.add_key_length(size)
        writer.add_value_length(size)
    if kind in ("bert", "roberta", "modernbert"):
        writer.add_causal_attention(False)
    if kind == "stablelm":
        writer.add_rope_dimension_count(int(hidden // heads * config["rope_parameters"]["partial_rotary_factor"]))
        writer.add_parallel_residual(config.get("use_parallel_residual", True))
        return
    if kind == "mistral":
        writer.add_sliding_window(config["sliding_window"])
    if kind == "modernbert":
        writer.add_sliding_window(config["local_attention"])
        if (period := config.get("global_attn_every_n_layers")) is not None:
            writer.add_sliding_window_pattern(period)
        writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)
    write_rope(writer, config.get("rope_parameters") or {})


def write_rope(writer, rope):
    if (local := rope.get("sliding_attention", {}).get("rope_theta")) is not None:
        writer.add_rope_freq_base_swa(local)
    rope = rope.get("full_attention", rope)
    if (theta := rope.get("rope_theta")) is not None:
        writer.add_rope_freq_base(theta)
    if rope.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    elif rope.get("rope_type") == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])


def write_vocabulary(writer, config, kind):
    writer.add_tokenizer_model(kind)
    writer.add_token_list([f"t{i}" for i in range(config["vocab_size"])])
    if config["model_type"] in ("bert", "roberta"):
        writer.add_token_type_count(config["type_vocab_size"])
    for name, add in (
        ("bos_token_id", writer.add_bos_token_id),
        ("eos_token_id", writer.add_eos_token_id),
        ("pad_token_id", writer.add_pad_token_id),
    ):
        token = config.get(name)
        if isinstance(token, int):
            add(token)
        elif token:
            add(token[0])


def arranged(name, data, config):
    """The tensor as the converter lays it out."""
    kind = config["model_type"]
    if kind == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return data.T
    if kind == "roberta" and name == "embeddings.position_embeddings.weight":
        return data[1 + config["pad_token_id"] :]
    if kind in ("llama", "mistral") and ".q_proj." in name:
        return interleaved(data, config["num_attention_heads"])
    if kind in ("llama", "mistral") and ".k_proj." in name:
        return interleaved(data, config["num_key_value_heads"])
    return data


def interleaved(data, heads):
    """Rows (j, j + half) of each head become neighbours."""
    return data.reshape(heads, 2, data.shape[0] // heads // 2, *data.shape[1:]).swapaxes(1, 2).reshape(data.shape)


def write_rope_table(writer, config):
    """Llama 3's divisors of the frequencies, in place of their parameters."""
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type") != "llama3":
        return
    size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    wavelengths = 2 * np.pi * rope["rope_theta"] ** (np.arange(0, size, 2, dtype=np.float64) / size)
    turns = rope["original_max_position_embeddings"] / wavelengths
    low, high, factor = rope["low_freq_factor"], rope["high_freq_factor"], rope["factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    divisors = 1 / ((1 - smooth) / factor + smooth)
    writer.add_tensor("rope_freqs.weight", divisors.astype(np.float32))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
