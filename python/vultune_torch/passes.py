"""From functions to logits: how a pass lies in memory, and what the head reads of it.

`packed`: all functions in one row, [1, S]. Position ids that begin anew say where one ends: Transformers then isolates them,
but only without an attention mask and without a cache; otherwise functions see each other without a word. FlashAttention is
also told the bounds, which saves finding them in every layer. `rows`: a function per row, padded, [B, L]: encoders, and
decoders whose positions are not those of `position_ids`.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """The adapted model as a function of a pass; one module, so that FSDP sees every parameter through its forward."""

    def __init__(self, adapted: Any, settings: dict[str, Any], dtype: torch.dtype, is_flash: bool) -> None:
        super().__init__()
        self.adapted = adapted
        self.settings = settings
        self.dtype = dtype
        self.is_flash = is_flash

    @property
    def inner(self) -> Any:
        """Transformers' classifier with the adapter in it."""
        return self.adapted.base_model.model

    def forward(self, functions: list[Tensor]) -> Tensor:
        """Token ids of each function -> logits [B, 2], float32."""
        rows = self.packed(functions) if self.settings["layout"] == "packed" else self.padded(functions)
        return rows.float()

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.adapted.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def backbone(self, **inputs: Any) -> Tensor:
        """[.., S] -> hidden states [.., S, D] behind the last norm."""
        if self.settings["token"] == "last":
            inputs["use_cache"] = False
        with self.autocast():
            return getattr(self.inner, self.inner.base_model_prefix)(**inputs).last_hidden_state

    def head(self, pooled: Tensor) -> Tensor:
        """[B, D] -> [B, 2], in the head's own type."""
        module = getattr(self.inner, self.settings["head"])
        # PEFT keeps the first values beside the trained ones, in the base model's type.
        dtype = next(one.dtype for one in module.parameters() if one.requires_grad)
        if self.settings["takesTokens"]:
            return module(pooled[:, None].to(dtype))
        return module(pooled.to(dtype))

    def packed(self, functions: list[Tensor]) -> Tensor:
        device = self.adapted.device
        lengths = torch.tensor([len(ids) for ids in functions], device=device)
        ends = lengths.cumsum(0)
        inputs: dict[str, Any] = {
            "input_ids": torch.cat(functions).to(device)[None],
            "position_ids": torch.cat([torch.arange(len(ids)) for ids in functions]).to(device)[None],
            "attention_mask": None,
        }
        if self.is_flash:
            bounds = nn.functional.pad(ends, (1, 0)).int()
            longest = max(len(ids) for ids in functions)
            inputs |= {"cu_seq_lens_q": bounds, "cu_seq_lens_k": bounds}
            inputs |= {"max_length_q": longest, "max_length_k": longest}
        hidden = self.backbone(**inputs)[0]  # [S, D]
        if self.settings["pooling"] == "last":
            return self.head(hidden[ends - 1])
        owner = torch.repeat_interleave(torch.arange(len(functions), device=device), lengths)
        sums = hidden.new_zeros(len(functions), hidden.shape[1]).float().index_add(0, owner, hidden.float())
        return self.head(sums / lengths[:, None])

    def padded(self, functions: list[Tensor]) -> Tensor:
        device = self.adapted.device
        ids = nn.utils.rnn.pad_sequence(functions, batch_first=True).to(device)  # [B, L]
        lengths = torch.tensor([len(one) for one in functions], device=device)
        mask = torch.arange(ids.shape[1], device=device)[None] < lengths[:, None]
        pad = self.inner.config.pad_token_id
        ids = torch.where(mask, ids, 0 if pad is None else pad)
        pooling = self.settings["pooling"]
        if pooling == "first" or self.settings["isToldPooling"]:
            with self.autocast():
                return self.adapted(input_ids=ids, attention_mask=mask.long()).logits
        hidden = self.backbone(input_ids=ids, attention_mask=mask.long())  # [B, L, D]
        if pooling == "last":
            return self.head(hidden[torch.arange(len(functions), device=device), lengths - 1])
        return self.head((hidden.float() * mask[..., None]).sum(1) / lengths[:, None])


def losses(logits: Tensor, labels: Tensor, gamma: float | None) -> Tensor:
    """[B, 2], [B] -> [B] nats: cross-entropy, or with gamma the focal loss -(1 - p)^gamma log p (Lin et al. 2017)."""
    logp = torch.log_softmax(logits, -1)
    nats = -logp.gather(1, labels[:, None])[:, 0]
    if gamma is None:
        return nats
    # 1 - p is the other class's probability: from its logarithm it does not vanish where p rounds to 1.
    return torch.exp(gamma * logp.gather(1, 1 - labels[:, None])[:, 0]) * nats
