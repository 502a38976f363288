"""The runner's parts by themselves: `python -m unittest discover python/tests`.

With VULTUNE_TEST_PLAN, a plan folder of a tiny decoder, also what needs a model.
"""

import json
import math
import os
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vultune_torch import attention
from vultune_torch.attention import NAME, Row, Segment
from vultune_torch.command import choose_layout, out_of_memory
from vultune_torch.cwe import CweHead
from vultune_torch.errors import RunError
from vultune_torch.events import Events
from vultune_torch.last_block import Read, prune_last_block
from vultune_torch.layout import Shared, isolated, joined
from vultune_torch.loop import Loop, learning_rate
from vultune_torch.lora import adapt_in_one
from vultune_torch.model import ModelOptions, file_key, load_model
from vultune_torch.passes import Classifier, losses, pair_nats
from vultune_torch.plan import read_plan
from vultune_torch.run_lock import RunLock
from vultune_torch.selfcheck import require_isolation
from vultune_torch.state import LAST, NEXT, PREVIOUS, Best, Counters, load_state, save_evaluated, save_state
from vultune_torch.world import World

PLAN = os.environ.get("VULTUNE_TEST_PLAN")


class Mathematics(unittest.TestCase):
    def test_cross_entropy_is_torchs(self) -> None:
        logits, labels = torch.randn(5, 2, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1])
        expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        torch.testing.assert_close(losses(logits, labels, None), expected)

    def test_focal_is_its_formula(self) -> None:
        logits, labels = torch.randn(5, 2, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1])
        p = torch.softmax(logits, -1)[range(5), labels]
        torch.testing.assert_close(losses(logits, labels, 2.0), -((1 - p) ** 2) * p.log())

    def test_schedules_warm_up_and_end_at_zero(self) -> None:
        self.assertEqual(learning_rate(1.0, "cosine", 4, 10, 2), 0.5)
        self.assertEqual(learning_rate(1.0, "linear", 0, 10, 5), 0.5)
        self.assertEqual(learning_rate(1.0, "constant", 0, 10, 9), 1.0)
        self.assertAlmostEqual(learning_rate(1.0, "cosine", 4, 10, 10), 0.0)

    def test_pairs_are_ranknets_loss_of_those_of_the_pass(self) -> None:
        logits = torch.tensor([[0.0, 1.0], [0.5, -0.5], [1.0, 1.0]], dtype=torch.float64)
        # Function 7 is the fixed version of function 4; 9 is in no pair.
        fixed_versions = torch.full((10,), -1)
        fixed_versions[4] = 7
        expected = math.log(1 + math.exp(-(1.0 - -1.0)))
        self.assertAlmostEqual(pair_nats(logits, [4, 7, 9], fixed_versions).item(), expected)
        self.assertEqual(pair_nats(logits[:1], [9], fixed_versions).item(), 0.0)

    def test_cwes_are_named_from_what_the_last_matrix_reads(self) -> None:
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 2))
        first = {"cwe.weight": torch.randn(4, 3), "cwe.bias": torch.randn(4)}
        head, hidden = CweHead(first, module), torch.randn(2, 3)
        module(hidden)
        logp = torch.log_softmax(module[0](hidden) @ first["cwe.weight"].T + first["cwe.bias"], -1)
        shares = torch.tensor([[0, 0.5, 0.5, 0], [0, 0, 0, 0]])
        expected = torch.stack([-(logp[0, 1] + logp[0, 2]) / 2, torch.tensor(0.0)])
        torch.testing.assert_close(head.nats(shares), expected)


class Ranks(unittest.TestCase):
    def test_every_pass_is_one_ranks_and_rounds_are_enough(self) -> None:
        for size in (1, 2, 3, 7):
            worlds = [World(rank, size, torch.device("cpu")) for rank in range(size)]
            taken = sorted(index for world in worlds for index in world.share(5))
            self.assertEqual(taken, [0, 1, 2, 3, 4])
            self.assertEqual(worlds[0].rounds(5), max(len(world.share(5)) for world in worlds))


class Steps(unittest.TestCase):
    def loop(self) -> Any:
        loop: Any = Loop.__new__(Loop)
        loop.plan = SimpleNamespace(
            steps=[], steps_per_epoch=[1], model={"evaluatesOnStart": True}, difficulty=None, hash="p", config={}
        )
        loop.counters, loop.best, loop.ranks = Counters(), Best(), None
        for name in ("resume", "evaluate", "write_adapter"):
            setattr(loop, name, mock.Mock())
        return loop

    def test_an_evaluation_before_the_first_step_is_not_made_again(self) -> None:
        loop = self.loop()
        loop.run()
        loop.evaluate.assert_called_once()
        loop = self.loop()
        loop.best = Best('{"step":0,"metric":0.5}')
        loop.run()
        loop.evaluate.assert_not_called()

    def test_a_checkpoint_is_saved_where_float16_skipped_every_step_so_far(self) -> None:
        loop, folder = self.loop(), Path(self.enterContext(tempfile.TemporaryDirectory()))
        loop.model = SimpleNamespace(parameters={"a": torch.nn.Parameter(torch.ones(2))}, transposed=set())
        loop.optimizer = torch.optim.AdamW(loop.model.parameters.values())
        loop.world, loop.checkpoints, loop.events = SimpleNamespace(is_first=True), folder, mock.Mock()
        loop.lock = RunLock(folder)
        loop.save()
        found = load_state(folder, "p")
        assert found is not None
        self.assertEqual(found.tensors["first_moment/a"].tolist(), [0, 0])
        # Whoever resumes the run takes the lock of a process that was killed, and the one that it started still trains.
        (folder / "run.lock").write_text('{"pid":2}')
        loop.counters = Counters(step=1)
        with self.assertRaises(RunError) as raised:
            loop.save()
        self.assertEqual(raised.exception.code, "TORCH_RUN_TAKEN")
        found = load_state(folder, "p")
        assert found is not None
        self.assertEqual(found.counters.step, 0)

    def test_a_lock_is_own_until_somebody_else_holds_it(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "run.lock").write_text('{"pid":1}')
        lock = RunLock(folder)
        lock.require_own()
        (folder / "run.lock").unlink()
        lock.require_own()
        (folder / "run.lock").write_text('{"pid":2}')
        self.assertRaises(RunError, lock.require_own)


class Keys(unittest.TestCase):
    def test_names_of_peft_are_keys_of_the_file(self) -> None:
        cases = {
            "a.q_proj.lora_A.default.weight": "a.q_proj.lora_A.weight",
            "a.q_proj.lora_E.default": "a.q_proj.lora_E",
            "a.q_proj.lora_magnitude_vector.default.weight": "a.q_proj.lora_magnitude_vector",
            "a.score.modules_to_save.default.weight": "a.score.weight",
            "a.q_proj.base_layer.bias": "a.q_proj.base_layer.bias",
        }
        for name, key in cases.items():
            self.assertEqual(file_key(name), key)


class Checkpoints(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tensors = {"parameter/a": torch.arange(6.0).view(2, 3)}
        scores = torch.tensor([0.25, 0.5], dtype=torch.float64)
        self.best = Best('{"step":2,"metric":0.75}', {"best/a": torch.ones(2, 3), "best_valid_scores": scores})

    def save(self, step: int, plan: str = "p") -> None:
        save_state(self.folder, Counters(step=step, epochMs=0.5), self.tensors, self.best, plan)

    def test_comes_back(self) -> None:
        self.save(3)
        found = load_state(self.folder, "p")
        assert found is not None
        self.assertEqual(found.counters, Counters(step=3, epochMs=0.5))
        torch.testing.assert_close(found.tensors["parameter/a"], self.tensors["parameter/a"])
        self.assertEqual(found.best.said, self.best.said)
        torch.testing.assert_close(found.best.tensors, self.best.tensors)

    def test_a_damaged_one_gives_way_to_the_one_before(self) -> None:
        self.save(3)
        self.save(4)
        content = bytearray((self.folder / LAST).read_bytes())
        content[-1] ^= 1
        (self.folder / LAST).write_bytes(content)
        found = load_state(self.folder, "p")
        assert found is not None
        self.assertEqual((found.counters.step, found.file.name), (3, PREVIOUS))
        (self.folder / PREVIOUS).write_bytes(content)
        self.refuses("TORCH_CHECKPOINT_BROKEN", "p")

    def test_one_that_a_killed_save_left_whole_is_taken_before_the_one_before(self) -> None:
        self.save(3)
        self.save(4)
        (self.folder / LAST).rename(self.folder / NEXT)
        found = load_state(self.folder, "p")
        assert found is not None
        self.assertEqual((found.counters.step, found.file.name), (4, NEXT))

    def test_one_that_a_killed_save_left_stays_where_an_evaluation_is_written(self) -> None:
        self.save(4)
        (self.folder / LAST).rename(self.folder / NEXT)
        save_evaluated(self.folder, 5, self.tensors, torch.tensor([0.5], dtype=torch.float64))
        found = load_state(self.folder, "p")
        assert found is not None
        self.assertEqual(found.file.name, NEXT)
        self.assertEqual({file.name for file in self.folder.iterdir()}, {NEXT, "evaluated-00000005.safetensors"})

    def test_a_save_killed_while_it_writes_leaves_every_checkpoint_as_it_was(self) -> None:
        self.save(4)
        (self.folder / LAST).rename(self.folder / NEXT)

        def killed(_tensors: object, file: Path, _metadata: object) -> None:
            file.write_bytes(b"part")
            raise KeyboardInterrupt

        with mock.patch("vultune_torch.state.save_file", killed), self.assertRaises(KeyboardInterrupt):
            self.save(5)
        found = load_state(self.folder, "p")
        assert found is not None
        self.assertEqual((found.counters.step, found.file.name), (4, NEXT))
        # A name of src/base/temporary-files.ts.
        self.assertTrue((self.folder / f"{NEXT}.{os.getpid()}.tmp").exists())

    def test_part_of_a_first_one_is_no_checkpoint(self) -> None:
        (self.folder / NEXT).write_bytes(b"part")
        self.assertIsNone(load_state(self.folder, "p"))

    def test_one_of_another_plan_is_refused(self) -> None:
        self.save(3, "another")
        self.refuses("TORCH_CHECKPOINT_OTHER", "p")

    def test_one_of_the_own_engine_is_refused_until_it_is_handed_over(self) -> None:
        self.save(3)
        with safe_open(self.folder / LAST, "pt") as stored:
            metadata = {key: value for key, value in stored.metadata().items() if key != "plan"}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        save_file(tensors, self.folder / LAST, metadata)
        self.refuses("TORCH_CHECKPOINT_OTHER", "p")

    def refuses(self, code: str, plan: str) -> None:
        with self.assertRaises(RunError) as caught:
            load_state(self.folder, plan)
        self.assertEqual(caught.exception.code, code)


class Plans(unittest.TestCase):
    def test_another_version_and_no_plan_are_refused(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.refuses(folder, "TORCH_PLAN_MISSING")
        (folder / "plan.json").write_text(json.dumps({"formatVersion": 99}))
        self.refuses(folder, "TORCH_PLAN_VERSION")
        (folder / "plan.json").write_text("[1")
        self.refuses(folder, "TORCH_PLAN_BROKEN")
        (folder / "plan.json").write_text(json.dumps({"formatVersion": 3, "files": {"absent": "0"}}))
        self.refuses(folder, "TORCH_PLAN_BROKEN")

    def refuses(self, folder: Path, code: str) -> None:
        with self.assertRaises(RunError) as caught:
            read_plan(folder)
        self.assertEqual(caught.exception.code, code)

    def test_out_of_memory_names_the_knobs_that_are_left(self) -> None:
        config: dict[str, Any] = {"tokens_per_batch": 4096, "max_length": 512, "activations": "recompute"}
        error = out_of_memory(config | {"load_in_4bit": True, "load_in_8bit": False}, "CUDA out of memory. Tried ...")
        self.assertIn("tokens_per_batch (now 4096)", error.hint)
        self.assertNotIn("activations", error.hint)
        self.assertNotIn("load_in_4bit", error.hint)

    def test_rows_do_not_hold_joined_functions(self) -> None:
        with self.assertRaises(RunError) as caught:
            choose_layout(SimpleNamespace(is_joined=True, model={}), "rows")
        self.assertEqual(caught.exception.code, "TORCH_LAYOUT")


class Log(unittest.TestCase):
    def test_a_torn_line_is_cut_off_and_the_next_one_is_whole(self) -> None:
        file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "events.jsonl"
        file.write_text('{"type": "step", "step": 1}\n{"type": "st')
        log = Events(file, True)
        log.append("step", step=2)
        self.assertEqual([json.loads(line)["step"] for line in file.read_text().splitlines()], [1, 2])
        self.assertEqual(log.last_step(), 2)

    def test_a_training_that_only_resumed_has_not_started(self) -> None:
        log = Events(Path(self.enterContext(tempfile.TemporaryDirectory())) / "events.jsonl", True)
        log.append("resumed", step=0, checkpoint="")
        self.assertFalse(log.has_started())
        log.append("run_started", totalSteps=2)
        self.assertTrue(log.has_started())


class Layouts(unittest.TestCase):
    functions = (torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 9]), torch.tensor([1, 2, 3]))

    def test_what_is_shared_lies_there_once(self) -> None:
        # The third is the beginning of the first, and the second begins like the third.
        shared = Shared([0, 2, 1], [None, (2, 2), (0, 3)])
        layout = isolated(list(self.functions), shared)
        self.assertEqual(layout.ids.tolist(), [1, 2, 3, 4, 9])
        self.assertEqual(layout.positions.tolist(), [0, 1, 2, 3, 2])
        self.assertEqual([layout.ids[one].tolist() for one in layout.tokens], [one.tolist() for one in self.functions])
        self.assertEqual([(one.start, one.end, one.before) for one in layout.segments], [(0, 4, 0), (4, 5, 2)])

    def test_joined_functions_are_one_text_with_separators_between(self) -> None:
        layout = joined(list(self.functions), 7)
        self.assertEqual(layout.ids.tolist(), [1, 2, 3, 4, 7, 1, 2, 9, 7, 1, 2, 3])
        self.assertEqual(layout.positions.tolist(), list(range(12)))
        self.assertEqual([one[-1].item() for one in layout.tokens], [3, 7, 11])
        self.assertEqual(len(layout.segments), 1)

    def test_a_window_is_counted_from_the_token_itself(self) -> None:
        def seen(one: Segment, window: int | None) -> list[list[list[int]]]:
            blocks = list(attention.blocks_of(one, window))
            scores = [torch.zeros(block.last - block.first, block.last - block.low) for block in blocks]
            for block, held in zip(blocks, scores, strict=True):
                attention.hide(held, block, window)
            return [(held == 0).int().tolist() for held in scores]

        self.assertEqual(seen(Segment(0, 3, None), None), [[[1, 0, 0], [1, 1, 0], [1, 1, 1]]])
        self.assertEqual(seen(Segment(0, 3, None), 2), [[[1, 0, 0], [1, 1, 0], [0, 1, 1]]])
        self.assertEqual(seen(Segment(5, 6, torch.tensor([0, 1, 5])), None), [[[1, 1, 1]]])
        self.enterContext(mock.patch.object(attention, "BLOCK", 2))
        self.assertEqual(seen(Segment(0, 4, None), 2), [[[1, 0], [1, 1]], [[1, 1, 0], [0, 1, 1]]])


class Attention(unittest.TestCase):
    """Against PyTorch's own with a mask of everything, in float64."""

    segments = (Segment(0, 5, None), Segment(5, 9, torch.tensor([0, 1, 5, 6, 7, 8])), Segment(9, 10, None))

    def agrees(self, window: int | None) -> None:
        torch.manual_seed(0)
        q, k, v = (torch.randn(heads, 10, 4, dtype=torch.float64, requires_grad=True) for heads in (6, 2, 2))
        found = attention.FunctionAttention.apply(q, k, v, self.segments, 0.7, window)
        mask = torch.zeros(10, 10, dtype=torch.bool)
        for one in self.segments:
            tokens = torch.arange(one.start, one.end) if one.keys is None else one.keys
            for place in range(one.before, len(tokens)):
                first = 0 if window is None else max(0, place - window + 1)
                mask[tokens[place], tokens[first : place + 1]] = True
        wide = [one.repeat_interleave(3, 0) for one in (k, v)]
        expected = torch.nn.functional.scaled_dot_product_attention(q, *wide, attn_mask=mask, scale=0.7).transpose(0, 1)
        torch.testing.assert_close(found, expected)
        of_out = torch.randn_like(found)
        gradients = [torch.autograd.grad(one, (q, k, v), of_out) for one in (found, expected)]
        # Gradients of keys and values are added up in float32.
        torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-5)

    def test_of_one_block_and_of_many_kept_and_computed_again(self) -> None:
        for block, kept in ((128, 1024), (2, 1024), (2, 5), (3, 0)):
            with mock.patch.multiple(attention, BLOCK=block, MOST_KEPT_TOKENS=kept):
                for window in (None, 2, 3, 100):
                    with self.subTest(block=block, kept=kept, window=window):
                        self.agrees(window)


class Lora(unittest.TestCase):
    """Against PEFT's own layer, which is what the operation stands in for."""

    def agrees(self, dropout: float, bias: bool) -> None:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 5, bias=bias))
        config = LoraConfig(r=2, lora_alpha=6, lora_dropout=dropout, target_modules=["0"], bias="lora_only")
        adapted = get_peft_model(model, config)
        torch.nn.init.normal_(adapted.base_model.model[0].lora_B["default"].weight)
        x, of_out = torch.randn(2, 3, 6), torch.randn(2, 3, 5)
        results = []
        for turn in range(2):
            if turn == 1:
                adapt_in_one(adapted)
                self.assertIn("forward", vars(adapted.base_model.model[0]))
            torch.manual_seed(1)
            given = x.clone().requires_grad_()
            out = adapted(given)
            trained = [one for one in adapted.parameters() if one.requires_grad]
            results.append([out, *torch.autograd.grad(out, [given, *trained], of_out)])
        self.assertEqual(len(results[0]), 5 if bias else 4)
        torch.testing.assert_close(results[1], results[0], atol=1e-5, rtol=1e-5)

    def test_one_operation_is_pefts_layer(self) -> None:
        for dropout in (0.0, 0.5):
            for bias in (False, True):
                with self.subTest(dropout=dropout, bias=bias):
                    self.agrees(dropout, bias)


class LastBlock(unittest.TestCase):
    def test_its_mlp_computes_the_tokens_that_are_read(self) -> None:
        taken = []

        class Mlp(torch.nn.Module):
            def forward(self, hidden: torch.Tensor) -> torch.Tensor:
                taken.append(hidden.shape[1])
                return 2 * hidden

        blocks = torch.nn.ModuleList([torch.nn.Module(), torch.nn.Module()])
        blocks[1].mlp = Mlp()
        prune_last_block(blocks)
        self.addCleanup(setattr, Read, "places", None)
        hidden = torch.arange(4.0).view(1, 4, 1)
        for places, expected in ((torch.tensor([1, 3]), [0, 2, 0, 6]), (None, [0, 2, 4, 6])):
            Read.places = places
            self.assertEqual(blocks[1].mlp(hidden).flatten().tolist(), expected)
        self.assertEqual(taken, [2, 4])


@unittest.skipUnless(PLAN, "VULTUNE_TEST_PLAN names no plan folder")
class Isolation(unittest.TestCase):
    def load(self, attention: str | None, layout: str = "packed") -> Classifier:
        self.plan = read_plan(Path(PLAN or ""))
        choose_layout(self.plan, layout)
        options = ModelOptions(torch.float32, attention, None, is_sharded=False)
        return load_model(self.plan, options, World(0, 1, torch.device("cpu"))).classifier

    def refuses(self, model: Classifier) -> None:
        with self.assertRaises(RunError) as caught:
            require_isolation(model, self.plan, torch.float32)
        self.assertEqual(caught.exception.code, "TORCH_NOT_ISOLATED")

    def test_packed_functions_do_not_see_each_other(self) -> None:
        for name in (None, "sdpa", "eager"):
            require_isolation(self.load(name), self.plan, torch.float32)

    def test_a_cpu_takes_one_function_after_the_other(self) -> None:
        self.assertEqual(self.load(None).inner.config._attn_implementation, NAME)

    def test_a_mask_that_lets_them_see_each_other_is_refused(self) -> None:
        backbone = Classifier.backbone

        def contaminated(classifier: Classifier, **inputs: Any) -> torch.Tensor:
            # What Transformers takes for one long function: the position ids are no longer looked at.
            return backbone(classifier, **(inputs | {"attention_mask": torch.ones_like(inputs["input_ids"])}))

        model = self.load("sdpa")
        Classifier.backbone = contaminated  # type: ignore[method-assign]
        self.addCleanup(setattr, Classifier, "backbone", backbone)
        self.refuses(model)

    def test_a_row_that_is_taken_for_one_function_is_refused(self) -> None:
        backbone = Classifier.backbone

        def contaminated(classifier: Classifier, **inputs: Any) -> torch.Tensor:
            Row.segments = (Segment(0, Row.segments[-1].end, None),)
            return backbone(classifier, **inputs)

        model = self.load(None)
        Classifier.backbone = contaminated  # type: ignore[method-assign]
        self.addCleanup(setattr, Classifier, "backbone", backbone)
        self.refuses(model)

    def test_every_way_to_lay_functions_out_gives_the_same_logits(self) -> None:
        ours, transformers = self.load(None), self.load("sdpa")
        first = self.plan.train.ids(0)
        functions = [self.plan.train.ids(i) for i in range(5)] + [first.repeat(2), torch.cat([first, first.flip(0)])]
        shared = Shared([*range(7)], [None] * 5 + [(0, len(first)), (5, len(first))])
        with torch.no_grad():
            expected = transformers(functions)
            for layout in (isolated(functions), isolated(functions, shared)):
                torch.testing.assert_close(ours(functions, layout), expected, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(self.load(None, "rows")(functions), expected, atol=1e-5, rtol=1e-5)

    def test_joined_functions_see_those_before_them_whatever_the_attention(self) -> None:
        ours, transformers = self.load(None), self.load("sdpa")
        functions = [self.plan.train.ids(i) for i in range(3)]
        with torch.no_grad():
            found = [model(functions, joined(functions, 1)) for model in (ours, transformers)]
            torch.testing.assert_close(found[0], found[1], atol=1e-5, rtol=1e-5)
            self.assertGreater((found[0] - ours(functions)).abs()[1:].max().item(), 1e-3)


if __name__ == "__main__":
    unittest.main()
