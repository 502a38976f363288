"""A base model and its tokenizer in Transformers, from a folder, a hub id or one GGUF file (dequantised).

Shared by the parity check (peft_logits.py) and the benchmarks (bench/*/*_worker.py); knows nothing of adapters.
"""

import os
import warnings


def quiet():
    """Leaves stdout to results: no progress bars, and no notes on the head that the checkpoint does not hold."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)


def source(reference):
    """The arguments by which from_pretrained finds `reference`; nothing local asks the network."""
    if reference.endswith(".gguf"):
        folder, file = os.path.split(os.path.abspath(reference))
        return {"pretrained_model_name_or_path": folder, "gguf_file": file, "local_files_only": True}
    return {"pretrained_model_name_or_path": reference, "local_files_only": os.path.isdir(reference)}


def load_classifier(reference, dtype, attention="sdpa"):
    """The model with a fresh two-class head on the last token, in `dtype`."""
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(
        **source(reference), num_labels=2, dtype=dtype, attn_implementation=attention
    )


def load_language_model(reference, dtype, attention="sdpa"):
    """The model with its own head over the vocabulary, in `dtype`."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(**source(reference), dtype=dtype, attn_implementation=attention)


def load_tokenizer(reference):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(**source(reference))
