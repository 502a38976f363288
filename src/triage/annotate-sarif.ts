/**
 * @file The scanner's own log with what triage found: `rank` and properties on each result, properties on each run and, on request,
 * external suppressions. The overlay proposed to the SARIF committee in oasis-tcs/sarif-spec 776: the tool, the rules, the messages
 * and the order of the results stay as they are, and a value that is replaced (`rank`) is kept as `original.rank`.
 */

import { describeWorth, isBetterThanChance } from '../judging/model-worth.ts';
import { formatScore } from '../scan/output/score-words.ts';
import { describeUnscored, triageCautions, triageNotes } from './describe-triage.ts';
import {
  applyEdits,
  elementSpans,
  type JsonEdit,
  type JsonSpan,
  memberSpans,
  rootSpan,
  setMembers,
} from './json-edits.ts';
import { OWN_PROPERTY as OWN, type SarifInput, type SarifResult } from './read-sarif.ts';
import type { TriagedFinding, TriageReport } from './triaged.ts';

export function annotateSarif(input: SarifInput, report: TriageReport, endedAt: Date): string {
  const { text } = input;
  const runs = elementSpans(text, memberSpans(text, rootSpan(text)).get('runs')!);
  const byRun = runs.map((): TriagedFinding[] => []);
  for (const one of report.findings) byRun[one.finding.run]!.push(one);
  const edits = runs.flatMap((span, i) => runEdits(input, i, span, byRun[i]!, report, endedAt));
  return `${input.hasByteOrderMark ? '\ufeff' : ''}${applyEdits(text, edits)}`;
}

function runEdits(
  { text, runs }: SarifInput,
  index: number,
  span: JsonSpan,
  findings: readonly TriagedFinding[],
  report: TriageReport,
  endedAt: Date,
): JsonEdit[] {
  const { results, properties } = runs[index]!;
  const members = memberSpans(text, span);
  const resultSpans = elementSpans(text, members.get('results') ?? { start: text.length, end: text.length });
  // Once one result of a run says whether it is suppressed, all have to (SARIF 2.1.0, 3.27.23).
  const allSay =
    findings.some(({ suppress }) => suppress) ||
    (results ?? []).some(({ suppressions }) => suppressions != null);
  const own: [string, string][] = [
    [OWN, JSON.stringify(runProperties(report))],
    ['ai.triaged', 'true'],
    ['ai.triage.model', JSON.stringify(`vultune ${report.version}, adapter ${report.adapterFingerprint}`)],
    ['ai.triage.timestamp', JSON.stringify(endedAt.toISOString())],
  ];
  return [
    ...bagEdits(text, span, members, properties != null, own, []),
    ...findings.flatMap((one) =>
      resultEdits(text, resultSpans[one.finding.result]!, results![one.finding.result]!, one, report, allSay),
    ),
  ];
}

function runProperties(report: TriageReport): object {
  const { version, run, adapterFingerprint, threshold, thresholdSource, suppressBelow, measured, counts } =
    report;
  return {
    version,
    run,
    adapter: adapterFingerprint,
    threshold,
    thresholdSource,
    ...(suppressBelow === undefined ? {} : { suppressBelow }),
    measured: measured ?? null,
    complete: report.complete,
    counts,
    cautions: triageCautions(report),
    notes: triageNotes(report),
  };
}

function resultEdits(
  text: string,
  span: JsonSpan,
  found: SarifResult,
  triaged: TriagedFinding,
  report: TriageReport,
  allSay: boolean,
): JsonEdit[] {
  const { judged, suppress } = triaged;
  const members = memberSpans(text, span);
  const wasTriaged = found.properties != null && Object.hasOwn(found.properties, OWN);
  const own: [string, string][] = [[OWN, JSON.stringify(resultProperties(triaged, report.threshold))]];
  const direct: [string, string][] = [];
  if (judged !== undefined) {
    // The confidence of a suppressed result stands with its suppression.
    if (!suppress) own.push(['ai.triage.confidence', String(judged.score)]);
    direct.push(['rank', String(Math.round(judged.score * 10_000) / 100)]);
    const before = members.get('rank');
    if (before !== undefined && !wasTriaged)
      own.push(['original.rank', text.slice(before.start, before.end)]);
  }
  if (allSay) {
    const others = foreignSuppressions(text, members.get('suppressions'), found);
    const all = suppress ? [...others, JSON.stringify(suppression(triaged, report))] : others;
    // An entry of ours from an earlier triage goes; where there is none and none is added, the list stays as it stands.
    if (suppress || found.suppressions == null || others.length < found.suppressions.length) {
      direct.push(['suppressions', `[${all.join(', ')}]`]);
    }
  }
  return bagEdits(text, span, members, found.properties != null, own, direct);
}

function resultProperties({ rank, judged, unscored, suppress }: TriagedFinding, threshold: number): object {
  if (judged === undefined) {
    return {
      rank,
      unscored: unscored?.reason,
      why: unscored === undefined ? undefined : describeUnscored(unscored),
    };
  }
  const { name, startLine, endLine, score, band, truncated } = judged;
  return {
    rank,
    score,
    aboveThreshold: score >= threshold,
    band,
    function: name,
    functionLines: [startLine, endLine],
    truncated,
    ...(suppress ? { suppressed: true } : {}),
  };
}

/** The entries of others, as they stand in the text. */
function foreignSuppressions(text: string, list: JsonSpan | undefined, found: SarifResult): string[] {
  if (list === undefined || found.suppressions == null) return [];
  return elementSpans(text, list)
    .filter((_, i) => !Object.hasOwn(found.suppressions![i]!.properties ?? {}, OWN))
    .map(({ start, end }) => text.slice(start, end));
}

/** `accepted` only where the model's own evaluation tells it from chance; else somebody has to look: `underReview`. */
function suppression({ judged }: TriagedFinding, report: TriageReport): object {
  const { name, score } = judged!;
  const { suppressBelow, measured, adapterFingerprint } = report;
  return {
    kind: 'external',
    status: isBetterThanChance(measured) ? 'accepted' : 'underReview',
    justification:
      `Vultune gives the function '${name}' the score ${formatScore(score)}, below ${formatScore(suppressBelow!)}. It judges the ` +
      `text of the function alone. Its model: ${describeWorth(measured)}.`,
    properties: {
      'ai.triaged': true,
      'ai.triage.confidence': 1 - score,
      [OWN]: { score, suppressBelow, adapter: adapterFingerprint },
    },
  };
}

/** Members of an object itself, and of its property bag, which is made where there is none. */
function bagEdits(
  text: string,
  span: JsonSpan,
  members: ReadonlyMap<string, JsonSpan>,
  hasBag: boolean,
  bag: readonly (readonly [string, string])[],
  direct: readonly (readonly [string, string])[],
): JsonEdit[] {
  if (hasBag)
    return [...setMembers(text, span, direct), ...setMembers(text, members.get('properties')!, bag)];
  const json = `{${bag.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`;
  return setMembers(text, span, [...direct, ['properties', json]]);
}
