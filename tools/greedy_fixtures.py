"""Makes test/fixtures/greedy.json: the tokens that Transformers' generate (do_sample=False, with its cache) puts behind the
functions of the tiny decoders in test/fixtures, with and without their LoRA adapters. Run in the environment of
`node tools/python-env.mjs`:

    python tools/greedy_fixtures.py test/fixtures
"""

import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

torch.set_num_threads(1)
NEW_TOKENS = 20
ENCODERS = {"bert", "roberta", "modernbert"}


def greedy(model, function):
    ids = torch.tensor([function])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=NEW_TOKENS,
        eos_token_id=-1,
        pad_token_id=0,
    )
    return out[0, len(function) :].tolist()


def answers(folder, functions):
    # Attention by its formula: fused kernels round otherwise, and tiny models have near ties.
    model = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32, attn_implementation="eager").eval()
    tokens = {"base": [greedy(model, function) for function in functions]}
    config = LoraConfig.from_pretrained(folder / "adapter")
    config.task_type = None
    config.modules_to_save = None
    adapted = get_peft_model(model, config).eval()
    lora = {key: value for key, value in load_file(folder / "adapter" / "adapter_model.safetensors").items() if ".lora_" in key}
    unexpected = set_peft_model_state_dict(adapted, lora).unexpected_keys
    if not unexpected:
        tokens["adapter"] = [greedy(adapted, function) for function in functions]
    return tokens


def main(fixtures):
    out = {}
    for folder in sorted(fixtures.iterdir()):
        if not (folder / "io.safetensors").exists():
            continue
        config = json.loads((folder / "base" / "config.json").read_text())
        if config["model_type"] in ENCODERS or "auto_map" in config:
            continue
        try:
            AutoConfig.from_pretrained(folder / "base")
        except ValueError:  # Names that Transformers has no class for.
            continue
        io = load_file(folder / "io.safetensors")
        functions = [part.tolist() for part in torch.split(io["input_ids"], io["lengths"].tolist())]
        try:
            out[folder.name] = answers(folder, functions)
        except Exception as error:
            print(f"{folder.name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    text = ",\n".join(f'  "{name}": {json.dumps(tokens)}' for name, tokens in out.items())
    (fixtures / "greedy.json").write_text("{\n" + text + "\n}\n")


main(pathlib.Path(sys.argv[1]))
