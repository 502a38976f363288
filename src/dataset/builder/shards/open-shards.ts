/**
 * @file The parts of a sharded build, as bytes from outside: every unit is held to its checksum and its schema before a build reads
 * it. They are read where they lie and never get into the cache, which later builds believe.
 */
import { join } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { checkJson } from '../../../schema/check-value.ts';
import { z } from '../../../schema/zod.ts';
import { checkItem } from '../../../shards/shard-file.ts';
import { readShards } from '../../../shards/shard-set.ts';
import { SKETCH_BYTES } from '../../duplicates/min-hash.ts';
import { readLines } from '../../read-lines.ts';
import type { DatasetSource } from '../../source.ts';
import { isSummaryLine, readSummary } from '../gather/gathered-file.ts';
import { buildIdentity, PART_LIST, PART_UNITS } from './build-identity.ts';

export interface OpenShards {
  /** Where the unit with this name lies. Throws SHARD_SET where no part has it. */
  readonly find: (name: string) => string;
  /** Throws SHARD_SET where parts have units that nothing asked for. */
  readonly requireAllFound: () => void;
}

const item = z.object({ unit: z.string().regex(/^[0-9a-f]{2}\/[0-9a-f]{32}\.jsonl$/) });

/**
 * @param folders of all parts
 * @throws VultuneError `SHARD_BROKEN`, `SHARD_SET`; `FILE_MISSING`
 */
export async function openShards(
  folders: readonly string[],
  sources: readonly DatasetSource[],
): Promise<OpenShards> {
  const folderOf = new Map(folders.map((folder) => [join(folder, PART_LIST), folder]));
  const parts = readShards(
    [...folders].map((folder) => join(folder, PART_LIST)),
    {
      kind: 'data build',
      identity: buildIdentity(sources),
    },
  );
  const paths = new Map<string, string>();
  for (const part of parts) {
    for (let at = 0; at < part.items.length; at++) {
      const { unit } = checkItem(item, part, at);
      const path = join(folderOf.get(part.path)!, PART_UNITS, unit);
      await checkUnit(path);
      paths.set(unit, path);
    }
  }
  const found = new Set<string>();
  return {
    find: (name) => {
      const path = paths.get(name);
      if (path === undefined) throw otherFixes('the sources have a fix that no part has');
      found.add(name);
      return path;
    },
    requireAllFound: () => {
      if (found.size < paths.size) throw otherFixes('the parts have fixes that the sources do not have');
    },
  };
}

function otherFixes(found: string): VultuneError {
  return new VultuneError('SHARD_SET', `${found}: the sources changed since, or other options chose them`, {
    hint: 'shards and merge take the same sources and options; run every --shard again where a source changed',
  });
}

const count = z.int().min(0);
const text = z.string();
const lineNumber = z.int().min(1);
const label = z.strictObject({
  target: z.union([z.literal(0), z.literal(1)]),
  ...Object.fromEntries(
    ['set', 'pair', 'project', 'commit', 'date', 'cve', 'split'].map((name) => [name, text.optional()]),
  ),
});
const meta = z.strictObject({
  role: z.enum(['before', 'after', 'deleted', 'unchanged', 'record']),
  pair: count.optional(),
  body: z.string().regex(/^[0-9a-f]{32}$/),
  sketch: z.base64().length(Math.ceil(SKETCH_BYTES / 3) * 4),
  tokens: count,
  path: text.optional(),
  names: z.array(text).optional(),
  line: lineNumber.optional(),
  label: label.optional(),
});
/** Records of others have fields of their own, which go into the dataset as they do without shards. */
const fields = z.looseObject({ code: text, path: text.optional(), start_line: lineNumber.optional() });

/** Throws SHARD_BROKEN. */
async function checkUnit(path: string): Promise<void> {
  if (readSummary(path) === undefined) {
    throw new VultuneError('SHARD_BROKEN', 'a unit of the part is missing, cut short or was changed', {
      where: { file: path },
      hint: 'copy the whole folder of the part, or make it again with its --shard',
    });
  }
  for await (const { text: line, number } of readLines(path)) {
    if (isSummaryLine(line)) continue;
    const tab = line.indexOf('\t');
    const options = { code: 'SHARD_BROKEN', file: path, line: number };
    const { role, label: said, pair } = checkJson(meta, line.slice(0, tab), options);
    checkJson(fields, line.slice(tab + 1), options);
    const isPaired = role === 'before' || role === 'after';
    if ((role === 'record') === (said !== undefined) && isPaired === (pair !== undefined)) continue;
    throw new VultuneError('SHARD_BROKEN', `a function with the role ${role} lacks what goes with it`, {
      where: { file: path, line: number },
    });
  }
}
