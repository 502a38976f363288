/** @file `vultune scan`: walk, outline, score what is not cached, report. A scan that is stopped reports what it has. */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { shiftPrior, UNKNOWN_PREVALENCE } from '../../evaluation/prevalence.ts';
import { holdsChance } from '../../evaluation/resampling/intervals.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import { locateRepository } from '../../git/locate-repository.ts';
import { adapterCalibration } from '../../judging/detector.ts';
import { readBaseline, writeBaseline } from '../../scan/baseline.ts';
import { FindingCollector } from '../../scan/collect-findings.ts';
import type { Finding, ScanReport } from '../../scan/finding.ts';
import { type OperatingPoint, thresholdForBudget, validationNegatives } from '../../scan/operating-point.ts';
import { scanFiles } from '../../scan/scan-files.ts';
import { Notices } from '../../scan/walk/notices.ts';
import { pathFilter } from '../../scan/walk/path-filter.ts';
import { Repositories } from '../../scan/walk/repositories.ts';
import { type SourceFile, walkTree } from '../../scan/walk/walk-tree.ts';
import { createExtractionPool } from '../../source/extraction-pool.ts';
import { packageVersions } from '../../workflows/package-versions.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { resolveAdapter } from './scan-adapter.ts';
import { openCaches, saveOutlines, scoringKey } from './scan-caches.ts';
import { changedSince } from './scan-diff.ts';
import { withLines } from './scan-lines.ts';
import { lazyModel } from './scan-model.ts';
import { withNearest } from './scan-nearest.ts';
import { writeScan } from './scan-output.ts';
import { scanProgress } from './scan-progress.ts';

/** Throws before anything is computed for what the user got wrong. Exit code 1: findings from `failOn` on. */
export async function scanStage(request: ScanRequest, context: CliContext): Promise<void> {
  const { report, unsuppressed } = await scanPaths(request, context);
  writeScan(report, request, context);
  if (!report.complete || context.signal.aborted) return; // Ends with 130.
  if (request.updateBaseline) {
    writeBaseline(request.baseline!, unsuppressed);
    context.stderr.write(`${unsuppressed.length} findings in the baseline ${request.baseline!}\n`);
    return;
  }
  context.setExitCode(fails(report, request.failOn) ? 1 : 0);
}

/** The scan without its output. `unsuppressed`: what a new baseline is made of. Throws as `scanStage`. */
export async function scanPaths(request: ScanRequest, context: CliContext): Promise<ScanResult> {
  const notices = new Notices();
  const repositories = new Repositories(notices, context.signal);
  try {
    return await scanWalked(request, context, notices, repositories);
  } finally {
    await repositories.close();
  }
}

interface ScanResult {
  readonly report: ScanReport;
  readonly unsuppressed: readonly Finding[];
}

async function scanWalked(
  request: ScanRequest,
  context: CliContext,
  notices: Notices,
  repositories: Repositories,
): Promise<ScanResult> {
  const startedAt = new Date();
  const { signal, stderr } = context;
  if (request.updateBaseline && request.baseline === undefined) {
    throw new VultuneError('CLI_USAGE', '--update-baseline needs --baseline FILE: the file to write', {});
  }
  const baseline =
    request.baseline === undefined || (request.updateBaseline && !existsSync(request.baseline))
      ? []
      : readBaseline(request.baseline);
  const header = await resolveAdapter(request.run, context);
  const point = operatingPoint(request, header);
  const cautions = [chanceCaution(header), point.caution].filter((caution) => caution !== undefined);
  for (const caution of cautions) stderr.write(`${stderr.colors.warning('note:')} ${caution}\n`);

  const shift = priorShift(request, header);
  const walked = await walkTree(request.paths, {
    filter: pathFilter(request.include, request.exclude),
    respectGitignore: request.gitignore,
    currentFolder: process.cwd(),
    notices,
    repositories,
    signal,
  });
  const repository = locateRepository(folderOf(request.paths[0]!));
  const diff =
    request.diff === undefined
      ? undefined
      : await changedSince(walked, repository, request.diff, { repositories, notices, signal });
  const files = diff?.files ?? walked;
  // A walk that was stopped has found a part of the files.
  const isWhole = !signal.aborted;
  const baseFolder = repository?.top ?? realpathSync(process.cwd());

  const version = packageVersions().vultune!;
  const { adapterFingerprint, key } = await scoringKey(request, header, context);
  const { scores, lines, outlines } = openCaches(request, key, version, context);
  const collector = new FindingCollector({
    baseFolder,
    threshold: point.threshold,
    shift,
    minConfidence: request.minConfidence,
    baseline: request.updateBaseline ? [] : baseline,
    framed: request.frames,
  });
  const suppressionProblems: ScanReport['suppressionProblems'][number][] = [];
  const progress = scanProgress(stderr);
  const model = lazyModel(request, header, context, progress.pause);
  try {
    const result = await scanFiles({
      files,
      openPool: () => createExtractionPool({ threads: parserThreads(files, request) }),
      openJudge: model.open,
      outlines,
      scores,
      notices,
      signal,
      includeMinified: request.includeMinified ?? false,
      ...(diff === undefined ? {} : { earlierText: diff.earlierText }),
      onFunction: (scanned) => collector.add(scanned),
      onSuppressionProblem: (file, problem) =>
        suppressionProblems.push({ file: collector.pathOf(file.path), ...problem }),
      onProgress: progress.update,
    });
    progress.pause();
    saveOutlines(outlines, result.complete && isWhole && diff === undefined, context);
    const collected = collector.collected();
    if (result.cached > 0) stderr.write(`scores out of the cache: ${result.cached}\n`);
    const explained = await withLines(
      collected.findings,
      request,
      { explain: model.explain, lines },
      context,
    );
    const report: ScanReport = {
      version,
      run: request.run,
      adapterFingerprint,
      baseFolder,
      threshold: shift(point.threshold),
      ...(request.prevalence === undefined
        ? { thresholdSource: point.source }
        : {
            thresholdSource: `${point.source}; moved to ${Number((100 * request.prevalence).toPrecision(6))} % vulnerable functions`,
            prevalence: request.prevalence,
          }),
      ...(cautions.length === 0 ? {} : { cautions }),
      startedAt,
      endedAt: new Date(),
      complete: result.complete && isWhole,
      counts: { ...result.counts, ...collected.counts },
      findings: await withNearest(explained, header.folder, signal),
      suppressed: collected.suppressed,
      ...(diff === undefined ? {} : { changed: collected.changed }),
      noticed: notices.list((path) => collector.pathOf(path)),
      suppressionProblems,
    };
    return { report, unsuppressed: collected.unsuppressed };
  } finally {
    progress.pause();
    await model.close();
  }
}

function fails({ counts: { vulnerable, uncertain } }: ScanReport, failOn: ScanRequest['failOn']): boolean {
  return failOn !== 'none' && vulnerable + (failOn === 'uncertain' ? uncertain : 0) > 0;
}

/** What its own evaluation says of a detector that ranks as a coin does. */
function chanceCaution({ settings }: AdapterHeader): string | undefined {
  const measured = settings?.measured;
  if (measured === undefined || !holdsChance(measured)) return undefined;
  const { split, functions, rocAuc, low, high } = measured;
  const [area, from, to] = [rocAuc, low, high].map((value) => value.toFixed(2));
  const part = split === 'test' ? 'test' : 'validation';
  return `on the ${functions} functions of its ${part} part this model is no better than chance (ROC AUC ${area}, 95%: ${from} to ${to}): do not rely on its ranking`;
}

function operatingPoint(request: ScanRequest, { settings }: AdapterHeader): OperatingPoint {
  const { threshold, maxFalsePositives, run } = request;
  if (threshold !== undefined) return { threshold, source: 'as asked for' };
  if (maxFalsePositives !== undefined) return thresholdForBudget(validationNegatives(run), maxFalsePositives);
  return settings === undefined
    ? { threshold: DEFAULT_THRESHOLD, source: 'the default: the adapter names none' }
    : { threshold: settings.threshold, source: "the adapter's, chosen on validation" };
}

/** From the base rate that scores are true at to the one that was asked for. Throws EVALUATION_PREVALENCE. */
function priorShift({ prevalence }: ScanRequest, header: AdapterHeader): (score: number) => number {
  if (prevalence === undefined) return (score) => score;
  const from = adapterCalibration(header)?.prevalence ?? UNKNOWN_PREVALENCE;
  return (score) => shiftPrior(score, from, prevalence);
}

/** Starting more workers than one costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

function parserThreads(files: readonly SourceFile[], { numThreads }: ScanRequest): number {
  return files.length < FILES_WORTH_WORKERS ? 1 : (numThreads ?? availableParallelism());
}

function folderOf(path: string): string {
  const real = realpathSync(resolve(path));
  return lstatSync(real).isDirectory() ? real : dirname(real);
}
