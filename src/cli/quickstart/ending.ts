/**
 * @file The quickstart's last screen: whether the detector is any good, beside its baselines; three functions and a scan as examples;
 * what it rests on, and what to do next. Fits a terminal of 40 rows. Measures nothing: facts in, text out.
 */
import { formatCount, formatDuration, formatMetric, formatPercent } from '../../base/numbers.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Comparison } from '../../evaluation/compare-baselines.ts';
import { concludeComparison } from '../../evaluation/conclusion.ts';
import { type FigureName, figureHeading, figureValue } from '../../evaluation/figures.ts';
import type { Band, Finding, ScanReport } from '../../scan/finding.ts';
import { countOf } from '../../scan/output/describe.ts';
import { formatScore } from '../../scan/output/score-words.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderPairs, renderTable, visibleWidth } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { wrapText } from '../display/wrap.ts';
import { range } from '../evaluate/evaluation-table.ts';

/** A function of the test part as the detector judges it. */
export interface ExampleFunction {
  readonly record: LabelledRecord;
  readonly score: number;
  readonly band: Band;
}

export interface ScannedPackage {
  /** NAME VERSION */
  readonly release: string;
  readonly folder: string;
  /** The findings' files are relative to the package. */
  readonly report: Pick<ScanReport, 'counts' | 'findings' | 'complete'>;
  /** The vulnerable functions that the test part has of it. */
  readonly known: readonly LabelledRecord[];
}

/** What the detector was made of, as it was counted. */
export interface TrainingFacts {
  /** The base model, for people. */
  readonly baseModel: string;
  /** The lowest layers that are used; null: all. */
  readonly keepLayers: number | null;
  readonly functions: number;
  readonly vulnerable: number;
  readonly projects: number;
  readonly maxLength: number;
  /** Training functions that are longer. */
  readonly truncated: number;
  /** Training functions that no step sees: within `maxLength` they and their fixes are the same. */
  readonly leftOut: number;
}

export interface EndingFacts {
  readonly quick: boolean;
  /** On the test part. */
  readonly comparison: Comparison;
  /** Whether scan and predict go by the blend. */
  readonly usesBlend: boolean;
  /** Why there is no blend; undefined where there is one. */
  readonly withoutBlend: string | undefined;
  readonly training: TrainingFacts;
  /** From which score on a scan calls a function vulnerable. */
  readonly threshold: number;
  readonly examples: readonly ExampleFunction[];
  /** Undefined where no package was to be had. */
  readonly scanned: ScannedPackage | undefined;
  readonly run: string;
  readonly tookMs: number;
}

/** Under a heading of two rows and above a prompt of one, of the 40 that a terminal has. */
export const MOST_ROWS = 37;
const MOST_FINDINGS = 3;
const MOST_KNOWN = 2;

/** As many findings of the scan, then known functions, as there are rows for. */
export function ending(facts: EndingFacts, terminal: Terminal): string {
  let text = '';
  for (let left = MOST_FINDINGS + MOST_KNOWN; left >= 1; left--) {
    const findings = Math.max(0, left - MOST_KNOWN);
    text = compose(facts, { findings, known: Math.min(left, MOST_KNOWN) }, terminal);
    if (rowsOf(text, terminal.columns()) <= MOST_ROWS) break;
  }
  return text;
}

/** Rows that a terminal shows of a text: long lines are broken. */
export function rowsOf(text: string, columns: number): number {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleWidth(line) / columns)), 0);
}

/** How many of each are shown. */
interface Shown {
  readonly findings: number;
  readonly known: number;
}

function compose(facts: EndingFacts, shown: Shown, terminal: Terminal): string {
  const parts = [
    verdict(facts, terminal),
    figures(facts, terminal),
    examples(facts, terminal),
    scanPart(facts.scanned, shown, terminal),
    grounds(facts, terminal),
    whatNext(facts, terminal),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function verdict({ comparison, withoutBlend, quick }: EndingFacts, terminal: Terminal): string {
  const { colors } = terminal;
  const { n, positives } = comparison.rows[0]!.result;
  const { bootstrap } = comparison;
  const { sentence, ofBlend, good } = concludeComparison(comparison);
  const intervals =
    bootstrap === undefined
      ? 'no intervals'
      : `95% intervals over ${bootstrap.clusters} ${bootstrap.clusterBy}s${bootstrap.fewClusters ? ' (few: true ones are wider)' : ''}`;
  const paragraph = (text: string, paint: (line: string) => string) =>
    wrapText(text, terminal.columns()).map((line) => `${paint(line)}\n`);
  return [
    ...paragraph(sentence, good ? colors.good : colors.warning),
    ...paragraph(
      ofBlend ?? `There is no blend of model, TF-IDF and length: ${withoutBlend ?? 'unknown why'}.`,
      (line) => line,
    ),
    ...(quick
      ? paragraph(
          'Four steps teach a model nothing: --quick shows that everything runs, no more.',
          colors.warning,
        )
      : []),
    ...paragraph(`${formatCount(n)} test functions, ${positives} vulnerable; ${intervals}`, colors.muted),
  ].join('');
}

const SHOWN = ['averagePrecision', 'f1'] as const satisfies readonly FigureName[];

function figures({ comparison, usesBlend }: EndingFacts, terminal: Terminal): string {
  const { colors } = terminal;
  const [model, ...baselines] = comparison.rows;
  const blend = comparison.blend === undefined ? [] : [comparison.blend];
  const used = usesBlend ? comparison.blend : model;
  const rows = [model!, ...blend, ...baselines].map((row) => {
    const interval = row.intervals?.rocAuc;
    const auc = `${formatMetric(row.result.metrics.rocAuc)}${interval === undefined ? '' : ` ${colors.muted(range(interval))}`}`;
    const cells = [
      `${row.label}${row === used ? ' (scan uses it)' : ''}`,
      auc,
      ...SHOWN.map((name) => formatMetric(figureValue(row.result, name))),
    ];
    return row === used ? [colors.strong(cells[0]!), ...cells.slice(1)] : cells;
  });
  const headings = (['rocAuc', ...SHOWN] as const).map((name) => ({ heading: figureHeading(name).label }));
  return renderTable([{ heading: '' }, ...headings], rows, terminal);
}

function examples({ examples: shown, threshold }: EndingFacts, terminal: Terminal): string {
  const rows = shown.map(({ record, score, band }) => scoredRow(score, band, describe(record), terminal));
  const heading = `functions of the test part (threshold ${formatScore(threshold)})`;
  return rows.length === 0
    ? ''
    : renderTable([{ heading: 'score' }, { heading: 'band' }, { heading }], rows, terminal);
}

function describe({ set, function_name: name, project, cve }: LabelledRecord): string {
  const what = { P1: 'vulnerable', P2: 'its fix', P3: 'a function no fix touched' }[set ?? 'P3'];
  const where = [name, project].filter((part) => part !== undefined).join(' of ');
  return `${what}: ${where}${cve === undefined ? '' : ` (${cve})`}`;
}

function scoredRow(score: number, band: Band, text: string, terminal: Terminal): string[] {
  const { colors } = terminal;
  const paint = { vulnerable: colors.bad, uncertain: colors.warning, safe: colors.good }[band];
  const before = 'score  vulnerable  '.length;
  return [score.toFixed(3), paint(band), clipped(harmless(text), terminal.columns() - before)];
}

const clipped = (text: string, width: number) =>
  text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;

/** The sums, the first findings, and where the known vulnerable functions came out. Exported for tests. */
export function scanPart(scanned: ScannedPackage | undefined, shown: Shown, terminal: Terminal): string {
  if (scanned === undefined) return '';
  const { release, report, known } = scanned;
  const { counts, findings, complete } = report;
  const { functions, files, vulnerable, uncertain, safe } = counts;
  const rows = findings.slice(0, shown.findings).map((finding) => {
    const { score, band, file, startLine, name } = finding;
    const record = known.find((one) => isSame(finding, one));
    const note = record === undefined ? '' : ` = ${record.cve ?? 'known to be vulnerable'}`;
    return scoredRow(score, band, `${file}:${startLine}  ${name}${note}`, terminal);
  });
  const columns = terminal.columns();
  const more = known.length - shown.known;
  const places = known.slice(0, shown.known).map((record) => placeOf(record, findings, functions));
  if (more > 0) places[places.length - 1] += ` (${more} more)`;
  const lines = [
    `Scan of ${release}: ${countOf(functions, 'function')}, ${countOf(files, 'file')}: ${vulnerable} vulnerable, ${uncertain} uncertain, ${safe} safe${complete ? '' : ' (stopped before the end)'}`,
    ...places,
  ];
  const headless = [{ heading: '' }, { heading: '' }, { heading: '' }];
  return [
    ...lines.map((line) => `${clipped(harmless(line), columns)}\n`),
    ...(rows.length === 0 ? [] : [renderTable(headless, rows, terminal)]),
  ].join('');
}

/** "CVE-2021-32640 is completeUpgrade (lib/websocket-server.js:261): rank 7 of 84, score 0.412". */
function placeOf(record: LabelledRecord, findings: readonly Finding[], functions: number): string {
  const { cve, function_name: name, path, start_line: line } = record;
  const at = findings.findIndex((finding) => isSame(finding, record));
  const what = `${cve ?? 'the known vulnerability'} is ${name ?? 'a function'} (${path}:${line})`;
  if (at === -1) return `${what}: band safe, not among the findings`;
  const { score } = findings[at]!;
  const alike = findings.filter((finding) => finding.score === score).length;
  const tied = alike > 1 ? `, tied with ${alike - 1} other${alike === 2 ? '' : 's'}` : '';
  return `${what}: rank ${at + 1} of ${functions}, score ${formatMetric(score)}${tied}`;
}

function isSame({ file, startLine }: Finding, { path, start_line: line }: LabelledRecord): boolean {
  return file === path && startLine === line;
}

/** What was counted, each with what changes it; why a model is as good as it is, nobody measured. */
function grounds({ training, comparison }: EndingFacts, terminal: Terminal): string {
  const { baseModel, keepLayers, functions, vulnerable, projects, maxLength, truncated, leftOut } = training;
  const { pairs } = comparison.rows[0]!.result;
  const layers = keepLayers === null ? '' : `, its lowest ${keepLayers} layers`;
  const rows = [
    [
      'trained on',
      `${formatCount(functions)} functions (${formatCount(vulnerable)} vulnerable) of ${formatCount(projects)} packages (data build git)`,
    ],
    [
      'reads',
      `${maxLength} tokens a function; ${formatPercent(truncated / functions)} are longer${leftOut === 0 ? '' : `, ${formatCount(leftOut)} left out`} (max_length)`,
    ],
    ['base model', `${baseModel}${layers} (base_model)`],
    ...(pairs === undefined || pairs.complete === 0
      ? []
      : [
          [
            'a fix scores',
            `lower than what it fixes in ${pairs.ranked} of ${pairs.complete} test pairs (model alone)`,
          ],
        ]),
  ];
  const { colors } = terminal;
  const width = terminal.columns() - '  a fix scores  '.length;
  return `${colors.strong('What this rests on (and what changes it)')}\n${renderPairs(
    rows.map(([name, value]) => [name!, clipped(value!, width)] as const),
    terminal,
  )}`;
}

function whatNext({ run, tookMs }: EndingFacts, terminal: Terminal): string {
  const rows = [
    ['the report', `${run}/report.html`],
    ['your code', `npx vultune scan ${run} src`],
    ['your own data', 'npx vultune init --train, then npx vultune train train.yaml'],
  ] as const;
  const lines = rows.map(([name, value]) => `  ${terminal.colors.muted(name.padEnd(13))}  ${value}\n`);
  return `${terminal.colors.strong(`What next`)} ${terminal.colors.muted(`(all of this took ${formatDuration(tookMs)})`)}\n${lines.join('')}`;
}
