/** @file Profiles: written on release, read back as shares of time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { ortBackend } from '../../../src/runtime/ort/ort-backend.ts';
import { summariseProfile, summariseProfiles } from '../../../src/runtime/ort/profile.ts';
import { zeros } from '../../../src/tensor/host-tensor.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-profile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('shares of the time of operators, products together', () => {
  const kernel = (op: string, dur: number) => ({
    cat: 'Node',
    name: `${op}_1_kernel_time`,
    dur,
    args: { op_name: op },
  });
  const file = join(folder, 'a.json');
  writeFileSync(
    file,
    JSON.stringify([
      { cat: 'Session', name: 'model_run', dur: 99_000 },
      kernel('MatMul', 4000),
      kernel('Softmax', 2000),
      kernel('MatMul', 1000),
      kernel('FusedMatMul', 1000),
      { cat: 'Node', name: 'MatMul_1_fence_before', dur: 5000, args: { op_name: 'MatMul' } },
    ]),
  );
  const summary = summariseProfile(file);
  expect(summary.totalMs).toBe(8);
  expect(summary.operators).toEqual([
    { opType: 'MatMul', calls: 2, timeMs: 5, share: 0.625 },
    { opType: 'Softmax', calls: 1, timeMs: 2, share: 0.25 },
    { opType: 'FusedMatMul', calls: 1, timeMs: 1, share: 0.125 },
  ]);
  expect(summary.matrixProductShare).toBe(0.75);
});

test('every graph of a backend writes its profile when it is released', async () => {
  const backend = await ortBackend({ threads: 1, profileFolder: folder });
  for (const side of [64, 96]) {
    const builder = new GraphBuilder();
    const a = builder.input('a', 'float32', [side, side]);
    builder.output('y', builder.softmax(builder.matmul(a, a)));
    const executable = await backend.compile(builder.build());
    await executable.run({ a: zeros('float32', [side, side]) });
    await executable.release();
  }
  const { operators, matrixProductShare } = summariseProfiles(folder);
  expect(operators.map(({ opType }) => opType).sort()).toEqual(['MatMul', 'Softmax']);
  expect(operators.map(({ calls }) => calls)).toEqual([2, 2]);
  expect(matrixProductShare).toBeGreaterThan(0);
});
