/** @file Wrong inputs out of right ones: bytes changed anywhere, and values changed where the input is JSON. Seeded. */
import { type RandomStream, randomStream } from '../../src/base/random.ts';

/** The input number `index` of a target, made of one of its seeds: the same for the same arguments. */
export function mutant(
  seeds: readonly Uint8Array[],
  seed: number,
  target: string,
  index: number,
): Uint8Array {
  const random = randomStream(seed, 'fuzz', target, index);
  const original = seeds[random.integer(seeds.length)]!;
  const json = parseJson(original);
  if (json !== undefined && random.uniform() < 0.7) {
    return Buffer.from(JSON.stringify(mutateValue(json.value, random)));
  }
  const line = json === undefined && random.uniform() < 0.5 ? mutateLine(original, random) : undefined;
  return line ?? mutateBytes(original, random);
}

/** Where the input is lines of JSON: one of them changed. */
function mutateLine(original: Uint8Array, random: RandomStream): Uint8Array | undefined {
  if (original[0] !== 0x7b) return undefined;
  const lines = Buffer.from(original).toString('utf8').split('\n');
  const at = random.integer(lines.length);
  const json = parseJson(Buffer.from(lines[at]!));
  if (json === undefined) return undefined;
  return Buffer.from(lines.with(at, JSON.stringify(mutateValue(json.value, random))).join('\n'));
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(Buffer.from(bytes).toString('utf8')) };
  } catch {
    return undefined;
  }
}

/** What JSON values turn into: other types, edges of numbers, names that objects have of their own. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  '-1',
  '__proto__',
  'a'.repeat(5000),
  '\ud800',
  '../../etc/passwd',
  0,
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  1e9,
  [],
  [null],
  {},
  [[[[]]]],
];

/** One to three values of the tree replaced, removed, repeated or renamed. */
function mutateValue(value: unknown, random: RandomStream): unknown {
  let changed = structuredClone(value);
  for (let change = 0; change <= random.integer(3); change++) changed = changeOne(changed, random);
  return changed;
}

function changeOne(value: unknown, random: RandomStream): unknown {
  if (typeof value !== 'object' || value === null || random.uniform() < 0.15) {
    return STRANGE[random.integer(STRANGE.length)];
  }
  if (Array.isArray(value)) return changeList(value, random);
  const entries = Object.entries(value);
  if (entries.length === 0) return { [random.uniform() < 0.5 ? '__proto__' : 'x']: 1 };
  const at = random.integer(entries.length);
  const [key, held] = entries[at]!;
  const kind = random.uniform();
  if (kind < 0.15) entries.splice(at, 1);
  else if (kind < 0.25) entries[at] = ['constructor', held];
  else entries[at] = [key, changeOne(held, random)];
  return Object.fromEntries(entries);
}

function changeList(list: readonly unknown[], random: RandomStream): unknown {
  if (list.length === 0) return [STRANGE[random.integer(STRANGE.length)]];
  const at = random.integer(list.length);
  const kind = random.uniform();
  if (kind < 0.15) return list.toSpliced(at, 1);
  if (kind < 0.3) return list.toSpliced(at, 0, list[at]);
  return list.with(at, changeOne(list[at], random));
}

function mutateBytes(original: Uint8Array, random: RandomStream): Uint8Array {
  let bytes = Buffer.from(original);
  for (let change = 0; change <= random.integer(4); change++) bytes = changeBytes(bytes, random);
  return bytes;
}

/** Numbers that sizes and counts are tried with, little-endian. */
const WORDS = [0, 1, 0x7f, 0xff, 0x7fffffff, 0xffffffff, 0x80000000];

function changeBytes(bytes: Buffer<ArrayBuffer>, random: RandomStream): Buffer<ArrayBuffer> {
  if (bytes.length === 0) return Buffer.from([random.integer(256)]);
  // Headers come first in most formats: half of the changes are there.
  const range = random.uniform() < 0.5 ? Math.min(bytes.length, 256) : bytes.length;
  const at = random.integer(range);
  switch (random.integer(7)) {
    case 0:
      bytes[at]! ^= 1 << random.integer(8);
      return bytes;
    case 1:
      bytes[at] = random.integer(256);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3: {
      const end = Math.min(bytes.length, at + 1 + random.integer(64));
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    }
    case 4:
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(Math.min(bytes.length, at + 1 + random.integer(16))),
      ]);
    case 5: {
      // The same again and again: deep nesting, long runs.
      const piece = bytes.subarray(at, at + 1 + random.integer(8));
      const times = 2 ** random.integer(13);
      return Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(times).fill(piece), bytes.subarray(at)]);
    }
    default:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(WORDS[random.integer(WORDS.length)]!, at);
      return bytes;
  }
}
