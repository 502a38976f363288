/** @file A GGUF file of each architecture whose family is in the registry is a whole model: every tensor under its name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { promisedShapes } from '../../../src/model/check-weights.ts';
import { FAMILY_NAMES } from '../../../src/model/families/registry.ts';
import { modelCheckpoint } from '../../../src/model/model-checkpoint.ts';
import { FAMILIES, ggufOf } from '../../support/gguf-families.ts';
import { writeGguf } from '../../support/gguf-writer.ts';

const root = mkdtempSync(join(tmpdir(), 'vultune-gguf-models-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const known = Object.entries(FAMILIES).filter(([, { config }]) =>
  FAMILY_NAMES.includes(`${config.model_type}`),
);

test.each(known)('%s', async (name, family) => {
  const stored = await openCheckpoint(writeGguf(join(root, `${name}.gguf`), ggufOf(family)));
  const { model, checkpoint } = modelCheckpoint(stored);
  expect(model.family).toBe(family.config.model_type);
  for (const [tensor, shape] of promisedShapes(model)) {
    expect((await checkpoint.read(tensor)).shape, tensor).toEqual(shape);
  }
  await stored.close();
});
