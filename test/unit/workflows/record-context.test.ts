/** @file A model that was trained on functions with context says so, and what reads functions builds it or warns. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateAdapter } from '../../../src/judging/locate-adapter.ts';
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
