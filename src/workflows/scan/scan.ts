/** @file A scan from its paths to its report, read from top to bottom. A scan that is stopped reports what it has. */
import { availableParallelism } from 'node:os';
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import { describeCweHead } from '../../evaluation/cwe/measured-cwe.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import { readBaseline } from '../../scan/baseline.ts';
import { FindingCollector } from '../../scan/collect-findings.ts';
import { scanFiles } from '../../scan/scan-files.ts';
import { Notices } from '../../scan/walk/notices.ts';
import { Repositories } from '../../scan/walk/repositories.ts';
import { createExtractionPool } from '../../source/extraction-pool.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import { describeDrift } from '../open/precision.ts';
import { packageVersions } from '../package-versions.ts';
import { explainedFindings } from './explained-findings.ts';
import { promptedScanModel, type ScanModel, scanModel } from './model.ts';
import { scanProgress } from './progress.ts';
import { DEFAULT_FRAMES, type ScanOptions, type ScanResult } from './scan-options.ts';
import { promptedScale, scoreScale } from './score-scale.ts';
import { findSources, openOutlines, saveOutlines } from './sources.ts';

/** Starting more workers than one costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

/**
 * Judges every function below the paths; the highest-scoring findings come first.
 * @throws VultuneError before anything is computed for what the user got wrong: an adapter, path, commit or baseline
 */
export async function scan(options: ScanOptions, given: Partial<WorkflowContext> = {}): Promise<ScanResult> {
  const startedAt = new Date();
  const context = workflowContext(given);
  const { signal, report } = context;
  const baseline = options.baseline === undefined ? [] : readBaseline(options.baseline);
  const prompted = readPromptedRun(options.run);
  const adapter = prompted === undefined ? await findAdapter(options.run, context) : undefined;
  const scale =
    prompted === undefined ? await scoreScale(options, adapter!) : promptedScale(options, prompted);
  const judgeFolder = (prompted ?? adapter!).folder;
  const cweHead = readCweHead(judgeFolder);
  if (scale.blend !== undefined) report.note(scale.blend);
  for (const warning of scale.warnings) report.warn(warning);

  const progress = scanProgress(report);
  const notices = new Notices();
  const repositories = new Repositories(notices, signal);
  let model: ScanModel | undefined;
  try {
    const sources = await findSources(options, { repositories, notices, signal });
    model =
      prompted === undefined
        ? await scanModel(options, adapter!, scale, context, progress.pause)
        : promptedScanModel(options, prompted, context, progress.pause);
    const outlines = openOutlines(options);
    const collector = new FindingCollector({
      baseFolder: sources.baseFolder,
      threshold: scale.threshold,
      uncertainFrom: scale.uncertainFrom,
      shift: scale.shift,
      minConfidence: options.minConfidence ?? 0,
      baseline,
      framed: options.frames ?? DEFAULT_FRAMES,
      now: startedAt,
      top: options.top,
      nested: options.nested ?? 'inner',
    });
    const isFew = sources.files.length < FILES_WORTH_WORKERS;
    const threads = isFew ? 1 : (options.numThreads ?? availableParallelism());

    const { complete, counts, cached } = await scanFiles({
      files: sources.files,
      earlierText: sources.earlierText,
      openPool: () => createExtractionPool({ threads }),
      openJudge: model.open,
      outlines,
      scores: model.scores,
      notices,
      signal,
      includeMinified: options.includeMinified ?? false,
      passOver: {
        trivial: options.includeTrivial !== true,
        generated: options.includeGenerated !== true,
      },
      onFunction: (one) => collector.add(one),
      onSuppressionProblem: (file, problem) => collector.addProblem(file, problem),
      onProgress: progress.update,
    });
    progress.pause();
    const isComplete = complete && sources.isWhole;
    saveOutlines(outlines, isComplete && options.diff === undefined, report);

    if (cached > 0) report.note(`scores from the cache: ${cached}`);
    const collected = collector.collected();
    const findings = await explainedFindings(
      collected.findings,
      {
        model: options.lines === false || prompted !== undefined ? undefined : model,
        adapterFolder: judgeFolder,
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
        startedAt,
        endedAt: new Date(),
        complete: isComplete,
        counts: { ...counts, ...collected.counts },
        findings,
        suppressed: collected.suppressed,
        changed: options.diff === undefined ? undefined : collected.changed,
        noticed: notices.list((path) => collector.pathOf(path)),
        expired: collected.expired,
        suppressionProblems: collected.suppressionProblems,
      },
    };
  } finally {
    progress.pause();
    await model?.close();
    await repositories.close();
  }
}
