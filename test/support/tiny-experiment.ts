/** @file A table of two rows over the tiny model and a few functions, for experiments that run in a moment. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyRun } from './tiny-adapter.ts';

/** Two trainings a seed, one seed. `changed` are keys of the table. */
export async function writeTinyTable(folder: string, changed: object = {}): Promise<string> {
  await writeTinyRun(folder);
  for (const [name, count] of [
    ['train', 16],
    ['valid', 12],
    ['test', 12],
  ] as const) {
    const lines = Array.from({ length: count }, (_, i) => {
      const code = `function ${name}${i}(a) { return ${'a + '.repeat(i % 3)}${i % 2 ? 'eval(a)' : 'String(a)'}; }`;
      return `${JSON.stringify({ id: `${name}${i}`, code, target: i % 2 })}\n`;
    });
    writeFileSync(join(folder, `${name}.jsonl`), lines.join(''));
  }
  const table = {
    title: 'Two ways to add losses up',
    base: {
      base_model: 'base',
      train_file: 'train.jsonl',
      valid_file: 'valid.jsonl',
      test_file: 'test.jsonl',
      num_train_epochs: 4,
      functions_per_step: 4,
      save_steps: 1,
      max_length: 48,
      target_modules: ['q_proj'],
      lora_r: 2,
      learning_rate: 0.01,
      num_threads: 1,
      feature_cache: false,
    },
    columns: [{ metric: 'roc_auc', on: 'valid' }, { metric: 'f1' }],
    rows: [
      { name: 'Mean', set: { loss_reduction: 'mean' }, paper: ['0.570', 0.6] },
      { name: 'Sum', set: { loss_reduction: 'sum' }, paper: ['0.720', null] },
    ],
    ...changed,
  };
  const file = join(folder, 'tiny.yaml');
  writeFileSync(file, JSON.stringify(table));
  return file;
}
