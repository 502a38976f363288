/** @file Which units of a build are gathered here, and where they lie: all of them, those of one shard, or those of merged parts. */
import { ownsKey, type Shard } from '../../../shards/shard.ts';
import { gatheredName, gatheredPath } from './gathered-file.ts';

export interface GatherShare {
  /** 1 of 1 where no other process gathers. */
  readonly shard: Shard;
  /** Where the unit with this key is gathered; undefined for another shard's. */
  readonly pathOf: (key: string) => string | undefined;
  /**
   * Whether units are named by what they are on every machine. Otherwise a key may say where a file lies and when it was changed,
   * so that what was made of it is used again.
   */
  readonly isPortable: boolean;
  /** Whether everything is gathered already: nothing else is. */
  readonly isWhole: boolean;
  /** Told of every record that a source of labelled records gives. */
  readonly onRecord?: (code: string) => void;
}

const ALONE: Shard = { index: 1, count: 1 };

/** Everything, in the cache. */
export const wholeBuild = (gatheredDir: string): GatherShare => ({
  shard: ALONE,
  pathOf: (key) => gatheredPath(gatheredDir, key),
  isPortable: false,
  isWhole: false,
});

/** The units of one shard, in the cache; `onUnit` is told the names of all, the shard's own or not. */
export const shardOfBuild = (
  gatheredDir: string,
  shard: Shard,
  onUnit: (name: string, isOwn: boolean) => void,
  onRecord: (code: string) => void,
): GatherShare => ({
  shard,
  pathOf: (key) => {
    const isOwn = ownsKey(shard, key);
    onUnit(gatheredName(key), isOwn);
    return isOwn ? gatheredPath(gatheredDir, key) : undefined;
  },
  isPortable: true,
  isWhole: false,
  onRecord,
});

/** Units that all lie in merged parts; `find` throws for one that does not. */
export const mergedBuild = (find: (name: string) => string): GatherShare => ({
  shard: ALONE,
  pathOf: (key) => find(gatheredName(key)),
  isPortable: true,
  isWhole: true,
});
