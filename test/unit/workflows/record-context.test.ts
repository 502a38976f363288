/** @file A model that was trained on functions with context says so, and a scan by it warns. */
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
  const train = rows({ context: { kind: 'callees', tokens: 3, cut: 0 } });
  small = smallTraining({ train, valid: train });
});
afterAll(() => small.remove());

test('the context of most records counts, and what is not one does not', () => {
  const record = (context: unknown) => ({ code: 'f()', context });
  expect(
    contextOfRecords([record({ kind: 'file' }), record({ kind: 'callers' }), record({ kind: 'callers' })]),
  ).toBe('callers');
  expect(contextOfRecords([{ code: 'f()' }, record('text'), record({ kind: 3 })])).toBeUndefined();
});

test('a scan by an adapter that was trained on context warns', async () => {
  await small.train('run', { num_train_epochs: 1, lora_layers: { last: 1 } });
  const header = locateAdapter(small.at('run'));
  expect(header.settings?.context).toBe('callees');
  const { warnings, cautions } = await scoreScale({ run: small.at('run') }, header);
  expect(warnings.join('\n')).toContain('(context: callees), and a scan reads functions alone');
  expect(cautions.length).toBeGreaterThan(0);
  const { context: _context, ...settings } = header.settings!;
  const plain = await scoreScale({ run: small.at('run') }, { ...header, settings });
  expect(plain.warnings.join('\n')).not.toContain('context:');
});
