/**
 * @file The functions of the training benchmark as a plan folder, for plan_worker.py: the job of ours.mjs, its LoRA, seed and
 * functions of a step.
 *
 * node plan.mjs --model M.gguf --functions FILE --out FOLDER [--tokens 1024] [--prefixes shared|separate]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseTrainConfig } from '../../dist/config/load.js';
import { openModel } from '../../dist/network/open-model.js';
import { workflowContext } from '../../dist/workflows/context.js';
import { writePlanOf } from '../../dist/workflows/torch/write-plan.js';
import { planTraining } from '../../dist/workflows/train/setup.js';
import { LORA } from '../lora.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    functions: { type: 'string' },
    out: { type: 'string' },
    tokens: { type: 'string', default: '1024' },
    prefixes: { type: 'string', default: 'shared' },
  },
});
const job = JSON.parse(readFileSync(values.functions, 'utf8'));
const config = parseTrainConfig(
  {
    base_model: values.model,
    // Nothing is read of them: the functions are token ids already.
    train_file: values.functions,
    valid_file: `${values.functions}.valid`,
    output_dir: values.out,
    max_length: Math.max(...job.functions.map((ids) => ids.length)),
    tokens_per_batch: Number(values.tokens),
    share_prefixes: values.prefixes === 'shared',
    functions_per_step: 8,
    num_train_epochs: 1,
    learning_rate: 1e-4,
    warmup_steps: 0,
    lora_r: LORA.rank,
    lora_alpha: LORA.alpha,
    lora_dropout: LORA.dropout,
  },
  'bench',
);
const model = await openModel(values.model);
const plan = planTraining(config, model, []);
const examples = job.functions.map((ids, i) => ({
  ids,
  target: { label: job.labels[i], cwes: [] },
  weight: 1,
}));
await writePlanOf(
  values.out,
  plan,
  {
    examples,
    valid: examples.slice(0, 1).map(({ ids, target }) => ({ ids, label: target.label, weight: 1 })),
    data: {},
  },
  workflowContext(),
);
await model.checkpoint.close();
