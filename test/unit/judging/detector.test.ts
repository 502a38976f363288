import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import type { DetectorSettings } from '../../../src/adapters/files/detector-settings.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { Detector } from '../../../src/judging/detector.ts';
import { baseModelReference, locateAdapter } from '../../../src/judging/locate-adapter.ts';
import { readModel } from '../../../src/model/families/registry.ts';

import type { OpenModel } from '../../../src/network/open-model.ts';
import { readReferenceFolder } from '../../../src/parity/reference-folder.ts';
import type { Tokenizer } from '../../../src/text/tokenizer.ts';
import { BaseWeights } from '../../../src/weights/base-weights.ts';
import { relativeDifference } from '../../support/network-step.ts';
import { fixtureFolder, tinyBackend } from '../../support/tiny-model.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-detector-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Reads token ids out of the text: "3 17 5". */
const numbersTokenizer: Tokenizer = {
  vocabSize: 128,
  special: { eos: 2 },
  fingerprint: 'numbers',
  encode: (text) => (text === '' ? [] : text.split(' ').map(Number)),
  decode: (ids) => ids.join(' '),
};

async function openModel(): Promise<OpenModel> {
  const path = join(fixtureFolder('llama'), 'base');
  const checkpoint = await openCheckpoint(path);
  const spec = readModel(checkpoint.config, path);
  return { path, checkpoint, spec, tokenizer: numbersTokenizer, weights: new BaseWeights(checkpoint) };
}

/** PEFT's adapter of the fixture, with settings of ours where given. */
async function openDetector(
  settings?: Partial<DetectorSettings>,
  options: { threshold?: number; maxLength?: number } = {},
) {
  const model = await openModel();
  cpSync(join(fixtureFolder('llama'), 'adapter'), folder, { recursive: true });
  if (settings !== undefined) {
    const whole: DetectorSettings = {
      formatVersion: 1,
      threshold: 0.3,
      maxLength: 8,
      longFunctions: 'truncate',
      pooling: 'last',
      baseFingerprint: model.checkpoint.fingerprint,
      data: {},
      ...settings,
    };
    writeFileSync(join(folder, 'vultune.json'), JSON.stringify(whole));
  }
  return await Detector.open(model, readAdapterHeader(folder), { backend: await tinyBackend(), ...options });
}

const reference = await readReferenceFolder(fixtureFolder('llama'));
const codes = reference.functions.map((ids) => ids.join(' '));

describe('an adapter of PEFT', () => {
  test("gives PyTorch's logits, in the order asked for, whatever stands between", async () => {
    const detector = await openDetector();
    const { logits, scores, truncated } = await detector.judge(codes);
    const expected = Array.from(reference.optional('cls_logits')!);
    expect(relativeDifference(logits, expected)).toBeLessThan(1e-5);
    for (const [i, score] of scores.entries()) {
      const [safe, vulnerable] = [Math.exp(expected[2 * i]!), Math.exp(expected[2 * i + 1]!)];
      expect(score).toBeCloseTo(vulnerable / (safe + vulnerable), 5);
    }
    expect(truncated).toEqual(codes.map(() => false));
    const backwards = await detector.judge(['', ...codes.toReversed()]);
    expect(relativeDifference(backwards.scores.slice(1).toReversed(), scores)).toBeLessThan(1e-5);
    expect((await detector.judge([])).scores).toHaveLength(0);
    await detector.close();
  });

  test('with a calibration gives calibrated scores, and those before it', async () => {
    const bare = await openDetector({});
    const before = await bare.judge(codes);
    expect([...before.rawScores]).toEqual([...before.scores]);
    await bare.close();
    const calibration = { method: 'platt', slope: 2, intercept: -1, functions: 40, prevalence: 0.5 };
    const detector = await openDetector({ calibration, maxLength: 8 });
    const { scores, rawScores } = await detector.judge(codes);
    expect([...rawScores]).toEqual([...before.rawScores]);
    for (const [i, raw] of rawScores.entries()) {
      const odds = (raw / (1 - raw)) ** 2 / Math.E;
      expect(scores[i]).toBeCloseTo(odds / (1 + odds), 12);
    }
    await detector.close();
    const broken = openDetector({ calibration: { method: 'platt' } });
    await expect(broken).rejects.toMatchObject({ code: 'ADAPTER_SETTINGS' });
  });

  test('has 0.5 and the whole length of the model where it says nothing', async () => {
    const detector = await openDetector();
    expect([detector.threshold, detector.maxLength]).toEqual([0.5, 256]);
    await detector.close();
  });
});

describe('an adapter of ours', () => {
  test('is used as it was trained; options go before', async () => {
    const own = await openDetector({});
    expect([own.threshold, own.maxLength]).toEqual([0.3, 8]);
    const asked = await openDetector({}, { threshold: 0.9, maxLength: 5 });
    expect([asked.threshold, asked.maxLength]).toEqual([0.9, 5]);
    await own.close();
    await asked.close();
  });

  test.each<[DetectorSettings['longFunctions'], string]>([
    ['truncate', '10 11 12 13'],
    ['head_tail', '10 11 18 19'],
    ['drop', '10 11 12 13'],
  ])('long functions: %s; none is left out', async (longFunctions, short) => {
    const long = '10 11 12 13 14 15 16 17 18 19';
    const detector = await openDetector({ maxLength: 4, longFunctions });
    const { scores, truncated } = await detector.judge([long, short]);
    expect(truncated).toEqual([true, false]);
    expect(scores[0]).toBeCloseTo(scores[1]!, 6);
    await detector.close();
  });

  test('pools as it was trained', async () => {
    const last = await openDetector({ maxLength: 100 });
    const mean = await openDetector({ maxLength: 100, pooling: 'mean' });
    const [a, b] = [await last.judge(['10 11 12', '7']), await mean.judge(['10 11 12', '7'])];
    expect(a.scores[0]).not.toBeCloseTo(b.scores[0]!, 3);
    // The mean of one token is that token.
    expect(a.scores[1]).toBeCloseTo(b.scores[1]!, 5);
    await last.close();
    await mean.close();
  });

  test('is refused for a model that it was not trained on', async () => {
    await expect(openDetector({ baseFingerprint: 'another' })).rejects.toMatchObject({
      code: 'ADAPTER_MISMATCH',
    });
  });

  test('stops between batches when it is asked to', async () => {
    const detector = await openDetector({});
    const signal = AbortSignal.abort();
    await expect(detector.judge(codes, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    await detector.close();
  });
});

describe('where an adapter is', () => {
  const adapter = (to: string) =>
    cpSync(join(fixtureFolder('llama'), 'adapter'), join(folder, to), { recursive: true });

  test('an adapter folder, or the run it belongs to', () => {
    adapter('run/adapter');
    writeFileSync(join(folder, 'run/run.json'), '{}');
    expect(locateAdapter(join(folder, 'run')).folder).toBe(join(folder, 'run/adapter'));
    expect(locateAdapter(join(folder, 'run/adapter')).folder).toBe(join(folder, 'run/adapter'));
  });

  test('a run that is not finished', () => {
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run/run.json'), '{}');
    expect(() => locateAdapter(join(folder, 'run'))).toThrow(
      expect.objectContaining({ code: 'RUN_UNFINISHED', hint: expect.stringContaining('--resume') }),
    );
  });

  test.each(['nothing', '.'])('no adapter at all: %s', (path) => {
    expect(() => locateAdapter(join(folder, path))).toThrow(
      expect.objectContaining({ code: 'ADAPTER_MISSING' }),
    );
  });

  const referenceOf = (baseModel: string) => {
    adapter('run/adapter');
    const header = readAdapterHeader(join(folder, 'run/adapter'));
    return baseModelReference({ ...header, config: { ...header.config, baseModel } });
  };

  test('its base model: relative to the adapter or the run, elsewhere as it is called', () => {
    mkdirSync(join(folder, 'run/base'), { recursive: true });
    expect(referenceOf('../base')).toBe(join(folder, 'run/base'));
    expect(referenceOf('base')).toBe(join(folder, 'run/base'));
    expect(referenceOf('org/model')).toBe('org/model');
    expect(referenceOf('/models/base')).toBe('/models/base');
    expect(referenceOf('pypi:package==1.0')).toBe('pypi:package==1.0');
  });
});
