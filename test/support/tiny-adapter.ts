/** @file The tiny model of test/fixtures as a run folder that commands can open: with a tokenizer of single characters and settings. */
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectorSettings } from '../../src/adapters/files/detector-settings.ts';
import { resolvePooling } from '../../src/heads/classifier.ts';
import { modelIdentity } from '../../src/network/model-identity.ts';
import { openModel } from '../../src/network/open-model.ts';
import { currentEnvironment } from '../../src/runs/environment.ts';
import { RUN_FORMAT_VERSION } from '../../src/runs/run-folder.ts';
import { fixtureFolder } from './tiny-model.ts';

/** Every printable ASCII character a token, as byte-level tokenizers write them; what is left is `~`. */
export function tinyTokenizer(): object {
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const tokens = ['<|end|>', ...printable, 'Ġ', 'Ċ', 'ĉ'];
  return {
    version: '1.0',
    added_tokens: [
      {
        id: 0,
        content: '<|end|>',
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<|end|>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

export interface TinyRunOptions {
  readonly settings?: Partial<DetectorSettings>;
  /** Folder of test/fixtures. Default: `llama`. */
  readonly fixture?: string;
  /** The records of the training file. */
  readonly training?: readonly object[];
  /** Scores and labels of predictions/valid.jsonl. */
  readonly validation?: readonly (readonly [score: number, target: 0 | 1])[];
}

/** Writes the base model of a fixture into a folder, with a tokenizer of single characters. */
export function writeTinyBase(base: string, fixture: string): void {
  cpSync(join(fixtureFolder(fixture), 'base'), base, { recursive: true });
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(tinyTokenizer()));
  writeFileSync(join(base, 'tokenizer_config.json'), JSON.stringify({ eos_token: '<|end|>' }));
}

/** Writes FOLDER/base and FOLDER/run; returns the run's path. */
export async function writeTinyRun(folder: string, options: TinyRunOptions = {}): Promise<string> {
  const base = join(folder, 'base');
  const run = join(folder, 'run');
  const { fixture = 'llama' } = options;
  writeTinyBase(base, fixture);
  cpSync(join(fixtureFolder(fixture), 'adapter'), join(run, 'adapter'), { recursive: true });
  const model = await openModel(base);
  await model.checkpoint.close();
  const settings: DetectorSettings = {
    formatVersion: 1,
    threshold: 0.5,
    maxLength: 64,
    longFunctions: 'truncate',
    pooling: resolvePooling(model.spec, undefined),
    ...modelIdentity(model),
    data: {},
    ...options.settings,
  };
  writeFileSync(join(run, 'adapter', 'vultune.json'), JSON.stringify(settings));
  const config = join(run, 'adapter', 'adapter_config.json');
  const json = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  writeFileSync(config, JSON.stringify({ ...json, base_model_name_or_path: base }));
  const training = join(folder, 'train.jsonl');
  if (options.training !== undefined) {
    writeFileSync(training, options.training.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  const data =
    options.training === undefined
      ? {}
      : { train_file: { path: training, sizeBytes: statSync(training).size, sha256: '' } };
  writeFileSync(
    join(run, 'run.json'),
    JSON.stringify({
      formatVersion: RUN_FORMAT_VERSION,
      createdAt: '',
      config: {},
      environment: currentEnvironment({ versions: {}, device: 'cpu', threads: 1 }),
      data,
    }),
  );
  if (options.validation !== undefined) {
    mkdirSync(join(run, 'predictions'));
    const lines = options.validation.map(([score, target], id) => JSON.stringify({ id, score, target }));
    writeFileSync(join(run, 'predictions', 'valid.jsonl'), `${lines.join('\n')}\n`);
  }
  return run;
}
