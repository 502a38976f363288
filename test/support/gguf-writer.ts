/** @file Writes GGUF files for tests: right ones, and ones that lie wherever asked. */
import { writeFileSync } from 'node:fs';

export type GgufValue = string | boolean | { u32: number } | { u64: bigint } | { f32: number } | GgufValue[];

export interface GgufTensor {
  /** In PyTorch's order. */
  readonly shape: readonly number[];
  /** ggml's type number, 0 = F32. */
  readonly type?: number;
  readonly data: Uint8Array;
  /** Instead of the right place. */
  readonly offset?: number;
}

export interface GgufContent {
  readonly version?: number;
  readonly magic?: string;
  readonly metadata?: Readonly<Record<string, GgufValue>>;
  readonly tensors?: readonly (readonly [string, GgufTensor])[];
  /** Instead of the right numbers. */
  readonly tensorCount?: bigint;
  readonly metadataCount?: bigint;
}

const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer);
const u64 = (value: number | bigint) => Buffer.from(new BigUint64Array([BigInt(value)]).buffer);
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

function typed(value: GgufValue): { type: number; bytes: Buffer } {
  if (typeof value === 'string') return { type: 8, bytes: text(value) };
  if (typeof value === 'boolean') return { type: 7, bytes: Buffer.from([value ? 1 : 0]) };
  if (Array.isArray(value)) {
    const items = value.map(typed);
    return {
      type: 9,
      bytes: Buffer.concat([u32(items[0]?.type ?? 4), u64(items.length), ...items.map((item) => item.bytes)]),
    };
  }
  if ('u32' in value) return { type: 4, bytes: u32(value.u32) };
  if ('u64' in value) return { type: 10, bytes: u64(value.u64) };
  return { type: 6, bytes: Buffer.from(new Float32Array([value.f32]).buffer) };
}

export const f32Bytes = (values: readonly number[]) => new Uint8Array(new Float32Array(values).buffer);

/** The bytes of a file with this content; the alignment is 32. */
export function ggufBytes(content: GgufContent): Buffer {
  const metadata = Object.entries(content.metadata ?? {});
  const tensors = content.tensors ?? [];
  const header: Uint8Array[] = [
    Buffer.from(content.magic ?? 'GGUF', 'latin1'),
    u32(content.version ?? 3),
    u64(content.tensorCount ?? BigInt(tensors.length)),
    u64(content.metadataCount ?? BigInt(metadata.length)),
  ];
  for (const [key, value] of metadata) {
    const { type, bytes } = typed(value);
    header.push(text(key), u32(type), bytes);
  }
  const data: Buffer[] = [];
  let at = 0;
  for (const [name, tensor] of tensors) {
    const sizes = tensor.shape.toReversed();
    header.push(
      text(name),
      u32(sizes.length),
      ...sizes.map(u64),
      u32(tensor.type ?? 0),
      u64(tensor.offset ?? at),
    );
    const padded = Buffer.alloc(Math.ceil(tensor.data.length / 32) * 32);
    padded.set(tensor.data);
    data.push(padded);
    at += padded.length;
  }
  const head = Buffer.concat(header);
  return Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), ...data]);
}

export function writeGguf(path: string, content: GgufContent): string {
  writeFileSync(path, ggufBytes(content));
  return path;
}
