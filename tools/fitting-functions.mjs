/**
 * @file A copy of a reference folder without the functions that are longer than its model can read. Knows of the folder what
 * test/fixtures/README.md says of it; sums over all functions are left out.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One row a token, and one a function. */
const OF_TOKENS = ['input_ids', 'hidden', 'lm_logits'];
const OF_FUNCTIONS = ['lengths', 'labels', 'weights', 'cls_logits'];

/** @returns {{ lengths: number[], tensors: Map<string, { dtype: string, shape: number[], bytes: Buffer }> }} */
export function readReferences(folder) {
  const file = readFileSync(join(folder, 'io.safetensors'));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: _, ...entries } = JSON.parse(file.subarray(8, start).toString('utf8'));
  const tensors = new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => [name, { dtype, shape, bytes: file.subarray(start + from, start + to) }],
    ),
  );
  const { shape, bytes } = tensors.get('lengths');
  return {
    lengths: Array.from({ length: shape[0] }, (_, i) => Number(bytes.readBigInt64LE(8 * i))),
    tensors,
  };
}

/** Writes the copy into `target`, which has at least one function. */
export function copyFittingFunctions(folder, target, limit) {
  const { lengths, tensors } = readReferences(folder);
  cpSync(folder, target, { recursive: true });
  const fits = lengths.map((length) => length <= limit);
  const ofTokens = lengths.flatMap((length, i) => Array.from({ length }, () => fits[i]));
  const kept = [
    ...OF_TOKENS.map((name) => [name, ofTokens]),
    ...OF_FUNCTIONS.map((name) => [name, fits]),
  ].filter(([name]) => tensors.has(name));
  const header = {};
  const parts = [];
  let offset = 0;
  for (const [name, isKept] of kept) {
    const { dtype, shape, bytes } = tensors.get(name);
    const rowBytes = bytes.length / shape[0];
    const rows = isKept.flatMap((keep, row) =>
      keep ? [bytes.subarray(row * rowBytes, (row + 1) * rowBytes)] : [],
    );
    const data = Buffer.concat(rows);
    header[name] = {
      dtype,
      shape: [rows.length, ...shape.slice(1)],
      data_offsets: [offset, offset + data.length],
    };
    offset += data.length;
    parts.push(data);
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(join(target, 'io.safetensors'), Buffer.concat([length, json, ...parts]));
}
