/**
 * @file The part of a job that one shard did, as a file: a line that says which part of what, a JSON line an item, and a last line
 * with their number and a checksum, so that a part that was cut short is not taken for a whole one. What items are is the job's.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { AtomicWriter } from '../base/atomic-writer.ts';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { checkJson } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import { MOST_SHARDS, type Shard } from './shard.ts';

const FORMAT_VERSION = 1;

export const SHARD_KINDS = ['scan', 'predict', 'prompt', 'data build'] as const;
export type ShardKind = (typeof SHARD_KINDS)[number];

/** What has to be the same in all parts of a job, by the names that messages call it. */
export type ShardIdentity = Readonly<Record<string, string>>;

export interface ShardHeader {
  readonly kind: ShardKind;
  readonly shard: Shard;
  readonly identity: ShardIdentity;
  readonly startedAt: Date;
}

/** A part that was read: whole, and as it was written. */
export interface ShardFile extends ShardHeader {
  readonly path: string;
  /** A digest of everything that all shards together work on. */
  readonly inputs: string;
  /** JSON texts, which the job checks. */
  readonly items: readonly string[];
}

/** A part's text is read at once; a job with larger parts takes more shards. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_NAMES = 64;

const header = z.object({
  format: z.literal('vultune-shard'),
  formatVersion: z.literal(FORMAT_VERSION),
  kind: z.enum(SHARD_KINDS),
  index: z.int().min(1).max(MOST_SHARDS),
  count: z.int().min(1).max(MOST_SHARDS),
  startedAt: z.iso.datetime(),
  identity: z
    .record(z.string().max(100), z.string().max(100_000))
    .refine((names) => Object.keys(names).length <= MOST_NAMES, { message: 'too many names' }),
});

const ending = z.object({
  items: z.int().min(0),
  inputs: z.string().regex(/^[\w-]{1,64}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Writes a part, which appears whole or not at all. */
export class ShardWriter {
  readonly #writer: AtomicWriter;
  readonly #hash = createHash('sha256');
  #items = 0;

  /** @throws VultuneError as `AtomicWriter`. */
  constructor(path: string, { kind, shard, identity, startedAt }: ShardHeader) {
    this.#writer = new AtomicWriter(path);
    const head = { format: 'vultune-shard', formatVersion: FORMAT_VERSION, kind, ...shard };
    this.#write({ ...head, startedAt: startedAt.toISOString(), identity });
  }

  add(item: unknown): void {
    this.#items++;
    this.#write(item);
  }

  /** `inputs`: a digest of everything that all shards together work on. */
  commit(inputs: string): void {
    const sha256 = this.#hash.update(inputs).digest('hex');
    this.#writer.write(`${JSON.stringify({ items: this.#items, inputs, sha256 })}\n`);
    this.#writer.commit();
  }

  /** Leaves no file; nothing after `commit`. */
  discard(): void {
    this.#writer.discard();
  }

  #write(value: unknown): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#hash.update(line);
    this.#writer.write(line);
  }
}

/** @throws VultuneError `SHARD_BROKEN` for a file that is not a whole part; `FILE_MISSING`, as `fileError`. */
export function readShard(path: string): ShardFile {
  const text = readText(path);
  const [first, last] = [text.indexOf('\n') + 1, text.lastIndexOf('\n', text.length - 2) + 1];
  if (first === 0 || last < first || !text.endsWith('\n')) throw broken(path);
  const options = { code: 'SHARD_BROKEN', file: path, hint: MAKE_AGAIN };
  const { kind, index, count, startedAt, identity } = checkJson(header, text.slice(0, first), {
    ...options,
    line: 1,
  });
  const items = text.slice(first, last).split('\n').slice(0, -1);
  const end = checkJson(ending, text.slice(last), { ...options, line: items.length + 2 });
  const sha256 = createHash('sha256').update(text.slice(0, last)).update(end.inputs).digest('hex');
  if (end.items !== items.length || end.sha256 !== sha256) throw broken(path);
  if (index > count) {
    throw new VultuneError('SHARD_BROKEN', `the part says that it is shard ${index} of ${count}`, {
      where: { file: path },
      hint: MAKE_AGAIN,
    });
  }
  const shard = { index, count };
  return { path, kind, shard, identity, startedAt: new Date(startedAt), inputs: end.inputs, items };
}

/** An item as the schema gives it. @throws VultuneError `SHARD_BROKEN`. */
export function checkItem<S extends z.ZodType>(
  schema: S,
  { path, items }: ShardFile,
  at: number,
): z.output<S> {
  return checkJson(schema, items[at]!, { code: 'SHARD_BROKEN', file: path, line: at + 2, hint: MAKE_AGAIN });
}

const MAKE_AGAIN = 'make this part again: the same command with its --shard';

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MOST_BYTES) {
      throw new VultuneError('SHARD_BROKEN', `the part has ${size} bytes, expected at most ${MOST_BYTES}`, {
        where: { file: path },
        hint: 'use more shards: their parts are smaller',
      });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

function broken(path: string): VultuneError {
  return new VultuneError('SHARD_BROKEN', 'not a whole part: its last lines are missing, or it was changed', {
    where: { file: path },
    hint: MAKE_AGAIN,
  });
}
