/** @file Everything a source of changes gives, for tests: units with their files, and what was left out by reason. */
import type { ChangeSource, DatasetSource, FileChange, FixFacts } from '../../src/dataset/source.ts';

export interface ReadUnit {
  readonly key: string;
  readonly facts: FixFacts;
  readonly files: readonly FileChange[];
}

export async function readSource(
  source: DatasetSource,
  cacheDir: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly units: ReadUnit[]; readonly left: Record<string, number> }> {
  const left: Record<string, number> = {};
  const tally = {
    add: (reason: string, count = 1) => {
      left[reason] = (left[reason] ?? 0) + count;
    },
  };
  const units: ReadUnit[] = [];
  for await (const unit of (source as ChangeSource).units({ tally, signal, cacheDir })) {
    const files: FileChange[] = [];
    for await (const file of unit.files(tally, signal)) files.push(file);
    units.push({ key: unit.key, facts: unit.facts, files });
  }
  return { units, left };
}
