/** @file Sentences that every output format shares: what a finding says, what was left out, where the scan stops being sure. */
import type { Finding, ReadNote, ScanReport, SkipReason } from '../finding.ts';

export const RULES = {
  vulnerable: {
    id: 'VUL1001',
    name: 'LikelyVulnerableFunction',
    title: 'Function looks vulnerable',
    description:
      'The fine-tuned model gives this function a probability of being vulnerable at or above the threshold it was ' +
      'scanned with. It judges the text of the function alone, so look at the callers before deciding.',
  },
  uncertain: {
    id: 'VUL1002',
    name: 'PossiblyVulnerableFunction',
    title: 'Function may be vulnerable',
    description:
      'The fine-tuned model gives this function a probability of being vulnerable below the threshold it was scanned ' +
      'with, but at least half of the odds of it.',
  },
} as const;

/** One sentence without the place. */
export function describeFinding(finding: Finding, threshold: number): string {
  const { name, score, band, scoreBefore, truncated, nearest } = finding;
  const verb =
    band === 'vulnerable' ? 'looks vulnerable' : band === 'uncertain' ? 'may be vulnerable' : 'looks safe';
  const sentences = [
    `Function '${printable(name)}' ${verb}: score ${formatScore(score)}, threshold ${formatScore(threshold)}.`,
  ];
  if (scoreBefore !== undefined) sentences.push(`${describeChange(score, scoreBefore)}.`);
  if (truncated) sentences.push('The model read its beginning only.');
  if (nearest !== undefined) sentences.push(`${describeNearest(nearest)}.`);
  return sentences.join(' ');
}

export function describeChange(score: number, before: number | null): string {
  if (before === null) return 'New function';
  const difference = score - before;
  const sign = difference < 0 ? '-' : '+';
  return `Score before the change ${formatScore(before)} (${sign}${formatScore(Math.abs(difference))})`;
}

export function describeNearest({ id, cve, similarity }: NonNullable<Finding['nearest']>): string {
  return `Most like ${cve === undefined ? '' : `${cve}, `}'${printable(id)}' of the training data (similarity ${similarity.toFixed(2)})`;
}

const SCANNED_ALL_THE_SAME: ReadonlySet<string> = new Set<ReadNote>([
  'not UTF-8',
  'changed while read',
  'parsed in part',
]);

/** [one, several] */
const NOTICED: Readonly<Record<SkipReason | ReadNote, readonly [string, string]>> = {
  binary: ['binary file', 'binary files'],
  'too large': ['too large file', 'too large files'],
  minified: ['minified file', 'minified files'],
  unreadable: ['unreadable file or folder', 'unreadable files or folders'],
  'symbolic link': ['symbolic link', 'symbolic links'],
  'not a file': ['path that is no file', 'paths that are no files'],
  'unknown language': ['file of an unknown language', 'files of unknown languages'],
  'not parsed': ['file that was not parsed', 'files that were not parsed'],
  'not UTF-8': ['file that is not UTF-8', 'files that are not UTF-8'],
  'changed while read': ['file that changed while it was read', 'files that changed while they were read'],
  'parsed in part': ['file that was parsed in part', 'files that were parsed in part'],
};

/** What to know before relying on the scores; one sentence each. */
export const scanCautions = ({ cautions = [] }: ScanReport): string[] =>
  cautions.map((caution) => `Caution: ${caution}.`);

/** What the user has to know of what was not scanned, or not as it should be; one sentence each. */
export function scanNotes(report: ScanReport): string[] {
  const { complete, counts, noticed, suppressionProblems } = report;
  const notes = noticed.map(({ reason, count, examples }) => {
    const what = NOTICED[reason][count === 1 ? 0 : 1];
    return `${SCANNED_ALL_THE_SAME.has(reason) ? 'Scanned all the same' : 'Not scanned'}: ${count} ${what} (${examples.map(printable).join(', ')}${count > examples.length ? ', ...' : ''}).`;
  });
  for (const { file, line, kind } of suppressionProblems) {
    const found = kind === 'reason-missing' ? 'without a reason' : 'beside no function';
    notes.push(
      `${printable(file)}:${line}: vultune-ignore ${found} has no effect; expected 'vultune-ignore: reason'.`,
    );
  }
  if (counts.hidden > 0) notes.push(`Hidden by the minimal confidence: ${counts.hidden}.`);
  if (counts.known > 0) notes.push(`In the baseline: ${counts.known}.`);
  if (!complete) notes.push('Stopped before the end: these are the functions that were scored by then.');
  return notes;
}

/** Three digits; at a low base rate, where those are zeros, two that say something. */
export function formatScore(score: number): string {
  if (score === 0 || score >= 0.01) return score.toFixed(3);
  return score < 1e-6 ? score.toExponential(1) : score.toPrecision(2);
}

/** `1 function`, `1,234 functions`. */
export const countOf = (count: number, noun: 'file' | 'finding' | 'function') =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

/** A name out of somebody's source must not steer a terminal. */
export function printable(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
  return shown.length > 200 ? `${shown.slice(0, 199)}…` : shown;
}
