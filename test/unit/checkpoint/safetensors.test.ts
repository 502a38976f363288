import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  readAllSafetensors,
  readSafetensors,
  writeSafetensors,
} from '../../../src/checkpoint/safetensors.ts';
import { float32, type HostTensor, hostTensor, int64 } from '../../../src/tensor/host-tensor.ts';
import { rowsOf } from '../../support/rows-of.ts';
import { sharedFolder } from '../../support/shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.safetensors`);

/** A file of these header entries and this much data, whatever they say. */
function forged(header: unknown, dataBytes: Uint8Array | number, claimedLength?: number): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimedLength ?? json.byteLength));
  const path = newPath();
  const data = typeof dataBytes === 'number' ? Buffer.alloc(dataBytes) : dataBytes;
  writeFileSync(path, Buffer.concat([prefix, json, data]));
  return path;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

const bytes = (...values: number[]) => new Uint8Array(values);

describe('writing and reading', () => {
  test('every element type comes back as it was', async () => {
    const tensors: Record<string, HostTensor> = {
      weight: float32([2, 3], [1, -2.5, 3e-8, 4, Number.POSITIVE_INFINITY, -0]),
      scalar: float32([], [7]),
      empty: float32([0, 4], []),
      ids: int64([2], [1, -9]),
      double: hostTensor('float64', [1], new Float64Array([Math.PI])),
      int: hostTensor('int32', [2], new Int32Array([-1, 2])),
      seed: hostTensor('uint32', [1], new Uint32Array([4_000_000_000])),
      byte: hostTensor('uint8', [3], bytes(1, 2, 255)),
      mask: hostTensor('bool', [2], bytes(1, 0)),
    };
    const path = newPath();
    await writeSafetensors(path, tensors, { format: 'pt' });
    expect(Object.fromEntries(await readAllSafetensors(path))).toEqual(tensors);
    expect((await readSafetensors(path)).metadata).toEqual({ format: 'pt' });
  });

  test('any float32 tensors round-trip, and the order they are given in does not show', async () => {
    const tensor = fc
      .array(fc.float({ noNaN: true }), { maxLength: 20 })
      .map((values) => float32([values.length], values));
    const names = fc.string({ maxLength: 12 }).filter((name) => name !== '__metadata__');
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name }),
        async (entries) => {
          const [a, b] = [newPath(), newPath()];
          await writeSafetensors(a, new Map(entries));
          await writeSafetensors(b, new Map(entries.toReversed()));
          expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
          expect(await readAllSafetensors(a)).toEqual(new Map(entries));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('the bytes are those of the reference library', async () => {
    const path = newPath();
    await writeSafetensors(
      path,
      { b: float32([1], [1]), a: float32([1], [2]), z: int64([1], [3]) },
      { format: 'pt' },
    );
    const header =
      '{"__metadata__":{"format":"pt"},"z":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    const written = readFileSync(path);
    expect(Number(written.readBigUInt64LE())).toBe(padded.length);
    expect(written.subarray(8, 8 + padded.length).toString()).toBe(padded);
    expect([...written.subarray(8 + padded.length)]).toEqual(
      [
        [3, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 64],
        [0, 0, 128, 63],
      ].flat(),
    );
  });

  test('a view into a larger array is written as what it shows', async () => {
    const path = newPath();
    const all = new Float32Array([1, 2, 3, 4]);
    await writeSafetensors(path, { middle: hostTensor('float32', [2], all.subarray(1, 3)) });
    expect((await readAllSafetensors(path)).get('middle')).toEqual(float32([2], [2, 3]));
  });

  test('half precision becomes float32 exactly', async () => {
    const half = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x3555];
    const brain = [0x3f80, 0xc049, 0x0001, 0x7f80];
    const data = new Uint8Array(new Uint16Array([...half, ...brain]).buffer);
    const path = forged(
      {
        half: { dtype: 'F16', shape: [half.length], data_offsets: [0, half.length * 2] },
        brain: { dtype: 'BF16', shape: [2, 2], data_offsets: [half.length * 2, data.length] },
      },
      data,
    );
    const tensors = await readAllSafetensors(path);
    const smallest = 2 ** -24;
    expect([...tensors.get('half')!.data]).toEqual([
      0,
      -0,
      smallest,
      1023 * smallest,
      2 ** -14,
      1,
      -2,
      65504,
      Infinity,
      -Infinity,
      1365 / 4096,
    ]);
    expect([...tensors.get('brain')!.data]).toEqual([1, -3.140625, 2 ** -133, Infinity]);
    expect(tensors.get('brain')!.shape).toEqual([2, 2]);
  });

  test.each([
    ['F32', 4],
    ['F64', 8],
    ['F16', 2],
    ['BF16', 2],
  ])('rows of %s are those of the whole matrix', async (dtype, size) => {
    const end = 2 + 9 * 3 * size;
    const data = Uint8Array.from({ length: end }, (_, i) => (i * 181 + (i >> 3)) & 255);
    const entries = {
      before: { dtype: 'U8', shape: [2], data_offsets: [0, 2] },
      w: { dtype, shape: [9, 3], data_offsets: [2, end] },
    };
    const file = await readSafetensors(forged(entries, data));
    const whole = await file.read('w');
    for (const rows of [[8, 0, 3, 3, 2, 8], [4], []]) {
      const expected = rowsOf(whole, rows);
      const found = await file.readRows('w', rows);
      expect({ ...found, data: Float32Array.from(found.data, Number) }).toEqual({
        ...expected,
        dtype: whole.dtype,
      });
    }
  });

  test('a tensor the file does not have', async () => {
    const file = await readSafetensors(forged({ w: f32(0, 4) }, 4));
    await expect(file.readRows('v', [0])).rejects.toThrow(
      expect.objectContaining({ code: 'SAFETENSORS_TENSOR_MISSING' }),
    );
    await expect(file.read('v')).rejects.toThrow(
      expect.objectContaining({ code: 'SAFETENSORS_TENSOR_MISSING', where: { file: file.path, name: 'v' } }),
    );
  });
});

describe('files that lie are refused before any data is read', () => {
  const whole = forged({ w: f32(0, 4), v: f32(4, 12) }, 12);
  const cut = (length: number) => {
    const path = newPath();
    writeFileSync(path, readFileSync(whole).subarray(0, length));
    return path;
  };
  const cases: [string, string, () => string][] = [
    ['empty', 'SAFETENSORS_TRUNCATED', () => cut(0)],
    ['cut within the length', 'SAFETENSORS_TRUNCATED', () => cut(5)],
    ['cut within the header', 'SAFETENSORS_TRUNCATED', () => cut(40)],
    ['cut within the data', 'SAFETENSORS_TRUNCATED', () => cut(readFileSync(whole).length - 1)],
    ['header length absurd', 'SAFETENSORS_HEADER', () => forged('{}', 0, 2 ** 52)],
    ['header past the end', 'SAFETENSORS_TRUNCATED', () => forged('{}', 0, 400)],
    [
      'a Git LFS pointer',
      'SAFETENSORS_HEADER',
      () => {
        const path = newPath();
        writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\n');
        return path;
      },
    ],
    ['not JSON', 'SAFETENSORS_HEADER', () => forged('{"w":', 0)],
    ['not an object', 'SAFETENSORS_HEADER', () => forged('[1]', 0)],
    ['metadata of numbers', 'SAFETENSORS_HEADER', () => forged({ __metadata__: { a: 1 } }, 0)],
    ['no shape', 'SAFETENSORS_HEADER', () => forged({ w: { dtype: 'F32', data_offsets: [0, 4] } }, 4)],
    ['negative size', 'SAFETENSORS_HEADER', () => forged({ w: f32(0, 4, [-1]) }, 4)],
    [
      'fractional offset',
      'SAFETENSORS_HEADER',
      () => forged({ w: { ...f32(0, 4), data_offsets: [0, 4.5] } }, 4),
    ],
    ['unknown element type', 'SAFETENSORS_DTYPE', () => forged({ w: { ...f32(0, 4), dtype: 'F12' } }, 4)],
    [
      'inherited name as element type',
      'SAFETENSORS_DTYPE',
      () => forged({ w: { ...f32(0, 4), dtype: 'toString' } }, 4),
    ],
    ['shape larger than its bytes', 'SAFETENSORS_OFFSETS', () => forged({ w: f32(0, 4, [2]) }, 4)],
    [
      'end before begin',
      'SAFETENSORS_OFFSETS',
      () => forged({ w: { ...f32(0, 4), data_offsets: [4, 0] } }, 4),
    ],
    ['overlap', 'SAFETENSORS_OFFSETS', () => forged({ w: f32(0, 8), v: f32(4, 12) }, 12)],
    ['gap', 'SAFETENSORS_OFFSETS', () => forged({ w: f32(0, 4), v: f32(8, 12) }, 12)],
    ['bytes after the last tensor', 'SAFETENSORS_OFFSETS', () => forged({ w: f32(0, 4) }, 8)],
    ['past the end', 'SAFETENSORS_TRUNCATED', () => forged({ w: f32(0, 4), v: f32(4, 400) }, 8)],
    ['missing', 'FILE_MISSING', () => join(folder, 'absent')],
    ['a folder', 'FILE_IS_FOLDER', () => folder],
  ];
  test.each(cases)('%s: %s', async (_, code, make) => {
    const path = make();
    await expect(readSafetensors(path)).rejects.toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ file: path }) }),
    );
  });

  test('an element type of the format that cannot be used is refused only when read', async () => {
    const file = await readSafetensors(
      forged({ w: { dtype: 'I16', shape: [2, 1], data_offsets: [0, 4] } }, 4),
    );
    const refused = expect.objectContaining({ code: 'SAFETENSORS_DTYPE' });
    await expect(file.read('w')).rejects.toThrow(refused);
    await expect(file.readRows('w', [1, 0])).rejects.toThrow(refused);
  });
});

test.skipIf(sharedFolder() === undefined)('a file PyTorch wrote is written again byte for byte', async () => {
  const path = join(sharedFolder()!, 'fixtures/llama/adapter/adapter_model.safetensors');
  const file = await readSafetensors(path);
  const again = newPath();
  await writeSafetensors(again, await readAllSafetensors(path), file.metadata);
  expect(readFileSync(again).equals(readFileSync(path))).toBe(true);
});
