/**
 * @file What a cell of a table is: one training, named by a hash of everything that decides its figures. Tables that ask for
 * the same training get the same name, and so the same run.
 */
import { createHash } from 'node:crypto';
import { sortedKeys } from '../base/sorted-keys.ts';
import { z } from '../schema/zod.ts';

export interface CellKey {
  /** Resolved; where it is written and what it reads are not part of it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** SHA-256 of each file, by configuration key. */
  readonly data: Readonly<Record<string, string>>;
  /** Versions of what computes. */
  readonly versions: Readonly<Record<string, string>>;
  /** What takes the steps, and how it rounds; undefined for Vultune's own engine, which `config` says all of. */
  readonly engine?: Readonly<Record<string, string>> | undefined;
}

/** Where things lie and how fast they go: none of it changes a figure. */
const NOT_IN_KEY = new Set([
  'output_dir',
  'cache_dir',
  'num_threads',
  'train_file',
  'valid_file',
  'test_file',
]);

/** The keys of a configuration that name a cell. */
export const keyConfig = (config: object): CellKey['config'] =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !NOT_IN_KEY.has(key)));

/** 16 hexadecimal digits: a name of a folder, whatever the configuration holds. */
export function cellId({ config, data, versions, engine }: CellKey): string {
  return createHash('sha256')
    .update(JSON.stringify({ config, data, versions, engine }, sortedKeys))
    .digest('hex')
    .slice(0, 16);
}

/** What lies beside a cell's run folder: which training it is, and how it failed if it did. */
export const cellRecordSchema = z.looseObject({
  formatVersion: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{16}$/),
  config: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.string()),
  versions: z.record(z.string(), z.string()),
  engine: z.record(z.string(), z.string()).optional(),
  failure: z.object({ code: z.string().max(200), message: z.string().max(10_000) }).optional(),
});

export type CellRecord = z.output<typeof cellRecordSchema>;
export type CellFailure = NonNullable<CellRecord['failure']>;
