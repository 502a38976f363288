/** @file Names of inputs and outputs, and what the file itself holds. */
import { expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { GraphBuilder } from '../../../src/graph/builder.ts';
import { lowerGraph } from '../../../src/onnx/lowering.ts';
import { encodeModel } from '../../../src/onnx/writer.ts';
import { float32, hostTensor } from '../../../src/tensor/host-tensor.ts';
import { sharedBackend } from '../../support/ort-run.ts';

test('an output may be an input, a constant, one value twice, or be named as another value', async () => {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [2]);
  const y = builder.neg(x); // neg_0
  const z = builder.exp(y); // exp_1
  builder.output('same', x);
  builder.output('x', y);
  builder.output('again', y);
  builder.output('neg_0', z);
  builder.output('constant', builder.scalar(3));
  const executable = await (await sharedBackend()).compile(builder.build());
  const out = await executable.run({ x: float32([2], [0, 1]) });
  expect(Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, [...data]]))).toEqual({
    same: [0, 1],
    x: [-0, -1],
    again: [-0, -1],
    neg_0: [1, Math.fround(Math.exp(-1))],
    constant: [3],
  });
  await executable.release();
});

test('a large constant is in the file once, and small ones are shared', () => {
  const builder = new GraphBuilder();
  const weight = float32([1000, 100], new Float32Array(100_000).fill(0.5));
  const x = builder.input('x', 'float32', ['N', 1000]);
  let y = builder.matmul(x, builder.constant(weight));
  for (let i = 0; i < 20; i++) y = builder.reshape(builder.reshape(y, ['N', 10, 10]), ['N', 100]);
  builder.output('y', y);
  const bytes = lowerGraph(builder.build());
  expect(bytes.byteLength).toBeGreaterThan(400_000);
  expect(bytes.byteLength).toBeLessThan(405_000);
  const text = Buffer.from(bytes).toString('latin1');
  expect(text.split('int64[0,10,10]').length - 1).toBe(1 + 20);
});

test('a graph of 2 GB is refused before anything is copied', () => {
  // One buffer serves as many constants: only their sizes add up.
  const data = new Float32Array(2 ** 26);
  const tensor = hostTensor('float32', [2 ** 26], data);
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', [2 ** 26]);
  builder.output(
    'y',
    Array.from({ length: 8 }).reduce<typeof x>((sum) => builder.add(sum, builder.constant(tensor)), x),
  );
  let error: unknown;
  try {
    lowerGraph(builder.build());
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(VultuneError);
  expect(error).toMatchObject({ code: 'GRAPH_TOO_LARGE', hint: expect.stringContaining('cut: block') });
});

test('the bytes of a model', () => {
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: ['N'] });
  const bytes = encodeModel({
    nodes: [{ name: 'n', opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [value('x')],
    outputs: [value('y')],
    opsets: { '': 21 },
  });
  const hex = (text: string) => Buffer.from(text).toString('hex');
  // Worked out from onnx.proto: field number and wire type, length, content.
  const expected = [
    '08 0a', // ir_version 10
    `12 07 ${hex('vultune')}`, // producer_name
    '42 04  0a 00  10 15', // opset_import { domain "", version 21 }
    '3a 42', // graph
    `0a 13  0a 01 ${hex('x')}  12 01 ${hex('y')}  1a 01 ${hex('n')}  22 08 ${hex('Identity')}`, // node
    `12 07 ${hex('vultune')}`, // name
    // input and output: name, type { tensor_type { elem_type FLOAT, shape { dim { dim_param "N" } } } }
    `5a 10  0a 01 ${hex('x')}  12 0b 0a 09  08 01  12 05 0a 03 12 01 ${hex('N')}`,
    `62 10  0a 01 ${hex('y')}  12 0b 0a 09  08 01  12 05 0a 03 12 01 ${hex('N')}`,
  ];
  expect(hex(Buffer.from(bytes).toString('latin1'))).toBe(expected.join('').replaceAll(' ', ''));
});
