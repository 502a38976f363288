"""The logits that Transformers + PEFT give for a base model and an adapter: the other half of check-adapter-in-peft.mjs.

One function a row, unpadded, so that nothing depends on how PEFT pads. JSON lines in (`code`, or `tokens` for models
without a tokenizer), JSON lines out on stdout: id, logits, score (probability of vulnerable), tokens (how many).
"""

import argparse
import json
import sys

import torch
from peft import PeftModel

import base_model


def rows(path, count):
    with open(path, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    return records[:count]


def token_ids(record, tokenizer, max_length):
    """Transformers' own tokenizer, special tokens as it adds them by itself, cut at max_length."""
    if "tokens" in record:
        return record["tokens"][:max_length]
    return tokenizer(record["code"], truncation=max_length is not None, max_length=max_length)["input_ids"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-model", required=True, help="folder, hub id or .gguf file")
    parser.add_argument("--adapter", required=True, help="folder with adapter_config.json")
    parser.add_argument("--data", required=True)
    parser.add_argument("--count", type=int)
    parser.add_argument("--max-length", type=int)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    base_model.quiet()
    records = rows(options.data, options.count)
    needs_tokenizer = any("tokens" not in record for record in records)
    tokenizer = base_model.load_tokenizer(options.base_model) if needs_tokenizer else None

    model = base_model.load_classifier(options.base_model, torch.float32)
    # The head is on the last token. With a padding token set, Transformers would look for the last token unlike it,
    # which is another one where a function happens to end in that token.
    model.config.pad_token_id = None
    model = PeftModel.from_pretrained(model, options.adapter).eval()

    with torch.no_grad():
        for record in records:
            ids = token_ids(record, tokenizer, options.max_length)
            logits = model(input_ids=torch.tensor([ids])).logits[0]
            result = {
                "id": record.get("id"),
                "logits": logits.tolist(),
                "score": logits.softmax(-1)[1].item(),
                "tokens": len(ids),
            }
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
