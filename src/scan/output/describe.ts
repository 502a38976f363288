/** @file Sentences that every output format shares: what a finding says, what was left out, where the scan stops being sure. */
import { cweLabel } from '../../dataset/cwe.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { describeWorth } from '../../judging/model-worth.ts';
import type {
  Finding,
  NearestKnown,
  ReadNote,
  ScanReport,
  SkipReason,
  Suppression,
  SuppressionProblem,
} from '../finding.ts';
import { describeBands, describeScore, formatScore } from './score-words.ts';

/** One sentence without the place. */
export function describeFinding(finding: Finding, threshold: number): string {
  const { name, score, band, scoreBefore, truncated, cwe, nearest } = finding;
  const verb =
    band === 'vulnerable' ? 'looks vulnerable' : band === 'uncertain' ? 'may be vulnerable' : 'looks safe';
  const sentences = [`Function '${printable(name)}' ${verb}: ${describeScore(score, threshold)}.`];
  if (scoreBefore !== undefined) sentences.push(`${describeChange(score, scoreBefore)}.`);
  if (truncated) sentences.push('Truncated: the model read only part of it.');
  if (cwe !== undefined && cwe.length > 0) sentences.push(`${describeCwe(cwe)}.`);
  if (nearest !== undefined) sentences.push(`${describeNearest(nearest)}.`);
  return sentences.join(' ');
}

/** `If it is vulnerable, then most likely by CWE-79 (Improper ...), 0.81; then CWE-22, 0.10; CWE-20, 0.04` */
export function describeCwe(cwe: readonly CweProbability[]): string {
  const [likely, ...others] = cwe;
  if (likely === undefined) return '';
  const rest = others.map(({ id, probability }) => `${id}, ${probability.toFixed(2)}`).join('; ');
  return `If it is vulnerable, then most likely by ${cweLabel(likely.id)}, ${likely.probability.toFixed(2)}${rest === '' ? '' : `; then ${rest}`}`;
}

/** `the input is ours (by Ann, until 2027-01-31)` */
export function describeReason({ reason, author, until }: Suppression): string {
  const details = [
    ...(author === undefined ? [] : [`by ${author}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ];
  return printable(details.length === 0 ? reason : `${reason} (${details.join(', ')})`);
}

export function describeChange(score: number, before: number | null): string {
  if (before === null) return 'New function';
  const difference = score - before;
  const sign = difference < 0 ? '-' : '+';
  return `Score before the change ${formatScore(before)} (${sign}${formatScore(Math.abs(difference))})`;
}

export function describeNearest({ id, cve, cwe = [], similarity }: NearestKnown): string {
  const names = [...(cve === undefined ? [] : [cve]), ...cwe].map((name) => `${printable(name)}, `).join('');
  return `Most similar to ${names}'${printable(id)}' of the training data (similarity ${similarity.toFixed(2)})`;
}

const SCANNED = 'Scanned all the same';
const NOT_SCANNED = 'Not scanned';
/** The sentence says it itself. */
const NOT_JUDGED = '';

/** [what became of it, one, several]: every reason has its words, and so every format counts it. */
export const NOTICED: Readonly<Record<SkipReason | ReadNote, readonly [string, string, string]>> = {
  binary: [NOT_SCANNED, 'binary file', 'binary files'],
  'too large': [NOT_SCANNED, 'too large file', 'too large files'],
  minified: [NOT_SCANNED, 'minified file', 'minified files'],
  unreadable: [NOT_SCANNED, 'unreadable file or folder', 'unreadable files or folders'],
  'symbolic link': [NOT_SCANNED, 'symbolic link', 'symbolic links'],
  'not a file': [NOT_SCANNED, 'path that is not a regular file', 'paths that are not regular files'],
  'unknown language': [NOT_SCANNED, 'file of an unknown language', 'files of unknown languages'],
  'not parsed': [NOT_SCANNED, 'file that was not parsed', 'files that were not parsed'],
  'test code': [NOT_SCANNED, 'file of test code', 'files of test code'],
  'fuzzing code': [NOT_SCANNED, 'file of fuzzing code', 'files of fuzzing code'],
  'benchmark code': [NOT_SCANNED, 'file of benchmark code', 'files of benchmark code'],
  'example code': [NOT_SCANNED, 'file of example code', 'files of example code'],
  'vendored code': [NOT_SCANNED, 'file of vendored code', 'files of vendored code'],
  'generated code': [NOT_SCANNED, 'file of generated code', 'files of generated code'],
  'empty body': [
    NOT_SCANNED,
    'function without a body that does anything',
    'functions without a body that does anything',
  ],
  'one value': [
    NOT_SCANNED,
    'function that only gives a value back',
    'functions that only give a value back',
  ],
  'not UTF-8': [SCANNED, 'file that is not UTF-8', 'files that are not UTF-8'],
  'changed while read': [
    SCANNED,
    'file that changed while it was read',
    'files that changed while they were read',
  ],
  'parsed in part': [SCANNED, 'file that was parsed in part', 'files that were parsed in part'],
  'code outside functions': [
    NOT_JUDGED,
    'file has code outside functions that was not scored',
    'files have code outside functions that was not scored',
  ],
  'no context': [
    SCANNED,
    'function without any context in its file, which was read alone',
    'functions without any context in their files, which were read alone',
  ],
  'context cut': [
    SCANNED,
    'function whose context was cut where the training cut it',
    'functions whose contexts were cut where the training cut them',
  ],
  'unread function': [NOT_SCANNED, 'function that could not be read', 'functions that could not be read'],
  ignored: [
    NOT_SCANNED,
    'source file that .gitignore excludes and git does not track',
    'source files that .gitignore excludes and git does not track',
  ],
  'package folder': [NOT_SCANNED, 'folder of packages', 'folders of packages'],
  submodule: [NOT_SCANNED, 'submodule that is not checked out', 'submodules that are not checked out'],
  'outside the repository': [
    NOT_SCANNED,
    'file outside the repository that is compared',
    'files outside the repository that is compared',
  ],
  'index not read': [
    SCANNED,
    'repository whose index git cannot read, so that .gitignore alone decides',
    'repositories whose index git cannot read, so that .gitignore alone decides',
  ],
  'submodule without its commit': [
    SCANNED,
    'submodule that does not have the commit it was at, so that all its functions count as new',
    'submodules that do not have the commits they were at, so that all their functions count as new',
  ],
  'earlier version missing': [
    SCANNED,
    'file whose earlier version cannot be read, so that all its functions count as new',
    'files whose earlier versions cannot be read, so that all their functions count as new',
  ],
};

/** How good the model was measured to be; said by every output. */
export const scanWorth = ({ measured }: Pick<ScanReport, 'measured'>): string =>
  `Model: ${describeWorth(measured)}.`;

/** What to know before relying on the scores; one sentence each: the model's measured worth first, then what the bands are. */
export const scanCautions = (report: ScanReport): string[] => [
  scanWorth(report),
  ...(report.cautions ?? []).map((caution) => `Caution: ${caution}.`),
  describeBands(report),
];

/** Where an option takes in what was passed over, which. */
const SWITCHES: Readonly<Partial<Record<SkipReason | ReadNote, string>>> = {
  ignored: '--no-gitignore',
  minified: '--include-minified',
  'generated code': '--include-generated',
  'empty body': '--include-trivial',
  'one value': '--include-trivial',
  'test code': '--include-tests',
  'fuzzing code': '--include-tests',
  'benchmark code': '--include-tests',
  'example code': '--include-tests',
  'vendored code': '--include-tests',
};

/** What the user has to know of what was not scanned, or not as it should be; one sentence each. */
export function scanNotes(report: ScanReport): string[] {
  const { complete, counts, noticed, suppressionProblems } = report;
  const notes = counts.functions === 0 && complete ? [describeNothing(report)] : [];
  for (const { reason, count, files, examples } of noticed) {
    const [outcome, one, several] = NOTICED[reason];
    const option = SWITCHES[reason];
    const shown = `${examples.map(printable).join(', ')}${(files ?? count) > examples.length ? ', ...' : ''}`;
    notes.push(
      `${outcome === '' ? '' : `${outcome}: `}${count} ${count === 1 ? one : several} (${shown})${option === undefined ? '' : `; ${option} scans ${count === 1 ? 'it' : 'them'}`}.`,
    );
  }
  for (const { file, line, kind } of suppressionProblems) {
    notes.push(
      `${printable(file)}:${line}: vultune-ignore ${PROBLEMS[kind]} has no effect; expected ` +
        `'vultune-ignore: reason [by NAME] [until 2027-01-31]'.`,
    );
  }
  notes.push(...expiredNotes(report));
  if (report.precision !== undefined) notes.push(`Precision: ${report.precision.sentence}.`);
  if (report.cweHead !== undefined) notes.push(`${report.cweHead}.`);
  if (counts.hidden > 0) notes.push(`Hidden by the minimal confidence: ${counts.hidden}.`);
  if (counts.unlisted > 0) {
    notes.push(`Not listed, as --top asks: ${countOf(counts.unlisted, 'finding')} with lower scores.`);
  }
  if (counts.folded > 0) {
    notes.push(
      `One finding for a function and those inside it: ${countOf(counts.folded, 'finding')} folded; --nested both lists each.`,
    );
  }
  if (counts.known > 0) notes.push(`In the baseline: ${counts.known}.`);
  if (!complete) notes.push('Stopped before the end: only the functions scored by then are listed.');
  return notes;
}

/** For formats that have no place for what a comment suppresses: how many there are. */
export const suppressedNotes = ({ suppressed }: Pick<ScanReport, 'suppressed'>): string[] =>
  suppressed.length === 0 ? [] : [`Suppressed in the source: ${suppressed.length}.`];

const PROBLEMS: Readonly<Record<SuppressionProblem['kind'], string>> = {
  'reason-missing': 'without a reason',
  'date-wrong': "with 'until' and no day such as 2027-01-31 behind it",
  'no-function': 'beside no function',
};

/** More are in the JSON format. */
const MOST_EXPIRED = 50;

function expiredNotes({ expired = [] }: ScanReport): string[] {
  const rest = expired.length - MOST_EXPIRED;
  return [
    ...expired.slice(0, MOST_EXPIRED).map(({ kind, file, line, name, until, author, reason }) => {
      const what = kind === 'comment' ? 'vultune-ignore' : 'an entry of the baseline';
      const place = line === undefined ? printable(file) : `${printable(file)}:${line}`;
      const by = author === undefined ? '' : ` by ${printable(author)}`;
      const why = reason === undefined ? '' : ` (${printable(reason)})`;
      return `Expired, reported again: ${what}${by} for '${printable(name)}' at ${place} held until ${until}${why}.`;
    }),
    ...(rest > 0 ? [`Expired, reported again: ${rest} more.`] : []),
  ];
}

/** Why a scan has no function at all: silence would read as "safe". */
function describeNothing({ counts, noticed, changed }: ScanReport): string {
  const { files, withoutFunctions, onlyOutsideCode } = counts;
  const skipped = noticed.filter(({ reason }) => NOTICED[reason][0] === NOT_SCANNED);
  const reasons = [
    ...(onlyOutsideCode > 0 ? [`${countOf(onlyOutsideCode, 'file')} with code outside functions only`] : []),
    ...(withoutFunctions > onlyOutsideCode
      ? [`${countOf(withoutFunctions - onlyOutsideCode, 'file')} without functions`]
      : []),
    ...(changed !== undefined && skipped.length === 0 && files > withoutFunctions
      ? [`${countOf(files - withoutFunctions, 'file')} without changed functions`]
      : []),
    ...skipped.map(({ reason, count }) => `${count} ${NOTICED[reason][count === 1 ? 1 : 2]}`),
  ];
  if (reasons.length > 0) return `No function was scored: ${reasons.join(', ')}.`;
  const where = changed === undefined ? 'at the paths given' : 'among the changed files';
  return `No function was scored: no source file of a known language ${where}.`;
}

/** `1 function`, `1,234 functions`. */
export const countOf = (count: number, noun: 'file' | 'finding' | 'function') =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

/** A name out of somebody's source must not steer a terminal. */
export function printable(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
  return shown.length > 200 ? `${shown.slice(0, 199)}…` : shown;
}
