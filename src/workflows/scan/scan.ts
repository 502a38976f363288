/** @file A scan from its paths to its report, read from top to bottom. A scan that is stopped reports what it has. */
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import { describeCweHead } from '../../evaluation/cwe/measured-cwe.ts';
import { readBaseline } from '../../scan/baseline.ts';
import { FindingCollector } from '../../scan/collect-findings.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { describeDrift } from '../open/precision.ts';
import { packageVersions } from '../package-versions.ts';
import { explainedFindings } from './explained-findings.ts';
import { DEFAULT_FRAMES, type ScanOptions, type ScanResult } from './scan-options.ts';
import { mergedScores } from './scan-shards.ts';
import { withTreeScan } from './tree-scan.ts';

/**
 * Judges every function below the paths; the highest-scoring findings come first.
 * @throws VultuneError before anything is computed for what the user got wrong: an adapter, path, commit or baseline; with `merge`
 * `SHARD_BROKEN`, `SHARD_SET`
 */
export async function scan(options: ScanOptions, given: Partial<WorkflowContext> = {}): Promise<ScanResult> {
  const now = new Date();
  const context = workflowContext(given);
  const { report } = context;
  const baseline = options.baseline === undefined ? [] : readBaseline(options.baseline);
  return await withTreeScan(options, context, async (tree, run) => {
    const { folder, explainsLines, scale, model, sources, notices } = tree;
    const cweHead = readCweHead(folder);
    const merged =
      options.merge === undefined
        ? undefined
        : mergedScores(options.merge, { options, model, scale, baseFolder: sources.baseFolder });
    const collector = new FindingCollector({
      baseFolder: sources.baseFolder,
      threshold: scale.threshold,
      uncertainFrom: scale.uncertainFrom,
      shift: scale.shift,
      minConfidence: options.minConfidence ?? 0,
      baseline,
      framed: options.frames ?? DEFAULT_FRAMES,
      now,
      top: options.top,
      nested: options.nested ?? 'inner',
    });
    const { complete, counts, cached } = await run({
      onFunction: (one) => collector.add(one),
      onSuppressionProblem: (file, problem) => collector.addProblem(file, problem),
      ...merged?.hooks,
    });
    if (complete) merged?.requireSameFunctions();
    if (merged !== undefined) report.note(`scores from ${merged.parts} parts`);
    else if (cached > 0) report.note(`scores from the cache: ${cached}`);
    const collected = collector.collected();
    const findings = await explainedFindings(
      collected.findings,
      {
        model: options.lines === false || !explainsLines ? undefined : model,
        adapterFolder: folder,
      },
      context,
    );
    return {
      unsuppressed: collected.unsuppressed,
      report: {
        version: packageVersions().vultune!,
        run: options.run,
        adapterFingerprint: model.adapterFingerprint,
        baseFolder: sources.baseFolder,
        threshold: scale.shift(scale.threshold),
        thresholdSource: scale.source,
        ...(scale.blend === undefined ? {} : { blend: scale.blend }),
        ...(model.drift === undefined
          ? {}
          : { precision: { ...model.drift, sentence: describeDrift(model.drift) } }),
        prevalence: options.prevalence,
        measured: scale.measured,
        ...(scale.uncertainFrom === undefined ? {} : { uncertainFrom: scale.shift(scale.uncertainFrom) }),
        ...(cweHead === undefined ? {} : { cweHead: describeCweHead(cweHead) }),
        ...(scale.cautions.length === 0 ? {} : { cautions: scale.cautions }),
        startedAt: merged?.startedAt ?? now,
        endedAt: new Date(),
        complete,
        counts: { ...counts, ...collected.counts },
        findings,
        suppressed: collected.suppressed,
        changed: options.diff === undefined ? undefined : collected.changed,
        noticed: notices.list((path) => collector.pathOf(path)),
        expired: collected.expired,
        suppressionProblems: collected.suppressionProblems,
      },
    };
  });
}
