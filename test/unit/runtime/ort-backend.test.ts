/** @file ONNX Runtime as a backend: memory shared with the caller, what is refused, threads, devices. */
import { describe, expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import type { Executable } from '../../../src/runtime/backend.ts';
import { availableDevices } from '../../../src/runtime/ort/devices.ts';
import { measureMatmulGflops } from '../../../src/runtime/ort/measure.ts';
import { ortBackend } from '../../../src/runtime/ort/ort-backend.ts';
import { float32, int64, zeros } from '../../../src/tensor/host-tensor.ts';
import { sharedBackend } from '../../support/ort-run.ts';

/** y = x + w, and the sum of y over its first axis. */
async function sumGraph(threads = 2): Promise<Executable> {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', ['N', 2]);
  const w = builder.input('w', 'float32', [2]);
  const y = builder.add(x, w);
  builder.output('y', y);
  builder.output('total', builder.reduceSum(y, [0]));
  return (await sharedBackend(threads)).compile(builder.build());
}

const x = float32([3, 2], [1, 2, 3, 4, 5, 6]);
const w = float32([2], [10, 20]);

describe('memory', () => {
  test('feeds are read where they are: a change shows at the next run', async () => {
    const executable = await sumGraph();
    const weight = float32([2], [10, 20]);
    expect([...(await executable.run({ x, w: weight })).total!.data]).toEqual([39, 72]);
    weight.data[0] = 0;
    expect([...(await executable.run({ x, w: weight })).total!.data]).toEqual([9, 72]);
    await executable.release();
  });

  test('a release waits for the runs under way, and is the end', async () => {
    const executable = await sumGraph();
    const runs = [executable.run({ x, w }), executable.run({ x, w })];
    await Promise.all([executable.release(), executable.release()]);
    expect((await Promise.all(runs)).map(({ total }) => [...total!.data])).toEqual([
      [39, 72],
      [39, 72],
    ]);
    await expect(executable.run({ x, w })).rejects.toThrow('released');
  });

  test('sizes may differ from run to run, also none', async () => {
    const executable = await sumGraph();
    expect((await executable.run({ x: float32([1, 2], [1, 2]), w })).y!.shape).toEqual([1, 2]);
    expect((await executable.run({ x: zeros('float32', [500, 2]), w })).total!.data[0]).toBe(5000);
    expect((await executable.run({ x: zeros('float32', [0, 2]), w })).y!.shape).toEqual([0, 2]);
    await executable.release();
  });

  test('runs that overlap do not mix', async () => {
    const executable = await sumGraph();
    const outs = await Promise.all(
      [1, 2, 3, 4].map((value) => executable.run({ x: float32([1, 2], [value, value]), w })),
    );
    expect(outs.map((out) => out.total!.data[0])).toEqual([11, 12, 13, 14]);
    await executable.release();
  });
});

describe('refused', () => {
  test.each([
    ['a missing input', { x }, /\bw\b/],
    ['an input of another type', { x, w: int64([2], [1, 2]) }, /\bw\b/],
    ['an input of another shape', { x, w: float32([3], [1, 2, 3]) }, /\bw\b/],
    ['an input of another rank', { x: float32([2], [1, 2]), w }, /\bx\b/],
  ])('%s', async (_name, feeds, message) => {
    const executable = await sumGraph();
    await expect(executable.run(feeds)).rejects.toThrow(message);
    await executable.release();
  });

  test('sizes that disagree between inputs', async () => {
    const builder = new GraphBuilder();
    const a = builder.input('a', 'float32', ['N']);
    builder.output('y', builder.add(a, builder.input('b', 'float32', ['N'])));
    const executable = await (await sharedBackend()).compile(builder.build());
    // ONNX would broadcast it.
    await expect(executable.run({ a: float32([3], [1, 2, 3]), b: float32([1], [1]) })).rejects.toThrow(/b/);
    await executable.release();
  });

  test('a run after release', async () => {
    const executable = await sumGraph();
    await executable.release();
    await executable.release();
    await expect(executable.run({ x, w })).rejects.toThrow(/released/);
  });

  test('an index out of range: a bug of ours, with the node named', async () => {
    const builder = new GraphBuilder();
    const table = builder.input('table', 'float32', [2, 1]);
    builder.output('y', builder.neg(builder.gather(table, builder.input('i', 'int64', ['N']))));
    const executable = await (await sharedBackend()).compile(builder.build());
    const run = executable.run({ table: float32([2, 1], [1, 2]), i: int64([1], [5]) });
    await expect(run).rejects.toThrow(/internal error: ONNX Runtime failed at gather_0 \(gather\)/);
    await executable.release();
  });

  test('a device that is not here, with what is', async () => {
    const devices = await availableDevices();
    expect(devices).toContain('cpu');
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    expect(devices).not.toContain(absent);
    const error: unknown = await ortBackend({ device: absent }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(VultuneError);
    expect(error).toMatchObject({ code: 'DEVICE_UNAVAILABLE', exitCode: 2, hint: expect.any(String) });
    expect((error as VultuneError).message).toContain(`available here: ${devices.join(', ')}`);
  });
});

test('one thread and two give the same bits, in a product large enough to be shared out', async () => {
  const side = 160;
  const wave = float32(
    [side, side],
    Array.from({ length: side * side }, (_, i) => Math.sin(i)),
  );
  const results = await Promise.all(
    [1, 2].map(async (threads) => {
      const builder = new GraphBuilder();
      const a = builder.input('a', 'float32', ['N', side]);
      builder.output('y', builder.softmax(builder.matmul(a, a, { transposeB: true })));
      const executable = await (await sharedBackend(threads)).compile(builder.build());
      const out = await executable.run({ a: wave });
      await executable.release();
      return out.y!;
    }),
  );
  expect(results[0]).toEqual(results[1]);
});

test('the speed of a product is a number of this world', async () => {
  const gflops = await measureMatmulGflops({ threads: 1, side: 128, repetitions: 2 });
  expect(gflops).toBeGreaterThan(0.05);
  expect(gflops).toBeLessThan(10_000);
});
