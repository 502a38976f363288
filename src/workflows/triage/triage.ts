/** @file Another scanner's findings, scored by the function that they stand in and put in a new order. */
import { lstatSync, realpathSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { annotateSarif } from '../../triage/annotate-sarif.ts';
import { type Labels, labelsOfLog, readLabels } from '../../triage/labels.ts';
import { FindingLocator } from '../../triage/locate-findings.ts';
import { measureOrder, type OrderMeasures } from '../../triage/measure-order.ts';
import { countFindings, rankFindings } from '../../triage/rank-findings.ts';
import { readSarif, type SarifInput } from '../../triage/read-sarif.ts';
import type { TriagedFinding, TriageReport } from '../../triage/triaged.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { openScoring, type Scoring, scoreFiles } from './scoring.ts';
import type { TriageOptions, TriageResult } from './triage-options.ts';

/**
 * Every finding of the log is in the result: those whose function could not be scored are behind the others, with the reason.
 * @throws VultuneError before anything is computed: an adapter, ROOT_MISSING, TRIAGE_SARIF, TRIAGE_LABELS, a file that cannot be read
 */
export async function triage(
  options: TriageOptions,
  given: Partial<WorkflowContext> = {},
): Promise<TriageResult> {
  const context = workflowContext(given);
  const root = realRootOf(options.root ?? '.');
  const input = readSarif(options.log);
  const labels = await labelsFor(options, input);
  const scoring = await openScoring({ ...options, root }, context);
  try {
    for (const warning of scoring.scale.warnings) context.report.warn(warning);
    return await triageLog(input, scoring, { ...options, root, labels }, context);
  } finally {
    await scoring.model.close();
  }
}

export interface TriageLogOptions
  extends Pick<TriageOptions, 'run' | 'log' | 'suppressBelow' | 'labelProperty' | 'seed'> {
  /** Real. */
  readonly root: string;
  readonly labels?: Labels | undefined;
}

/** The same for a log that was read and a model that stays open. */
export async function triageLog(
  input: SarifInput,
  scoring: Scoring,
  options: TriageLogOptions,
  context: WorkflowContext,
): Promise<TriageResult> {
  const { root, suppressBelow, labels } = options;
  const { threshold, uncertainFrom, source, cautions } = scoring.scale;
  const located = {
    realRoot: root,
    threshold,
    uncertainFrom,
    withNotProblems: options.labelProperty === 'kind',
  };
  const locator = new FindingLocator(input, located, context.signal);
  const { complete, cached } = await scoreFiles(
    scoring,
    {
      files: locator.files(),
      notices: locator.notices,
      choose: (file, outline, text) => locator.choose(file, outline, text),
      onFunction: (one) => locator.add(one),
      // Whether somebody silenced Vultune there says nothing of another scanner.
      onSuppressionProblem: () => {},
    },
    context,
  );
  if (cached > 0) context.report.note(`scores from the cache: ${cached}`);
  const findings = rankFindings(locator.found(), suppressBelow);
  const measures =
    labels === undefined || !complete ? undefined : await measure(findings, input, labels, options, context);
  const report: TriageReport = {
    version: packageVersions().vultune!,
    run: options.run,
    adapterFingerprint: scoring.model.adapterFingerprint,
    log: options.log,
    root,
    threshold,
    thresholdSource: source,
    measured: scoring.scale.measured,
    suppressBelow,
    blend: scoring.scale.blend,
    cautions,
    notRead: input.notRead,
    complete,
    counts: countFindings(findings, threshold, suppressBelow),
    findings,
    measures,
  };
  return { report, sarif: () => annotateSarif(input, report, new Date()) };
}

async function measure(
  findings: readonly TriagedFinding[],
  { findings: inOrder }: SarifInput,
  labels: Labels,
  { seed }: TriageLogOptions,
  { signal }: WorkflowContext,
): Promise<OrderMeasures> {
  const before = new Map(inOrder.map((finding, place) => [finding, place]));
  const labelled = findings.flatMap((one, after) => {
    const isReal = labels.of(one);
    const place = { before: before.get(one.finding)!, after, file: one.file ?? '' };
    return isReal === undefined ? [] : [{ ...place, isReal }];
  });
  const measured = await measureOrder(labelled, { signal, seed });
  return { ...measured, withoutLabel: findings.length - labelled.length, unused: labels.unused() };
}

async function labelsFor(
  { labels, labelProperty, log }: TriageOptions,
  input: SarifInput,
): Promise<Labels | undefined> {
  if (labels !== undefined) return await readLabels(labels);
  return labelProperty === undefined ? undefined : labelsOfLog(input, labelProperty, log);
}

/** Throws ROOT_MISSING. */
export function realRootOf(root: string): string {
  try {
    const real = realpathSync(root);
    if (lstatSync(real).isDirectory()) return real;
  } catch {
    // Said below.
  }
  throw new VultuneError('ROOT_MISSING', `no such folder: ${root}`, {
    where: { file: root },
    hint: 'Give the folder that the scanner looked at.',
  });
}
