/** @file What a probe may suggest: only what a head of the model can read, and a start that training takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeText } from '../../../src/cli/probe/run-probe.ts';
import { parseTrainConfig } from '../../../src/config/load.ts';
import { openModel } from '../../../src/network/open-model.ts';
import { probe } from '../../../src/workflows/probe/probe.ts';
import { planTraining } from '../../../src/workflows/train/setup.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { writeTinyBase } from '../../support/tiny-adapter.ts';

let folder = '';
let train = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-probe-'));
  for (const name of FIXTURES) writeTinyBase(join(folder, name), name);
  train = join(folder, 'train.jsonl');
  const lines = Array.from({ length: 8 }, (_, i) => ({ code: `f${'x+'.repeat(i)}`, target: i % 2 }));
  writeFileSync(train, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FIXTURES = ['gpt2', 'bert', 'roberta', 'modernbert'];

const isRefused = async (fixture: string, changed: object) => {
  const file = join(folder, 'none.jsonl');
  const paths = {
    base_model: join(folder, fixture),
    train_file: train,
    valid_file: file,
    output_dir: folder,
  };
  const model = await openModel(paths.base_model);
  try {
    planTraining(parseTrainConfig({ max_length: 32, ...paths, ...changed }, 'test'), model, []);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await model.checkpoint.close();
  }
};

describe.each(FIXTURES)('%s', (name) => {
  test('every pooling that is shown, and the start that is suggested, are taken by training', async () => {
    const result = await probe({ model: join(folder, name), train, valid: train, maxLength: 32 });
    const { poolings, layers, best } = result;
    expect(poolings).toEqual(name === 'gpt2' ? ['last', 'mean'] : ['first', 'mean']);
    for (const { probes } of layers) expect(Object.keys(probes)).toEqual(poolings);
    for (const pooling of poolings) expect(await isRefused(name, { pooling })).toBeUndefined();
    const suggested = { keep_layers: best.layers, pooling: best.pooling, head_init: best.headInit };
    expect(await isRefused(name, suggested)).toBeUndefined();
    const text = probeText(result, fakeTerminal());
    expect(text).toContain(`pooling: ${best.pooling}`);
    expect(text.includes('head_init: probe')).toBe(best.headInit === 'probe');
    expect(text).not.toContain(name === 'gpt2' ? 'first token' : 'last token');
  });
});

test.each([
  ['bert', 'first', 'bert.pooler.dense', 'Set head_init: random, or pooling: mean.'],
  ['roberta', 'first', 'classifier.dense', 'Set head_init: random.'],
  ['roberta', 'mean', 'classifier.dense', 'Set head_init: random.'],
  ['modernbert', 'first', 'head.dense', 'Set head_init: random.'],
  ['modernbert', 'mean', 'head.dense', 'Set head_init: random.'],
])(
  'head_init: probe for %s, pooling %s, is refused before a run is made',
  async (name, pooling, layer, hint) => {
    expect(await isRefused(name, { pooling, head_init: 'probe' })).toMatchObject({
      code: 'CONFIG_HEAD_INIT',
      message: expect.stringContaining(layer),
      where: { name: 'head_init' },
      hint,
    });
  },
);

test.each([
  ['bert', 'mean'],
  ['gpt2', 'last'],
  ['gpt2', 'mean'],
])('head_init: probe for %s, pooling %s, where the head is one matrix', async (name, pooling) => {
  expect(await isRefused(name, { pooling, head_init: 'probe' })).toBeUndefined();
});
