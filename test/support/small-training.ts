/** @file A training of the tiny Llama on functions of a test's own, in a folder of its own: run, stopped after some steps, resumed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTrainConfig } from '../../src/config/load.ts';
import { checkTraining } from '../../src/workflows/train/check-training.ts';
import { checkTrainInputs } from '../../src/workflows/train/inputs.ts';
import { startTraining } from '../../src/workflows/train/train.ts';
import { stoppingAfter } from './stopping-after.ts';
import { writeTinyBase } from './tiny-adapter.ts';

export interface SmallTraining {
  at(...names: string[]): string;
  train(output: string, changed?: object, stopAfter?: number): ReturnType<typeof startTraining>;
  /** What `--dry-run` says. */
  check(changed?: object): ReturnType<typeof checkTraining>;
  remove(): void;
}

/** @param parts records of `train` and `valid` */
export function smallTraining(parts: Readonly<Record<'train' | 'valid', readonly object[]>>): SmallTraining {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-small-'));
  const at = (...names: string[]) => join(folder, ...names);
  writeTinyBase(at('base'), 'llama');
  for (const [part, rows] of Object.entries(parts)) {
    writeFileSync(at(`${part}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const config = (output: string, changed: object) =>
    parseTrainConfig(
      {
        base_model: at('base'),
        train_file: at('train.jsonl'),
        valid_file: at('valid.jsonl'),
        output_dir: at(output),
        num_train_epochs: 2,
        functions_per_step: 6,
        learning_rate: 0.02,
        max_length: 32,
        feature_cache: false,
        save_steps: 1,
        num_threads: 1,
        cache_dir: at('cache'),
        ...changed,
      },
      'test',
    );
  return {
    at,
    train: async (output, changed = {}, stopAfter) => {
      const parsed = config(output, changed);
      const inputs = await checkTrainInputs(parsed);
      return await startTraining(
        { config: parsed, inputs },
        stopAfter === undefined ? {} : stoppingAfter(stopAfter),
      );
    },
    check: async (changed = {}) => {
      const parsed = config('unmade', changed);
      const { signal } = new AbortController();
      return await checkTraining({ config: parsed, inputs: await checkTrainInputs(parsed) }, { signal });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
