/** @file Sentences that every output of triage shares. */

import { describeWorth } from '../judging/model-worth.ts';
import { countOf } from '../scan/output/describe.ts';
import type { TriageReport, Unscored, UnscoredReason } from './triaged.ts';

/** Every reason has its words, so every output says it. */
export const UNSCORED: Readonly<Record<UnscoredReason, string>> = {
  'no location': 'the log gives no file',
  'outside the folder': 'the file is outside the folder',
  'file missing': 'no such file in the folder',
  'file not read': 'the file is not read as source',
  'not parsed': 'the file was not parsed',
  'no line': 'the log gives no line',
  'line missing': 'the file ends before the line: it is not the version that was scanned',
  'unread function': 'the function could not be read',
  'outside functions': 'outside any function',
  'several functions': 'reaches over several functions',
  'not a problem': 'the scanner says that nothing is wrong there',
  absent: 'the scanner says that it is gone',
  stopped: 'stopped before it was scored',
};

export const describeUnscored = ({ reason, detail }: Unscored): string =>
  detail === undefined ? UNSCORED[reason] : `${UNSCORED[reason]} (${detail})`;

/** What the reader has to know before relying on the order; one sentence each. */
export const triageCautions = ({ measured, blend, cautions }: TriageReport): string[] => [
  `Model: ${describeWorth(measured)}.`,
  ...(blend === undefined ? [] : [`Its ${blend}.`]),
  ...cautions.map((caution) => `Caution: ${caution}.`),
];

/** What was not scored or not read; one sentence each. */
export function triageNotes(report: TriageReport): string[] {
  const { counts, findings, notRead, complete, suppressBelow } = report;
  const notes: string[] = [...notRead];
  if (counts.findings === 0) notes.push('The log has no finding.');
  for (const [reason, count] of countReasons(findings)) {
    notes.push(`Not scored, at the end: ${countOf(count, 'finding')}: ${UNSCORED[reason]}.`);
  }
  if (suppressBelow !== undefined && counts.truncatedKept > 0) {
    notes.push(
      `Not suppressed, because the model read only part of the function: ${countOf(counts.truncatedKept, 'finding')}.`,
    );
  }
  if (!complete) notes.push('Stopped before the end: the findings that had no score by then are at the end.');
  return notes;
}

function countReasons(findings: TriageReport['findings']): Map<UnscoredReason, number> {
  const counts = new Map<UnscoredReason, number>();
  for (const { unscored } of findings) {
    if (unscored !== undefined) counts.set(unscored.reason, (counts.get(unscored.reason) ?? 0) + 1);
  }
  return counts;
}
