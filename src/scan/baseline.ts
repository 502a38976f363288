/**
 * @file The baseline: fingerprints of findings that are known and not to be reported again. A fingerprint counts as often as it is
 * written down, so that a copy of a known function is new. An entry may say who accepted it, and until when.
 */
import { VultuneError } from '../base/errors.ts';
import { readTextFile, writeFileAtomic } from '../base/files.ts';
import { checkJson } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import { isDay, isPast } from './expiry.ts';
import type { Expired, Finding } from './finding.ts';

export interface BaselineEntry {
  readonly fingerprint: string;
  /** For whoever reads the file; not compared. */
  readonly file: string;
  readonly name: string;
  /** Who accepted the finding. */
  readonly author?: string | undefined;
  /** The last day on which it is known: `2027-01-31`. */
  readonly expires?: string | undefined;
}

const baselineSchema = z.looseObject({
  formatVersion: z.literal(1),
  findings: z.array(
    z.looseObject({
      fingerprint: z.string(),
      file: z.string().default(''),
      name: z.string().default(''),
      author: z.string().optional(),
      expires: z.string().refine(isDay, { message: 'expected a day such as 2027-01-31' }).optional(),
    }),
  ),
});

/** Throws SCAN_BASELINE, FILE_MISSING. */
export function readBaseline(file: string): readonly BaselineEntry[] {
  return checkJson(baselineSchema, readTextFile(file), {
    code: 'SCAN_BASELINE',
    file,
    hint: `Correct the entry, or write the file again: vultune scan RUN PATH --baseline ${file} --update-baseline`,
  }).findings;
}

export interface Acceptance {
  readonly author?: string | undefined;
  /** A day. */
  readonly expires?: string | undefined;
}

/** @throws VultuneError SCAN_BASELINE where `expires` is not a day of the calendar. */
export function checkAcceptance({ expires }: Acceptance): void {
  if (expires === undefined || isDay(expires)) return;
  throw new VultuneError(
    'SCAN_BASELINE',
    `${JSON.stringify(expires)} is not a day, expected one such as 2027-01-31`,
    {
      where: { name: 'expires' },
    },
  );
}

/**
 * Sorted, one finding a line: changes read well in a diff. A finding that the file had keeps who accepted it and until when; one
 * that is new gets `accepted`. An entry that has expired gets it too, or stays as it was: nothing holds for ever by being written
 * again. Gives the number of those that stay expired.
 */
export function writeBaseline(
  file: string,
  findings: readonly Finding[],
  before: readonly BaselineEntry[] = [],
  accepted: Acceptance = {},
  now: Date = new Date(),
): number {
  const earlier = new Map<string, BaselineEntry[]>();
  for (const entry of before)
    earlier.set(entry.fingerprint, [...(earlier.get(entry.fingerprint) ?? []), entry]);
  let stillExpired = 0;
  const lines = findings.map(({ fingerprint, file: path, name }) => {
    const entry = earlier.get(fingerprint)?.shift();
    const hasExpired = entry?.expires !== undefined && isPast(entry.expires, now);
    const isAccepted = entry === undefined || (hasExpired && accepted.expires !== undefined);
    const { author, expires } = isAccepted ? accepted : entry;
    if (hasExpired && !isAccepted) stillExpired++;
    return JSON.stringify({ fingerprint, file: path, name, author, expires });
  });
  writeFileAtomic(file, `{\n"formatVersion": 1,\n"findings": [\n${lines.toSorted().join(',\n')}\n]}\n`);
  return stillExpired;
}

export interface Split {
  readonly fresh: Finding[];
  readonly known: Finding[];
  /** Entries whose day is past, whether their finding is still there or not. */
  readonly expired: readonly Expired[];
}

/** Among copies, the first ones in the order given are the known ones. */
export function splitByBaseline(
  findings: readonly Finding[],
  baseline: readonly BaselineEntry[],
  now: Date = new Date(),
): Split {
  const left = new Map<string, number>();
  const expired: Expired[] = [];
  for (const { fingerprint, file, name, author, expires } of baseline) {
    if (expires === undefined || !isPast(expires, now)) {
      left.set(fingerprint, (left.get(fingerprint) ?? 0) + 1);
    } else {
      expired.push({
        kind: 'baseline',
        file,
        name,
        until: expires,
        ...(author === undefined ? {} : { author }),
      });
    }
  }
  const split = { fresh: [] as Finding[], known: [] as Finding[], expired };
  for (const finding of findings) {
    const count = left.get(finding.fingerprint) ?? 0;
    left.set(finding.fingerprint, count - 1);
    (count > 0 ? split.known : split.fresh).push(finding);
  }
  return split;
}
