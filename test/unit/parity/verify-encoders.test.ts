/** @file Encoders against PyTorch: hidden states, masked-language-model logits, classifier, gradients, training. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyFolder } from '../../../src/parity/verify-folder.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

const FOLDERS = [
  'bert',
  'bert-3-layers',
  'bert-bare',
  'roberta',
  'roberta-3-layers',
  'roberta-bare',
  'modernbert',
  'modernbert-mean',
];

describe.each(FOLDERS)('%s agrees with PyTorch', (name) => {
  test.each([1, Number.POSITIVE_INFINITY])('%d blocks a graph', async (blocksPerStage) => {
    const folder = join(import.meta.dirname, '../../fixtures', name);
    const rows = await verifyFolder(folder, {
      backend: await tinyBackend(),
      blocksPerStage,
      tolerance: undefined,
    });
    const found = rows.map(({ quantity }) => quantity);
    expect(found).toContain('cls_logits');
    expect(found).toContain('train/final');
    // A file of the base model alone has no head to the vocabulary.
    expect(found.includes('lm_logits')).toBe(!name.endsWith('-bare'));
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  });
});
