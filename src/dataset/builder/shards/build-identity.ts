/** @file What the shards of a build and their merge have to agree on, and how a part lies on disk. */
import type { ShardIdentity } from '../../../shards/shard-file.ts';
import type { DatasetSource } from '../../source.ts';
import { GATHERING_VERSION } from '../gather/gathered-file.ts';

/** In the folder of a part: the list of its units, and the folder that they lie in. */
export const PART_LIST = 'shard.jsonl';
export const PART_UNITS = 'gathered';

/** Not the options of a build: those decide later, of all fixes together. */
export function buildIdentity(sources: readonly DatasetSource[]): ShardIdentity {
  return {
    'version of the analysis': String(GATHERING_VERSION),
    sources: JSON.stringify(sources.map(({ info: { name, location, sha256 } }) => [name, location, sha256])),
  };
}
