/** @file The commands that are killed everywhere, each over the tiny model and a few functions. */
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unsealLine } from '../../src/scan/cache/sealed-line.ts';
import type { KillScenario } from './kill-everywhere.ts';
import { writeTinyRun } from './tiny-adapter.ts';

const functions = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${name}${i}`,
    code: `function ${name}${i}(a) { return ${'a + '.repeat(i % 5)}${i % 2 ? 'eval(a)' : 'String(a)'}; }`,
    target: i % 2,
  }));

function writeLines(file: string, records: readonly object[]): void {
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

async function prepareModel(folder: string): Promise<void> {
  await writeTinyRun(folder);
  for (const [name, count] of [
    ['train', 4],
    ['valid', 2],
    ['test', 2],
  ] as const) {
    writeLines(join(folder, `${name}.jsonl`), functions(name, count));
  }
}

const training: KillScenario = {
  name: 'train',
  prepare: async (folder) => {
    await prepareModel(folder);
    const keys = {
      base_model: 'base',
      train_file: 'train.jsonl',
      valid_file: 'valid.jsonl',
      test_file: 'test.jsonl',
      output_dir: 'out/trained',
      lora_layers: 'last 1',
      lora_dropout: 0.1,
      num_train_epochs: 1,
      target_modules: ['q_proj'],
      lora_r: 2,
      max_length: 48,
      functions_per_step: 2,
      save_steps: 1,
      learning_rate: 0.01,
      num_threads: 1,
    };
    writeFileSync(join(folder, 'train.yaml'), JSON.stringify(keys));
  },
  command: ['train', 'train.yaml'],
  again: (folder) =>
    existsSync(join(folder, 'out/trained/run.json'))
      ? ['train', '--resume', 'out/trained']
      : ['train', 'train.yaml'],
  exitCode: 0,
  results: ['out', 'cache'],
  // The log says that the run was resumed: that is what it is for.
  comparable: (file, bytes) => (file.endsWith('events.jsonl') ? '' : bytes),
};

const scanning: KillScenario = {
  name: 'scan',
  prepare: async (folder) => {
    await prepareModel(folder);
    mkdirSync(join(folder, 'src'));
    for (const { id, code } of functions('scanned', 3))
      writeFileSync(join(folder, 'src', `${id}.js`), `${code}\n`);
  },
  command: [
    'scan',
    'run',
    'src',
    '--format',
    'json',
    '--output',
    'found.json',
    '--threshold',
    '0',
    '--num-threads',
    '1',
  ],
  exitCode: 1,
  results: ['found.json', 'cache'],
  // A line that was cut short stays: nobody may shorten a file that another scan appends to.
  comparable: (file, bytes) =>
    /(scores|lines)-[^/]*\.txt$/.test(file)
      ? bytes
          .toString()
          .split('\n')
          .filter((line) => unsealLine(line) !== undefined)
          .join('\n')
      : bytes,
};

const evaluating: KillScenario = {
  name: 'evaluate',
  prepare: prepareModel,
  command: ['evaluate', 'run', '--data', 'test.jsonl', '--num-threads', '1'],
  exitCode: 0,
  results: ['run', 'cache'],
};

const building: KillScenario = {
  name: 'data build',
  prepare: async (folder) => {
    const file = join(folder, 'raw.jsonl');
    writeLines(file, functions('built', 24));
    // What is staged is kept under the file's time, and only whole seconds are copied exactly.
    utimesSync(file, 1e9, 1e9);
  },
  command: ['data', 'build', 'published=raw.jsonl', '--out', 'built', '--num-threads', '1'],
  exitCode: 0,
  results: ['built', 'cache'],
};

export const killScenarios: readonly KillScenario[] = [training, scanning, evaluating, building];
