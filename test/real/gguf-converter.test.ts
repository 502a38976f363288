/**
 * @file The reference models as GGUF files, written by the `gguf` package (tools/gguf_of_fixture.py) out of a temporary
 * venv: every tensor comes back under its name with equal numbers, and the configuration with equal values.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { sharedFolder } from '../support/shared.ts';

const REQUIREMENTS = ['gguf==0.19.0', 'safetensors==0.8.0', 'numpy==2.4.6'];
const TOOL = resolve(import.meta.dirname, '../../tools/gguf_of_fixture.py');
const shared = sharedFolder();
const folder = mkdtempSync(join(tmpdir(), 'vultune-gguf-converter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const windows = process.platform === 'win32';
const python = join(folder, 'venv', ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr}`);
}

/** What no GGUF has: heads of pre-training, poolers. */
const NOT_IN_GGUF = /^(cls\.|bert\.pooler\.|lm_head\.(bias|dense|layer_norm))/;
/** How a model was trained and stored, and lists by which a family says what its other keys say. */
const NOT_IN_CONFIG =
  /drop|^(architectures|dtype|transformers_version|initializer_range|use_cache|summary_.*|add_cross_attention|is_decoder|pretraining_tp|layer_types|max_window_layers)$/;

/** What the file says otherwise: one end token of a list, and for glm the hidden size as context length. */
const CHANGED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  glm: { eos_token_id: 0, max_position_embeddings: 32 },
  // Its four factors (1, 8, 8, 8) are those of a length of 64 and of 32.
  'llama-llama3-rope': {
    rope_parameters: {
      rope_type: 'llama3',
      rope_theta: 500_000,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 32,
    },
  },
};

const FIXTURES = [
  'llama', 'llama-linear-rope', 'llama-llama3-rope', 'mistral-window', 'qwen2', 'qwen3', 'gpt2', 'gpt_bigcode',
  'gpt_bigcode-mha', 'starcoder2', 'glm', 'bert', 'roberta',
]; // biome-ignore format: a list

describe.skipIf(shared === undefined)('as llama.cpp converts it', () => {
  beforeAll(() => {
    run(process.env.PYTHON ?? (windows ? 'python' : 'python3'), ['-m', 'venv', join(folder, 'venv')]);
    run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...REQUIREMENTS]);
  });

  test.each(FIXTURES)('%s', async (name) => {
    const base = join(shared!, 'fixtures', name, 'base');
    const path = join(folder, `${name}.gguf`);
    run(python, [TOOL, base, path]);
    const [expected, found] = [await openCheckpoint(base), await openCheckpoint(path)];
    const names = [...expected.tensors.keys()].filter((tensor) => !NOT_IN_GGUF.test(tensor));
    expect([...found.tensors.keys()].toSorted()).toEqual(names.toSorted());
    for (const tensor of names) {
      const wanted = await expected.read(tensor);
      // Rows 0 and 1, which no token of RoBERTa has, are zeros.
      if (tensor === 'roberta.embeddings.position_embeddings.weight')
        wanted.data.fill(0, 0, 2 * wanted.shape[1]!);
      expect(await found.read(tensor), tensor).toEqual(wanted);
    }
    const config = Object.entries(expected.config).filter(([key]) => !NOT_IN_CONFIG.test(key));
    expect(found.config).toMatchObject({ ...Object.fromEntries(config), ...CHANGED[name] });
  });
});
