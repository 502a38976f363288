/**
 * @file The baseline: fingerprints of findings that are known and not to be reported again. A fingerprint counts as often as it is
 * written down, so that a copy of a known function is new.
 */
import { VultuneError } from '../base/errors.ts';
import { readTextFile, writeFileAtomic } from '../base/files.ts';
import type { Finding } from './finding.ts';

export interface BaselineEntry {
  readonly fingerprint: string;
  /** For whoever reads the file; not compared. */
  readonly file: string;
  readonly name: string;
}

/** Throws SCAN_BASELINE, FILE_MISSING. */
export function readBaseline(file: string): readonly BaselineEntry[] {
  const broken = (found: string, cause?: unknown) =>
    new VultuneError(
      'SCAN_BASELINE',
      `${found}; expected a baseline as \`scan --update-baseline\` writes it`,
      {
        where: { file },
        hint: `Write it again: vultune scan RUN PATH --baseline ${file} --update-baseline`,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  const text = readTextFile(file);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw broken('the file is not JSON', cause);
  }
  const { formatVersion, findings } = (json ?? {}) as { formatVersion?: unknown; findings?: unknown };
  if (formatVersion !== 1)
    throw broken(`"formatVersion" is ${JSON.stringify(formatVersion) ?? 'missing'}, not 1`);
  if (!Array.isArray(findings)) throw broken('"findings" is not a list');
  const entries = findings as readonly Partial<BaselineEntry>[];
  if (entries.some((entry) => typeof entry?.fingerprint !== 'string'))
    throw broken('an entry has no fingerprint');
  return entries as readonly BaselineEntry[];
}

/** Sorted, one finding a line: changes read well in a diff. */
export function writeBaseline(file: string, findings: readonly Finding[]): void {
  const lines = findings
    .map(({ fingerprint, file: path, name }) => JSON.stringify({ fingerprint, file: path, name }))
    .toSorted();
  writeFileAtomic(file, `{\n"formatVersion": 1,\n"findings": [\n${lines.join(',\n')}\n]}\n`);
}

export interface Split {
  readonly fresh: Finding[];
  readonly known: Finding[];
}

/** Among copies, the first ones in the order given are the known ones. */
export function splitByBaseline(findings: readonly Finding[], baseline: readonly BaselineEntry[]): Split {
  const left = new Map<string, number>();
  for (const { fingerprint } of baseline) left.set(fingerprint, (left.get(fingerprint) ?? 0) + 1);
  const split: Split = { fresh: [], known: [] };
  for (const finding of findings) {
    const count = left.get(finding.fingerprint) ?? 0;
    left.set(finding.fingerprint, count - 1);
    (count > 0 ? split.known : split.fresh).push(finding);
  }
  return split;
}
