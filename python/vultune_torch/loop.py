"""The training loop: passes of a step, their gradients added up over all ranks, AdamW, evaluations, checkpoints.

The plan decides everything that is random but dropout, so a resumed run needs no state of a sampler, and any number of ranks
takes the same steps.
"""

import hashlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from .adalora import ranks_of
from .errors import RunError
from .events import Events, resident_bytes
from .model import TrainedModel
from .passes import losses, pair_nats
from .plan import Pass, Plan, Step
from .run_lock import RunLock
from .state import Best, Counters, load_state, save_evaluated, save_state
from .world import RankLostError, World, lost_rank

SAVE_EVERY_SECONDS = 180
SPEAK_EVERY_SECONDS = 10


def learning_rate(peak: float, kind: str, warmup: int, total: int, step: int) -> float:
    """The rate at `step` (from 0): a linear warm-up, then constant, or down to 0 along a line or half a cosine."""
    if step < warmup:
        return peak * step / warmup
    progress = min(1.0, (step - warmup) / max(1, total - warmup))
    if kind == "constant":
        return peak
    return peak * (1 - progress) if kind == "linear" else peak * (1 + math.cos(math.pi * progress)) / 2


class Loop:
    def __init__(self, plan: Plan, model: TrainedModel, world: World, lock: RunLock, dtype: torch.dtype) -> None:
        run = lock.file.parent
        self.plan, self.model, self.world, self.run_folder, self.lock = plan, model, world, run, lock
        self.is_sharded = any(isinstance(one, DTensor) for one in model.parameters.values())
        config = plan.config
        self.gamma: float | None = config["focal_gamma"] if config["loss"] == "focal" else None
        self.optimizer = torch.optim.AdamW(
            [{"params": self.group(of_head=False)}, {"params": self.group(of_head=True)}],
            betas=(config["adam_beta1"], config["adam_beta2"]),
            eps=config["adam_epsilon"],
            weight_decay=config["weight_decay"],
        )
        self.scaler = torch.amp.GradScaler(world.device.type, enabled=dtype == torch.float16)
        self.ranks = ranks_of(model, config["finetuning_type"], len(plan.steps))
        self.counters, self.best = Counters(), Best()
        self.events = Events(run / "events.jsonl", world.is_first)
        self.checkpoints = run / "checkpoints"
        self.is_stopping = False
        self.saved_at = time.monotonic()
        self.spoken_at = 0.0

    def group(self, of_head: bool) -> list[nn.Parameter]:
        keys = self.model.head_keys
        return [one for key, one in self.model.parameters.items() if (key in keys) == of_head]

    def run(self) -> bool:
        """Trains to the end; False where a signal stopped it, with a checkpoint to go on from."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        self.resume()
        steps, counters = self.plan.steps, self.counters
        self.catch_up()
        # Vultune's own engine may have made it, and was stopped before its first step.
        if counters.step == 0 and self.best.said == Best.said and self.plan.model["evaluatesOnStart"]:
            self.evaluate()
        while counters.step < len(steps):
            with self.saved_if_lost():
                self.step(steps[counters.step])
            is_last = counters.step == len(steps)
            ends_epoch = self.ends_epoch()
            evaluates = self.is_evaluation_due(ends_epoch, is_last)
            if evaluates:
                self.evaluate()
            if ends_epoch:
                self.end_epoch()
            with self.saved_if_lost():
                stops = self.world.any(self.is_stopping)
                saves = stops or evaluates or ends_epoch or is_last or self.is_save_due()
            if saves:
                self.save()
            if stops and not is_last:
                self.events.append("interrupted", step=counters.step, checkpoint="checkpoints/last.safetensors")
                return False
        self.write_adapter()
        return True

    def ends_epoch(self) -> bool:
        return self.counters.stepInEpoch == self.plan.steps_per_epoch[self.counters.epoch]

    def catch_up(self) -> None:
        """What the last step still asks for, where Vultune's own engine was stopped between it and its evaluation."""
        counters = self.counters
        evaluates, counters.evaluationDue = counters.evaluationDue, False
        if counters.step == 0:
            return
        ends_epoch = counters.epoch < len(self.plan.steps_per_epoch) and self.ends_epoch()
        if evaluates:
            self.evaluate()
        if ends_epoch:
            self.end_epoch()
        if evaluates or ends_epoch:
            self.save()

    def stop(self, *_: Any) -> None:
        self.is_stopping = True

    @contextmanager
    def saved_if_lost(self) -> Iterator[None]:
        """
        Where another rank is lost in a step, nothing has changed yet, and what was done so far is saved. Not so in an
        evaluation: the checkpoint before it is the one to go on from, so that it is made then.
        """
        try:
            yield
        except RankLostError:
            # Shards that are lost cannot be saved. Before the first step there is nothing to save.
            if not self.is_sharded and self.counters.step > 0:
                self.save()
            raise

    def step(self, step: Step) -> None:
        started = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=False)
        loss_nats = torch.zeros((), device=self.world.device)
        for index in self.rounds(len(step.passes)):
            loss_nats += self.backward(step.passes, index)
        norm = self.update(loss_nats, step)
        self.lock.require_own()
        counters, tokens = self.counters, sum(len(self.plan.train.ids(i)) for one in step.passes for i in one.functions)
        duration = (time.perf_counter() - started) * 1000
        rate = self.rate(self.plan.config["learning_rate"])
        counters.step += 1
        counters.stepInEpoch += 1
        counters.epochLossNats += loss_nats.item()
        counters.epochFunctions += step.functions
        counters.epochTokens += tokens
        counters.epochMs += duration
        counters.elapsedMs += duration
        self.events.append(
            "step",
            step=counters.step,
            epoch=self.epochs_done(),
            lossNats=loss_nats.item() / step.functions,
            learningRate=rate,
            gradientNorm=norm,
            functions=step.functions,
            tokens=tokens,
            paddingTokens=self.padding(step),
            durationMs=duration,
            memoryBytes=resident_bytes(),
        )
        if time.monotonic() - self.spoken_at > SPEAK_EVERY_SECONDS:
            self.spoken_at = time.monotonic()
            done = f"step {counters.step} of {len(self.plan.steps)}, loss {loss_nats.item() / step.functions:.4f}"
            self.say(f"{done}, {tokens / duration * 1000:.0f} tokens/s")

    def rounds(self, count: int) -> range | list[int]:
        """Passes of this rank. With FSDP all ranks run equally many: an index past the last is an empty pass."""
        if not self.is_sharded:
            return self.world.share(count)
        return [self.world.rank + turn * self.world.size for turn in range(self.world.rounds(count))]

    def backward(self, passes: list[Pass], index: int) -> Tensor:
        """Adds the gradients of a pass; returns the sum of its functions' losses, nats."""
        is_empty = index >= len(passes)
        one = passes[0] if is_empty else passes[index]
        functions = one.functions[:1] if is_empty else one.functions
        seed = hashlib.sha256(f"{self.plan.config['seed']} {self.counters.step} {index}".encode()).digest()
        torch.manual_seed(int.from_bytes(seed[:7], "big"))  # dropout: the same on any number of ranks
        data, device = self.plan.train, self.world.device
        taken = Pass(functions, one.factor) if is_empty else one
        layout = self.plan.layout(taken, self.model.classifier.shares)
        ids = [data.ids(i) for i in functions]
        of_pairs = torch.zeros((), device=device)
        if data.nexts is not None:
            nats = self.model.classifier(ids, layout, [data.learnt(i) for i in functions])
        else:
            logits = self.model.classifier(ids, layout)
            nats = losses(logits, data.labels[functions].to(device), self.gamma)
            if data.fixed_versions is not None and not is_empty:
                of_pairs = self.plan.config["pair_loss_weight"] * pair_nats(logits, functions, data.fixed_versions)
        if self.model.cwe is not None and data.cwe_shares is not None:
            of_cwes = self.model.cwe.nats(data.cwe_shares[functions].to(device))
            nats = nats + self.plan.config["cwe_loss_weight"] * of_cwes
        weights = data.weights[functions].to(device) * (0.0 if is_empty else 1.0)
        loss = (weights * nats).sum() + of_pairs
        # FSDP takes the mean over ranks where the sum is meant.
        factor = one.factor * (self.world.size if self.is_sharded else 1)
        self.scaler.scale(loss * factor).backward()
        return loss.detach()

    def update(self, loss_nats: Tensor, step: Step) -> float:
        """AdamW with the gradients of all ranks; returns their norm before clipping. Throws TRAINING_DIVERGED."""
        config, parameters = self.plan.config, list(self.model.parameters.values())
        for one in parameters:
            if one.grad is None:  # no pass of this rank reached it
                one.grad = torch.zeros_like(one)
        gradients = [one.grad for one in parameters if one.grad is not None]
        self.world.add_up([loss_nats] if self.is_sharded else [loss_nats, *gradients])
        self.scaler.unscale_(self.optimizer)
        if self.ranks is not None:
            self.ranks.add_penalty_gradients()
        limit = config["max_grad_norm"] if config["max_grad_norm"] is not None else math.inf
        norm = float(whole(nn.utils.clip_grad_norm_(parameters, limit)))
        if not math.isfinite(loss_nats.item()) or (not math.isfinite(norm) and not self.scaler.is_enabled()):
            raise RunError(
                "TRAINING_DIVERGED",
                f"the loss or its gradient is not a number any more at step {self.counters.step + 1}",
                "Lower learning_rate, or set max_grad_norm: 1; checkpoints hold the state before.",
            )
        peak = config["learning_rate"]
        of_head = config["head_learning_rate"] if config["head_learning_rate"] is not None else peak
        for group, rate in zip(self.optimizer.param_groups, (peak, of_head), strict=True):
            group["lr"] = self.rate(rate)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.ranks is not None:
            self.ranks.allocate(self.counters.step)
        return norm if math.isfinite(norm) else 0.0

    def rate(self, peak: float) -> float:
        kind, total = self.plan.config["lr_scheduler_type"], len(self.plan.steps)
        return learning_rate(peak, kind, self.plan.warmup_steps, total, self.counters.step)

    def padding(self, step: Step) -> int:
        if self.plan.model["layout"] == "packed":
            return 0
        lengths = [[len(self.plan.train.ids(i)) for i in one.functions] for one in step.passes]
        return sum(max(one) * len(one) - sum(one) for one in lengths)

    def epochs_done(self) -> float:
        counters = self.counters
        if counters.epoch == len(self.plan.steps_per_epoch):
            return float(counters.epoch)
        return counters.epoch + counters.stepInEpoch / self.plan.steps_per_epoch[counters.epoch]

    def is_evaluation_due(self, ends_epoch: bool, is_last: bool) -> bool:
        match self.plan.config["eval_strategy"]:
            case "epoch":
                return ends_epoch or is_last
            case "steps":
                return is_last or self.counters.step % self.plan.config["eval_steps"] == 0
            case _:
                return False

    def evaluate(self) -> None:
        """Scores of the validation functions, kept with the parameters: the metrics are Vultune's to compute."""
        passes = self.plan.valid_passes
        scores = torch.zeros(len(self.plan.valid), dtype=torch.float64)
        self.model.classifier.eval()
        with torch.no_grad():
            for index in self.rounds(len(passes)):
                functions = passes[index] if index < len(passes) else passes[0][:1]
                logits = self.model.classifier([self.plan.valid.ids(i) for i in functions]).double().cpu()
                if index < len(passes):
                    scores[functions] = torch.softmax(logits, -1)[:, 1]
        self.model.classifier.train()
        if self.world.size > 1:
            told = scores.to(self.world.device)
            with lost_rank():
                dist.all_reduce(told)
            scores = told.cpu()
        tensors = self.tensors("parameter", {key: one.detach() for key, one in self.model.parameters.items()})
        self.lock.require_own()
        if self.world.is_first:
            save_evaluated(self.checkpoints, self.counters.step, tensors, scores)

    def end_epoch(self) -> None:
        counters = self.counters
        counters.epoch += 1
        self.events.append(
            "epoch",
            epoch=counters.epoch,
            step=counters.step,
            meanLossNats=counters.epochLossNats / max(1, counters.epochFunctions),
            functions=counters.epochFunctions,
            tokens=counters.epochTokens,
            durationMs=counters.epochMs,
        )
        counters.stepInEpoch = counters.epochFunctions = counters.epochTokens = 0
        counters.epochLossNats = counters.epochMs = 0.0

    def is_save_due(self) -> bool:
        every = self.plan.config["save_steps"]
        if every is not None:
            return self.counters.step % every == 0
        return self.world.any(self.world.is_first and time.monotonic() - self.saved_at > SAVE_EVERY_SECONDS)

    def tensors(self, part: str, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """Whole tensors under the names of a checkpoint, as Vultune lays them out."""
        transposed = self.model.transposed
        return {f"{part}/{key}": whole(one).T if key in transposed else whole(one) for key, one in values.items()}

    def save(self) -> None:
        started = time.perf_counter()
        parameters = self.model.parameters
        tensors = self.tensors("parameter", {key: one.detach() for key, one in parameters.items()})
        for part, name in (("first_moment", "exp_avg"), ("second_moment", "exp_avg_sq")):
            tensors |= self.tensors(part, {key: self.moment(one, name) for key, one in parameters.items()})
        for part, values in (self.ranks.state() if self.ranks is not None else {}).items():
            tensors |= self.tensors(part, values)
        if self.plan.difficulty is not None:
            tensors["difficulty"] = self.plan.difficulty
        self.lock.require_own()
        if self.world.is_first:
            save_state(self.checkpoints, self.counters, tensors, self.best, self.plan.hash)
        self.saved_at = time.monotonic()
        took = (time.perf_counter() - started) * 1000
        where = {"step": self.counters.step, "epoch": self.epochs_done(), "path": "checkpoints/last.safetensors"}
        self.events.append("checkpoint", **where, durationMs=took)

    def moment(self, parameter: nn.Parameter, name: str) -> Tensor:
        """0 where no step was taken yet: in float16 the first ones may all overflow, and are skipped."""
        value = self.optimizer.state[parameter].get(name)
        return torch.zeros_like(parameter).detach() if value is None else value

    def resume(self) -> None:
        """Goes on from the last checkpoint, whatever the number of ranks that wrote it."""
        found = load_state(self.checkpoints, self.plan.hash)
        self.world.require_same("the step to continue from", str(found.counters.step if found else 0))
        pid = {"pid": os.getpid()}
        if found is None:
            if self.events.is_writer and not self.events.has_started():
                total, functions = len(self.plan.steps), len(self.plan.train)
                self.events.append("run_started", **pid, totalSteps=total, trainFunctions=functions)
            elif self.events.is_writer and self.events.last_step() > 0:
                self.events.append("resumed", step=0, checkpoint="", **pid)
            return
        self.counters, self.best, tensors = found.counters, found.best, found.tensors
        with torch.no_grad():
            for key, one in self.model.parameters.items():
                self.assign(one, tensors[f"parameter/{key}"], key)
                self.optimizer.state[one] = {
                    "step": torch.tensor(float(self.counters.step)),
                    "exp_avg": self.like(one, tensors[f"first_moment/{key}"], key),
                    "exp_avg_sq": self.like(one, tensors[f"second_moment/{key}"], key),
                }
        if self.ranks is not None:
            parts = ("importance", "uncertainty", "kept")
            read = {
                part: {name[len(part) + 1 :]: t for name, t in tensors.items() if name.startswith(part + "/")} for part in parts
            }
            self.ranks.restore(read)
        self.events.append("resumed", step=self.counters.step, checkpoint=f"checkpoints/{found.file.name}", **pid)

    def like(self, parameter: nn.Parameter, value: Tensor, key: str) -> Tensor:
        value = (value.T if key in self.model.transposed else value).contiguous().to(self.world.device)
        if isinstance(parameter, DTensor):
            return distribute_tensor(value, parameter.device_mesh, parameter.placements)
        return value

    def assign(self, parameter: nn.Parameter, value: Tensor, key: str) -> None:
        parameter.copy_(self.like(parameter, value, key))

    def write_adapter(self) -> None:
        """As PEFT reads it; Vultune writes it anew with the threshold, the best checkpoint and what names CWEs."""
        of_cwes = self.model.cwe.by_key if self.model.cwe is not None else {}
        held = {key: one for key, one in self.model.parameters.items() if key not in of_cwes}
        values = {key: whole(one.detach()).cpu().contiguous() for key, one in held.items()}
        if not self.world.is_first:
            return
        self.lock.require_own()
        folder = self.run_folder / "adapter"
        folder.mkdir(parents=True, exist_ok=True)
        save_file(values, folder / "adapter_model.safetensors", {"format": "pt"})
        for name in ("vultune.json", "adapter_config.json"):
            shutil.copyfile(self.plan.folder / "start" / name, folder / name)
        self.say(f"trained {self.counters.step} steps; the adapter is in {folder}")

    def say(self, text: str) -> None:
        if self.world.is_first:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def whole(tensor: Tensor) -> Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
