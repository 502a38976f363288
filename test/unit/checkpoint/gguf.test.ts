import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BLOCK_FORMATS } from '../../../src/checkpoint/gguf/blocks.ts';
import { readGguf } from '../../../src/checkpoint/gguf/file.ts';
import { float32 } from '../../../src/tensor/host-tensor.ts';
import {
  f32Bytes,
  type GgufContent,
  type GgufTensor,
  ggufBytes,
  writeGguf,
} from '../../support/gguf-writer.ts';
import { rowsOf } from '../../support/rows-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.gguf`);
const written = (content: GgufContent) => writeGguf(newPath(), content);
const bytesWritten = (bytes: Uint8Array) => {
  const path = newPath();
  writeFileSync(path, bytes);
  return path;
};

const w: GgufTensor = { shape: [2, 3], data: f32Bytes([1, 2, 3, 4, 5, 6]) };

describe('reading', () => {
  test.each([2, 3])('version %i: metadata of every kind, shapes turned around, tensors', async (version) => {
    const q8: GgufTensor = {
      shape: [32],
      type: 8,
      data: new Uint8Array([0, 0x40, ...new Array(32).fill(255)]),
    };
    const path = written({
      version,
      metadata: {
        text: 'né',
        yes: true,
        count: { u32: 7 },
        big: { u64: 2n ** 40n },
        huge: { u64: 2n ** 60n },
        eps: { f32: 0.5 },
        words: ['a', '', 'ccc'],
        none: [],
        pairs: [[{ u32: 1 }], [{ u32: 2 }, { u32: 3 }]],
      },
      tensors: [
        ['w', w],
        ['q', q8],
      ],
    });
    const file = await readGguf(path);
    expect(file.metadata).toEqual({
      text: 'né',
      yes: true,
      count: 7,
      big: 2 ** 40,
      huge: 2n ** 60n,
      eps: 0.5,
      words: ['a', '', 'ccc'],
      none: [],
      pairs: [[1], [2, 3]],
    });
    expect(await file.read('w')).toEqual(float32([2, 3], [1, 2, 3, 4, 5, 6]));
    expect(await file.read('q')).toEqual(float32([32], new Array(32).fill(-2)));
    await expect(file.read('v')).rejects.toThrow(expect.objectContaining({ code: 'GGUF_TENSOR_MISSING' }));
  });

  test('another alignment', async () => {
    // A tensor at 8 is right only when general.alignment says so.
    const tensors: [string, GgufTensor][] = [
      ['a', { shape: [2], data: f32Bytes([1, 2]) }],
      ['b', { shape: [2], data: f32Bytes([0, 0]), offset: 8 }],
    ];
    const file = await readGguf(written({ metadata: { 'general.alignment': { u32: 8 } }, tensors }));
    expect([...file.tensors.values()].map((info) => info.start % 8)).toEqual([0, 0]);
    expect(file.tensors.get('b')!.start - file.tensors.get('a')!.start).toBe(8);
  });

  test('a header longer than the first read', async () => {
    const long = 'x'.repeat(9 * 2 ** 20);
    const file = await readGguf(written({ metadata: { long, after: 'end' }, tensors: [['w', w]] }));
    expect(file.metadata.after).toBe('end');
    expect((await file.read('w')).data[5]).toBe(6);
  });
});

describe('rows', () => {
  const formats = [...BLOCK_FORMATS].map(([type, format]) => ({ type, ...format }));
  test.each(formats)('of $name are those of the whole matrix', async ({ type, elements, bytes }) => {
    const data = Uint8Array.from({ length: 5 * 3 * bytes }, (_, i) => (i * 181 + (i >> 3)) & 255);
    const matrix: GgufTensor = { shape: [5, 3 * elements], type, data };
    const file = await readGguf(written({ tensors: [['before', w], ['matrix', matrix]] })); // biome-ignore format: one line
    const whole = await file.read('matrix');
    for (const rows of [[4, 0, 2, 2, 1, 4], [3], []]) {
      expect(await file.readRows('matrix', rows)).toEqual(rowsOf(whole, rows));
    }
  });

  test('of a tensor the file does not have', async () => {
    const file = await readGguf(written({ tensors: [['w', w]] }));
    await expect(file.readRows('v', [0])).rejects.toThrow(
      expect.objectContaining({ code: 'GGUF_TENSOR_MISSING' }),
    );
  });

  test('of a file cut short after it was opened', async () => {
    const path = written({ tensors: [['w', w]] });
    const file = await readGguf(path);
    truncateSync(path, file.tensors.get('w')!.start + 16);
    expect((await file.readRows('w', [0])).data).toEqual(Float32Array.of(1, 2, 3));
    const cut = expect.objectContaining({ code: 'FILE_TRUNCATED', where: { file: path } });
    await expect(file.readRows('w', [1])).rejects.toThrow(cut);
    await expect(file.read('w')).rejects.toThrow(cut);
  });
});

describe('damaged files', () => {
  const whole = ggufBytes({ metadata: { words: ['one', 'two'] }, tensors: [['w', w]] });
  const lyingString = (length: bigint) => {
    const bytes = ggufBytes({ metadata: { key: 'value' } });
    bytes.writeBigUInt64LE(length, 24);
    return bytesWritten(bytes);
  };
  const one = (tensor: Partial<GgufTensor>) => written({ tensors: [['w', { ...w, ...tensor }]] });
  const cases: [string, string, () => string][] = [
    ['another format', 'GGUF_MAGIC', () => written({ magic: 'GGML' })],
    ['version 1', 'GGUF_VERSION', () => written({ version: 1 })],
    ['a version to come', 'GGUF_VERSION', () => written({ version: 4 })],
    ['big-endian', 'GGUF_VERSION', () => written({ version: 0x03000000 })],
    ['empty', 'GGUF_TRUNCATED', () => bytesWritten(new Uint8Array())],
    ['cut in the counts', 'GGUF_TRUNCATED', () => bytesWritten(whole.subarray(0, 20))],
    ['cut in the metadata', 'GGUF_TRUNCATED', () => bytesWritten(whole.subarray(0, 60))],
    ['cut in the data', 'GGUF_TRUNCATED', () => bytesWritten(whole.subarray(0, whole.length - 16))],
    ['too many tensors', 'GGUF_TRUNCATED', () => written({ tensorCount: 2n ** 40n })],
    ['too many metadata entries', 'GGUF_TRUNCATED', () => written({ metadataCount: 2n ** 63n })],
    ['a text longer than the file', 'GGUF_TRUNCATED', () => lyingString(4000n)],
    ['a text of absurd length', 'GGUF_TRUNCATED', () => lyingString(2n ** 64n - 1n)],
    ['a tensor past the end', 'GGUF_TRUNCATED', () => one({ shape: [2000, 3] })],
    ['a tensor of absurd size', 'GGUF_TRUNCATED', () => one({ shape: [2 ** 40, 2 ** 40] })],
    ['an offset past the end', 'GGUF_TRUNCATED', () => one({ offset: 3200 })],
    ['an offset that is not aligned', 'GGUF_OFFSETS', () => one({ offset: 4 })],
    [
      'tensors that overlap',
      'GGUF_OFFSETS',
      () => written({ tensors: [['a', w], ['b', { ...w, offset: 0 }]] }), // biome-ignore format: one line
    ],
    [
      'two tensors of one name',
      'GGUF_HEADER',
      () => written({ tensors: [['a', w], ['a', w]] }), // biome-ignore format: one line
    ],
    ['rows that are no whole blocks', 'GGUF_HEADER', () => one({ type: 8 })],
    ['a dimension of 0', 'GGUF_HEADER', () => one({ shape: [0, 3] })],
    ['five dimensions', 'GGUF_HEADER', () => one({ shape: [1, 1, 1, 2, 3] })],
    ['a known block type that cannot be decoded', 'GGUF_BLOCK_TYPE', () => one({ type: 23 })],
    ['an unknown block type', 'GGUF_BLOCK_TYPE', () => one({ type: 99 })],
    ['an alignment of 3', 'GGUF_HEADER', () => written({ metadata: { 'general.alignment': { u32: 3 } } })],
    ['a part of a split model', 'GGUF_SPLIT', () => written({ metadata: { 'split.count': { u32: 2 } } })],
  ];
  test.each(cases)('%s: %s', async (_, code, make) => {
    const path = make();
    await expect(readGguf(path)).rejects.toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ file: path }) }),
    );
  });

  test('a block type is named where ggml has a name for it', async () => {
    await expect(readGguf(one({ type: 23 }))).rejects.toThrow(/IQ4_XS.*Q4_0/);
  });

  test('an unknown metadata type', async () => {
    const bytes = ggufBytes({ metadata: { key: 'value' } });
    bytes.writeUInt32LE(77, 24 + 8 + 3);
    await expect(readGguf(bytesWritten(bytes))).rejects.toThrow(
      expect.objectContaining({ code: 'GGUF_HEADER' }),
    );
  });
});

describe('counts that the file could hold, and no header has', () => {
  test('of metadata entries', async () => {
    const path = written({
      metadataCount: 2n ** 17n,
      tensors: [['w', { shape: [2 ** 21], data: new Uint8Array(2 ** 23) }]],
    });
    await expect(readGguf(path)).rejects.toMatchObject({
      code: 'GGUF_HEADER',
      message: `${path}: the header claims 131072 metadata entries, at most 65536 are believed`,
    });
  });

  test('of items of an array', async () => {
    const bytes = ggufBytes({ metadata: { x: [true] } });
    // Behind the type of the items stands their number; then the file is made as long as the array claims to be.
    bytes.writeBigUInt64LE(2n ** 25n, bytes.lastIndexOf(Buffer.from([7, 0, 0, 0])) + 4);
    const path = bytesWritten(bytes);
    truncateSync(path, 2 ** 26);
    await expect(readGguf(path)).rejects.toMatchObject({
      code: 'GGUF_HEADER',
      message: `${path}: the header claims 33554432 array items, at most 16777216 are believed`,
    });
  });
});
