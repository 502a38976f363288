/** @file Whether some parts are all parts of one job: none missing, none twice, none of another job. Looks into no item. */
import { VultuneError } from '../base/errors.ts';
import { formatShard } from './shard.ts';
import { readShard, type ShardFile, type ShardIdentity, type ShardKind } from './shard-file.ts';

export interface ExpectedShards {
  readonly kind: ShardKind;
  /** What the merging command says of the job; undefined where the parts alone have to agree. */
  readonly identity?: ShardIdentity | undefined;
}

/** A message names the first few. */
const NAMED = 20;

/**
 * The parts in the order of their shards.
 * @throws VultuneError `SHARD_SET` where they are not exactly the parts of one job; as `readShard`
 */
export function readShards(
  paths: readonly string[],
  { kind, identity }: ExpectedShards,
): readonly ShardFile[] {
  const parts = paths.map((path) => requireKind(readShard(path), kind));
  const [first] = parts;
  if (first === undefined) throw refused('no part is given', '--merge takes the parts of all shards');
  if (identity !== undefined) requireSame(first, 'this command', identity);
  const byIndex = new Map<number, ShardFile>();
  for (const part of parts) {
    requireSameJob(first, part);
    const twin = byIndex.get(part.shard.index);
    if (twin !== undefined) {
      throw refused(
        `${twin.path} and ${part.path} are both shard ${formatShard(part.shard)}`,
        'give the part of each shard once',
      );
    }
    byIndex.set(part.shard.index, part);
  }
  const { count } = first.shard;
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0) {
    const named = missing.slice(0, NAMED).map((index) => formatShard({ index, count }));
    const more = missing.length > NAMED ? `, and ${missing.length - NAMED} more` : '';
    throw refused(
      `${missing.length === 1 ? 'a part is' : 'parts are'} missing: --shard ${named.join(', ')}${more}`,
      'a shard that was stopped writes no part: run it again',
    );
  }
  return [...byIndex.values()].sort((a, b) => a.shard.index - b.shard.index);
}

function requireKind(part: ShardFile, kind: ShardKind): ShardFile {
  if (part.kind === kind) return part;
  throw refused(`${part.path} is a part of \`vultune ${part.kind}\`, expected one of \`vultune ${kind}\``);
}

function requireSameJob(first: ShardFile, part: ShardFile): void {
  if (first.shard.count !== part.shard.count) {
    throw refused(
      `${first.path} is shard ${formatShard(first.shard)} and ${part.path} is shard ${formatShard(part.shard)}`,
      'parts of one job have the same number of shards',
    );
  }
  requireSame(part, first.path, first.identity);
  if (first.inputs !== part.inputs) {
    throw refused(
      `${first.path} and ${part.path} are parts of different inputs`,
      'inputs must not change until the last shard is done: make the older part again',
    );
  }
}

/** Throws SHARD_SET, with the first name that differs. */
function requireSame({ path, identity }: ShardFile, other: string, expected: ShardIdentity): void {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(identity)])) {
    if (identity[name] === expected[name]) continue;
    const shown = (value: string | undefined) => (value === undefined ? 'nothing' : value.slice(0, 200));
    throw refused(
      `${path} and ${other} differ in ${name}: ${shown(identity[name])} and ${shown(expected[name])}`,
      'all shards and the merge take the same options',
    );
  }
}

function refused(message: string, hint?: string): VultuneError {
  return new VultuneError('SHARD_SET', message, hint === undefined ? {} : { hint });
}
