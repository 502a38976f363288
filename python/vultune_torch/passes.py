"""From functions to logits and losses: how a pass lies in memory, and what the head reads of it.

`packed`: all functions in one row, [1, S]. On a CPU attention is over one function after the other (attention.py). Elsewhere
position ids that begin anew say where one ends: Transformers then isolates them, but only without an attention mask and
without a cache; otherwise functions see each other without a word. FlashAttention is also told the bounds, which saves finding
them in every layer. `rows`: a function per row, padded, [B, L]: encoders, and decoders whose positions are not those of
`position_ids`.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .attention import NAME, Row
from .last_block import Read
from .layout import Layout, isolated

# Logits over the vocabulary that are held at one time: 32 MB in float32.
MOST_LOGITS = 2**23


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
        """Transformers' classifier, or language model, with the adapter in it."""
        return self.adapted.base_model.model

    @property
    def shares(self) -> bool:
        """Whether what functions begin with in common may be laid out once."""
        return self.settings["layout"] == "packed" and self.inner.config._attn_implementation == NAME

    @property
    def answers(self) -> list[int] | None:
        """The first tokens of both answers, where the language model says them."""
        return self.settings.get("answers")

    def forward(self, functions: list[Tensor], layout: Layout | None = None, nexts: list[Tensor] | None = None) -> Tensor:
        """Token ids of each function -> logits [B, 2], float32; of the answers where the language model gives them.

        With `nexts`, the token behind each token of each function, or -1 where none is learnt: [B] sums of their losses, nats.
        `layout`: where they do not lie one after the other.
        """
        pooling = self.settings["pooling"]
        if self.answers is None and (pooling == "first" or self.settings["isToldPooling"]):
            return self.told(functions).float()
        if self.settings["layout"] == "packed":
            reads_last = nexts is None and (self.answers is not None or pooling == "last")
            hidden, places = self.packed(layout if layout is not None else isolated(functions), reads_last)
        else:
            hidden, places = self.padded(functions)
        device = hidden.device
        if nexts is not None:
            return self.token_losses(hidden, [one.to(device) for one in places], [one.to(device) for one in nexts])
        if self.answers is not None or pooling == "last":
            last = hidden[torch.stack([one[-1] for one in places]).to(device)]
            return (self.head(last) if self.answers is None else self.next_token_logits(last)[:, self.answers]).float()
        owner = torch.repeat_interleave(torch.tensor([len(one) for one in places])).to(device)
        sums = hidden.new_zeros(len(places), hidden.shape[1]).float()
        sums = sums.index_add(0, owner, hidden[torch.cat(places).to(device)].float())
        return self.head(sums / torch.tensor([[len(one)] for one in places], device=device)).float()

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

    def next_token_logits(self, hidden: Tensor) -> Tensor:
        """[R, D] -> logits of the next token, [R, V]."""
        with self.autocast():
            return self.inner.get_output_embeddings()(hidden)

    def packed(self, layout: Layout, reads_last: bool) -> tuple[Tensor, list[Tensor]]:
        """Hidden states of the row, [N, D], and each function's places in it. `reads_last`: only its last token's are read."""
        device = self.adapted.device
        inputs: dict[str, Any] = {
            "input_ids": layout.ids.to(device)[None],
            "position_ids": layout.positions.to(device)[None],
            "attention_mask": None,
        }
        if self.is_flash:
            ends = [one.end for one in layout.segments]
            bounds = torch.tensor([0, *ends], dtype=torch.int32, device=device)
            longest = max(one.end - one.start for one in layout.segments)
            inputs |= {"cu_seq_lens_q": bounds, "cu_seq_lens_k": bounds}
            inputs |= {"max_length_q": longest, "max_length_k": longest}
        Row.segments = layout.segments
        # Functions that are the beginning of another may have the same last token.
        Read.places = torch.stack([one[-1] for one in layout.tokens]).unique() if reads_last else None
        return self.backbone(**inputs)[0], layout.tokens

    def padded(self, functions: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Hidden states of all rows one after the other, [B * L, D], and each function's places in them."""
        ids, mask = self.rows(functions)
        hidden = self.backbone(input_ids=ids, attention_mask=mask.long())  # [B, L, D]
        width = ids.shape[1]
        places = [torch.arange(len(one)) + row * width for row, one in enumerate(functions)]
        return hidden.flatten(0, 1), places

    def told(self, functions: list[Tensor]) -> Tensor:
        """Logits by Transformers' own head, which reads the first token, or what its configuration says."""
        ids, mask = self.rows(functions)
        with self.autocast():
            return self.adapted(input_ids=ids, attention_mask=mask.long()).logits

    def rows(self, functions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Padded token ids [B, L], and which of them are the functions'."""
        device = self.adapted.device
        ids = nn.utils.rnn.pad_sequence(functions, batch_first=True).to(device)
        lengths = torch.tensor([len(one) for one in functions], device=device)
        mask = torch.arange(ids.shape[1], device=device)[None] < lengths[:, None]
        pad = self.inner.config.pad_token_id
        return torch.where(mask, ids, 0 if pad is None else pad), mask

    def token_losses(self, hidden: Tensor, places: list[Tensor], nexts: list[Tensor]) -> Tensor:
        """[N, D] -> [B]: of each function the sum of -log p(next token) over the tokens that have one to learn.

        Logits are made for those tokens alone, so many at a time, and again on the way back.
        """
        place, wanted = torch.cat(places), torch.cat(nexts)
        owner = torch.repeat_interleave(torch.tensor([len(one) for one in nexts], device=hidden.device))
        learnt = (wanted >= 0).nonzero()[:, 0]
        sums = torch.zeros(len(nexts), device=hidden.device)
        for rows in learnt.split(max(1, MOST_LOGITS // self.inner.config.vocab_size)):
            nats = checkpoint(self.nats, hidden[place[rows]], wanted[rows], use_reentrant=False)
            sums = sums.index_add(0, owner[rows], nats)
        return sums

    def nats(self, hidden: Tensor, wanted: Tensor) -> Tensor:
        """[R, D], [R] -> [R]: -log p(wanted token), nats."""
        return nn.functional.cross_entropy(self.next_token_logits(hidden).float(), wanted, reduction="none")


def pair_nats(logits: Tensor, functions: list[int], fixed_versions: Tensor) -> Tensor:
    """[B, 2], the functions of the rows -> sum over pairs of -log sigmoid(s(vulnerable) - s(fixed)), s = logit 1 - logit 0
    (Burges et al. 2005)."""
    row = {function: place for place, function in enumerate(functions)}
    partners = [(row[function], row[int(fixed_versions[function])]) for function in functions if fixed_versions[function] >= 0]
    vulnerable, fixed = torch.tensor(partners, dtype=torch.long, device=logits.device).reshape(-1, 2).unbind(1)
    margins = logits[:, 1] - logits[:, 0]
    return -nn.functional.logsigmoid(margins[vulnerable] - margins[fixed]).sum()


def losses(logits: Tensor, labels: Tensor, gamma: float | None) -> Tensor:
    """[B, 2], [B] -> [B] nats: cross-entropy, or with gamma the focal loss -(1 - p)^gamma log p (Lin et al. 2017)."""
    logp = torch.log_softmax(logits, -1)
    nats = -logp.gather(1, labels[:, None])[:, 0]
    if gamma is None:
        return nats
    # 1 - p is the other class's probability: from its logarithm it does not vanish where p rounds to 1.
    return torch.exp(gamma * logp.gather(1, 1 - labels[:, None])[:, 0]) * nats
