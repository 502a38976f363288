/** @file Triage for a person at a terminal: the findings by score, those without one, what labels say of the order, the sums. */
import { formatCount } from '../../base/numbers.ts';
import { FEW_CLUSTERS } from '../../evaluation/resampling/clusters.ts';
import type { Interval } from '../../evaluation/resampling/intervals.ts';
import { countOf, printable } from '../../scan/output/describe.ts';
import { formatScore } from '../../scan/output/score-words.ts';
import { describeUnscored, triageCautions, triageNotes } from '../../triage/describe-triage.ts';
import type { OrderComparison, OrderMeasures } from '../../triage/measure-order.ts';
import type { TriagedFinding, TriageReport } from '../../triage/triaged.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

/** `top`: findings shown of those with a score, and of those without. */
export function triageText(report: TriageReport, top: number, terminal: Terminal): string {
  const { findings, measures } = report;
  const scored = findings.filter(({ judged }) => judged !== undefined);
  const unscored = findings.filter(({ judged }) => judged === undefined);
  const parts = [
    scored.length === 0
      ? ''
      : scoredTable(scored.slice(0, top), report, terminal) + more(scored.length - top),
    unscored.length === 0
      ? ''
      : unscoredTable(unscored.slice(0, top), terminal) + more(unscored.length - top),
    measures === undefined ? '' : measuresText(measures, terminal),
    summary(report, terminal),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

const more = (rest: number) =>
  rest > 0 ? `and ${formatCount(rest)} more (--top shows more, --format json all)\n` : '';

function scoredTable(
  findings: readonly TriagedFinding[],
  { threshold }: TriageReport,
  terminal: Terminal,
): string {
  const { colors } = terminal;
  return renderTable(
    [
      { heading: '#', align: 'right' },
      { heading: 'score', align: 'right' },
      { heading: 'rule' },
      { heading: 'place' },
      { heading: 'function' },
    ],
    findings.map(({ rank, finding, file, line, judged, suppress }) => {
      const { score, band, name, truncated } = judged!;
      const paint = score >= threshold ? colors.bad : band === 'uncertain' ? colors.warning : colors.good;
      const notes = [
        ...(truncated ? ['read in part'] : []),
        ...(suppress ? ['suppressed'] : []),
        ...(finding.isSuppressed ? ['suppressed by the scanner'] : []),
      ];
      return [
        String(rank),
        paint(formatScore(score)),
        printable(finding.rule),
        placeText(file, line),
        `${printable(name)}${notes.length === 0 ? '' : colors.muted(` (${notes.join(', ')})`)}`,
      ];
    }),
    terminal,
  );
}

function unscoredTable(findings: readonly TriagedFinding[], terminal: Terminal): string {
  return `${terminal.colors.strong('Not scored')}\n${renderTable(
    [{ heading: '#', align: 'right' }, { heading: 'rule' }, { heading: 'place' }, { heading: 'why' }],
    findings.map(({ rank, finding, file, line, unscored }) => [
      String(rank),
      printable(finding.rule),
      placeText(file, line),
      printable(describeUnscored(unscored!)),
    ]),
    terminal,
  )}`;
}

const placeText = (file: string | undefined, line: number | undefined) =>
  file === undefined ? '-' : `${printable(file)}${line === undefined ? '' : `:${line}`}`;

function measuresText(measures: OrderMeasures, terminal: Terminal): string {
  const { labelled, real, withoutLabel, unused, files, tops, averagePrecision } = measures;
  const { colors } = terminal;
  const rows: (readonly [string, OrderComparison])[] = [
    ...tops.map((one) => [`precision of the first ${one.k}`, one] as const),
    ...(averagePrecision === undefined ? [] : [['average precision', averagePrecision] as const]),
  ];
  const table =
    rows.length === 0
      ? ''
      : renderTable(
          [
            { heading: '' },
            { heading: "scanner's order" },
            { heading: 'by score' },
            { heading: 'difference' },
          ],
          rows.map(([name, { before, after, difference }]) => [
            name,
            `${before.value.toFixed(3)}${intervalText(before.interval)}`,
            `${after.value.toFixed(3)}${intervalText(after.interval)}`,
            `${signed(after.value - before.value)}${intervalText(difference)}`,
          ]),
          terminal,
        );
  const notes = [
    `${countOf(labelled, 'finding')} labelled, ${real} real; 95% intervals by resampling ${countOf(files, 'file')}`,
    ...(files < FEW_CLUSTERS ? [`so few files give intervals that are too narrow`] : []),
    ...(averagePrecision === undefined
      ? ['no average precision: it needs real findings and false ones']
      : []),
    ...(withoutLabel > 0 ? [`${countOf(withoutLabel, 'finding')} without a label left out`] : []),
    ...(unused > 0 ? [`${formatCount(unused)} labels match no finding`] : []),
  ];
  return `${colors.strong('What it did to the order')}\n${table}${notes.map((note) => colors.muted(`${note}\n`)).join('')}`;
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

const intervalText = (interval: Interval | undefined) =>
  interval === undefined ? '' : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;

function summary(report: TriageReport, terminal: Terminal): string {
  const { counts, threshold, thresholdSource } = report;
  const { colors } = terminal;
  const suppressed = counts.suppressed > 0 ? `, ${formatCount(counts.suppressed)} suppressed` : '';
  const lines = [
    colors.strong(
      `${countOf(counts.findings, 'finding')}: ${formatCount(counts.scored)} scored, ${formatCount(counts.aboveThreshold)} of them ` +
        `from the threshold on${suppressed}, ${formatCount(counts.unscored)} not scored`,
    ),
    `threshold ${formatScore(threshold)} (${thresholdSource})`,
    ...triageCautions(report).map((line) => colors.warning(printable(line))),
    ...triageNotes(report),
  ];
  return `${lines.join('\n')}\n`;
}
