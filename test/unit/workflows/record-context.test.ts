/** @file A model that was trained on functions with context says so, and what reads functions builds it or warns. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateAdapter } from '../../../src/judging/locate-adapter.ts';
import { evaluate } from '../../../src/workflows/evaluate/evaluate.ts';
import { predict } from '../../../src/workflows/predict/predict.ts';
import { scoreScale } from '../../../src/workflows/scan/score-scale.ts';
import { contextOfRecords } from '../../../src/workflows/train/record-context.ts';
import { type SmallTraining, smallTraining } from '../../support/small-training.ts';

const rows = (context: object) =>
  Array.from({ length: 8 }, (_, i) => ({
    code: `f${i}(${i % 2 === 1 ? 'xxxx' : 'zzzz'})`,
    target: i % 2,
    ...context,
  }));

let small: SmallTraining;
beforeAll(() => {
  const train = rows({ context: { kind: 'callees', maxTokens: 40, tokens: 3, cut: 0 } });
  small = smallTraining({ train, valid: train });
});
afterAll(() => small.remove());

test('the context of most records counts, and what is not one does not', () => {
  const record = (context: unknown) => ({ code: 'f()', context });
  expect(
    contextOfRecords([
      record({ kind: 'file' }),
      record({ kind: 'callers', maxTokens: 9 }),
      record({ kind: 'callers', maxTokens: 8 }),
      record({ kind: 'callers', maxTokens: 8 }),
    ]),
  ).toEqual({ kind: 'callers', maxTokens: 8 });
  expect(contextOfRecords([record({ kind: 'file' })])).toEqual({ kind: 'file', maxTokens: undefined });
  expect(contextOfRecords([{ code: 'f()' }, record('text'), record({ kind: 3 })])).toBeUndefined();
  expect(contextOfRecords([record({ kind: 'file', maxTokens: 0 })])).toBeUndefined();
});

test('a scan builds the context that an adapter was trained on, and says where it cannot', async () => {
  await small.train('run', { num_train_epochs: 1, lora_layers: { last: 1 } });
  const header = locateAdapter(small.at('run'));
  expect(header.settings).toMatchObject({ context: 'callees', contextMaxTokens: 40 });
  const scaleOf = (change: object) => {
    const settings = { ...header.settings!, ...change };
    return scoreScale({ run: small.at('run') }, { ...header, settings });
  };
  const known = await scaleOf({});
  expect(known.functionContext).toEqual({ kind: 'callees', maxTokens: 40 });
  expect(known.warnings.join()).not.toContain('context');
  expect(known.textsCaution).toContain('(context: callees), and functions that are given as texts');

  const { contextMaxTokens: _, ...unlimited } = header.settings!;
  const assumed = await scoreScale({ run: small.at('run') }, { ...header, settings: unlimited });
  expect(assumed.functionContext).toEqual({ kind: 'callees', maxTokens: 256 });
  expect(assumed.cautions.join()).toContain('does not record how long the contexts of its training were');

  const unknown = await scaleOf({ context: 'project' });
  expect(unknown.functionContext).toBeUndefined();
  expect(unknown.warnings.join()).toContain('(context: project), which this version does not build');

  const { context: _context, ...plain } = unlimited;
  const alone = await scoreScale({ run: small.at('run') }, { ...header, settings: plain });
  expect([alone.functionContext, alone.textsCaution]).toEqual([undefined, undefined]);
});

test('predict and evaluate warn once of records that do not say that they have it, with their number', async () => {
  await small.train('records', { num_train_epochs: 1, lora_layers: { last: 1 } });
  const run = small.at('records');
  const given = { context: { kind: 'callees', maxTokens: 40 } };
  const other = { context: { kind: 'file', maxTokens: 40 } };
  const warningsOf = async (name: string, records: readonly object[]) => {
    const data = small.at(`${name}.jsonl`);
    writeFileSync(
      data,
      records.map((row, i) => `${JSON.stringify({ ...row, code: `${name}${i}(x)` })}\n`).join(''),
    );
    const warnings: string[] = [];
    const report = {
      note: () => {},
      warn: (text: string) => void warnings.push(text),
      task: () => ({ update: () => {}, log: () => {}, stop: () => {} }),
    };
    await predict({ run, data }, { report });
    const ofPredict = warnings.splice(0);
    await evaluate({ runs: [run], data, cluster: 'auto', resamples: 20 }, { report });
    return [ofPredict, warnings].map((all) => all.filter((text) => text.includes('(context: callees)')));
  };
  const warned = (count: number) => [
    expect.stringMatching(
      `and ${count} of 8 records do not say that they have it: scores of functions alone`,
    ),
  ];
  expect(await warningsOf('none', rows({}))).toEqual([warned(8), warned(8)]);
  const some = [...rows(given).slice(0, 4), ...rows(other).slice(4, 6), ...rows({}).slice(6)];
  expect(await warningsOf('some', some)).toEqual([warned(4), warned(4)]);
  expect(await warningsOf('all', rows(given))).toEqual([[], []]);
});
