/** @file Files that PyTorch itself wrote, against the same tensors as safetensors. Needs the Python environment of tools/python-env.mjs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTensors } from '../../../../src/checkpoint/read-tensors.ts';
import { rowsOf } from '../../../support/rows-of.ts';

const python = process.env.VULTUNE_PYTHON ?? resolve(import.meta.dirname, '../../../../.venv/bin/python');
const missing = !existsSync(python);
if (missing) console.log(`comparison with PyTorch skipped: no ${python} (set VULTUNE_PYTHON)`);

describe.skipIf(missing)('what torch.save wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vultune-torch-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    execFileSync(python, [resolve(import.meta.dirname, '../../../support/torch_files.py'), folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }, 300_000);

  test.each([
    ...['zip', 'legacy'].flatMap((form) =>
      ['floats', 'integers', 'views', 'tied'].map((kind) => `${form}-${kind}`),
    ),
    ...[2, 3, 4, 5].map((protocol) => `protocol-${protocol}`),
    'parameters',
    'module-state',
    'module-state-legacy',
  ])('%s', async (name) => {
    const expected = await readTensors(join(folder, `${name}.safetensors`));
    const found = await readTensors(join(folder, `${name}.bin`));
    expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [key, stored] of expected) {
      const whole = await stored.read();
      expect(found.get(key)!.storedDtype).toBe(stored.storedDtype);
      expect(await found.get(key)!.read()).toEqual(whole);
      if (whole.shape.length !== 2 || whole.dtype !== 'float32' || whole.shape[0] === 0) continue;
      const rows = [whole.shape[0]! - 1, 0, 1, 1];
      expect(await found.get(key)!.readRows(rows)).toEqual(
        rowsOf(whole as Parameters<typeof rowsOf>[0], rows),
      );
    }
  });

  test('what is more than tensors is refused, and nothing else is', async () => {
    const hostile = join(folder, 'hostile');
    const codes: Record<string, unknown> = {};
    for (const name of readdirSync(hostile)) {
      await readTensors(join(hostile, name)).catch((error: { code: unknown; where: { name: unknown } }) => {
        codes[name] = [error.code, error.where.name];
      });
    }
    expect(codes).toEqual({
      'module.bin': ['CHECKPOINT_PICKLE_REFUSED', 'torch.nn.modules.container.Sequential'],
      'module-legacy.bin': ['CHECKPOINT_PICKLE_REFUSED', 'torch.nn.modules.container.Sequential'],
      'sparse.bin': ['CHECKPOINT_PICKLE_REFUSED', 'torch._utils._rebuild_sparse_tensor'],
      'complex.bin': ['CHECKPOINT_PICKLE_REFUSED', 'torch.ComplexFloatStorage'],
      'script.bin': ['CHECKPOINT_PICKLE_REFUSED', 'constants.pkl'],
    });
  });
});
