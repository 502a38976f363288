/**
 * @file All candidates of a build in columns of numbers, read once from the gathered files: what selection looks at. The
 * texts stay on disk. Decides nothing.
 */

import { type Language, languageOfPath } from '../../../source/languages.ts';
import type { NamedFunction } from '../../source.ts';
import type { GatheredUnit } from '../gather/gather-context.ts';
import {
  type GatheredMeta,
  type GatheredRole,
  type RecordLabel,
  readGathered,
} from '../gather/gathered-file.ts';
import type { BodyIndex } from './body-index.ts';

export interface CandidateIndex {
  readonly count: number;
  readonly unit: readonly number[];
  readonly role: readonly GatheredRole[];
  /** The same for a before and its after, over all units; -1: none. */
  readonly pair: readonly number[];
  /** Number of the normalised text. */
  readonly body: readonly number[];
  readonly tokens: readonly number[];
  /** Number of the file within all units; -1: unknown. */
  readonly file: readonly number[];
  /** As the file's name has it. */
  readonly language: readonly (Language | undefined)[];
  /** Whether the fix's advisory names it; false where none names any. */
  readonly named: readonly boolean[];
  /** The labels that came with ready-made records. */
  readonly label: ReadonlyMap<number, RecordLabel>;
  readonly pairs: number;
}

export async function indexCandidates(
  units: readonly GatheredUnit[],
  bodies: BodyIndex,
  signal: AbortSignal,
  onUnit?: (done: number) => void,
): Promise<CandidateIndex> {
  const index = {
    unit: [] as number[],
    role: [] as GatheredRole[],
    pair: [] as number[],
    body: [] as number[],
    tokens: [] as number[],
    file: [] as number[],
    language: [] as (Language | undefined)[],
    named: [] as boolean[],
  };
  const label = new Map<number, RecordLabel>();
  let pairs = 0;
  let files = 0;
  for (const [number, { path, facts }] of units.entries()) {
    signal.throwIfAborted();
    onUnit?.(number);
    const known = new Map<string, { readonly file: number; readonly language: Language | undefined }>();
    const firstPair = pairs;
    for await (const line of readGathered(path)) {
      const meta = line.meta();
      const at = index.unit.length;
      index.unit.push(number);
      index.role.push(meta.role);
      index.pair.push(meta.pair === undefined ? -1 : firstPair + meta.pair);
      if (meta.pair !== undefined) pairs = Math.max(pairs, firstPair + meta.pair + 1);
      index.body.push(bodies.add(meta.body, meta.sketch));
      index.tokens.push(meta.tokens);
      if (meta.path !== undefined && !known.has(meta.path))
        known.set(meta.path, { file: files++, language: languageOfPath(meta.path) });
      const where = meta.path === undefined ? undefined : known.get(meta.path);
      index.file.push(where?.file ?? -1);
      index.language.push(where?.language);
      index.named.push(isNamed(facts?.named, meta));
      if (meta.label !== undefined) label.set(at, shared(meta.label));
    }
  }
  return { ...index, label, pairs, count: index.unit.length };
}

/** Most labels of large sets say nothing but the target: one of each is enough. */
function shared(label: RecordLabel): RecordLabel {
  return Object.keys(label).length === 1 ? BARE_LABELS[label.target] : label;
}

const BARE_LABELS = [{ target: 0 }, { target: 1 }] as const;

function isNamed(named: readonly NamedFunction[] | undefined, meta: GatheredMeta): boolean {
  const { path, names = [], line } = meta;
  return (named ?? []).some((entry) => {
    if (entry.path !== undefined && entry.path !== path) return false;
    const isThere = entry.path !== undefined && entry.line !== undefined && entry.line === line;
    return isThere || names.some((name) => name === entry.name || name.endsWith(`.${entry.name}`));
  });
}
