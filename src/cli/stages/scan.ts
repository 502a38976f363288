/** @file `vultune scan`: walk, outline, score what is not cached, report. A scan that is stopped reports what it has. */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { createExtractionPool } from '../../dataset/functions/extraction-pool.ts';
import { baseModelReference } from '../../detector/locate-adapter.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import type { AdapterHeader } from '../../peft/adapter-files.ts';
import { readBaseline, writeBaseline } from '../../scan/baseline.ts';
import { fileOutlineIndex, noOutlineIndex, type OutlineIndex } from '../../scan/cache/outline-index.ts';
import { fileScoreCache, memoryScoreCache, type ScoreCache } from '../../scan/cache/score-cache.ts';
import { FindingCollector } from '../../scan/collect-findings.ts';
import { repositoryFolder } from '../../scan/diff/git.ts';
import type { ScanReport } from '../../scan/finding.ts';
import { modelKey } from '../../scan/model-key.ts';
import { type OperatingPoint, thresholdForBudget, validationNegatives } from '../../scan/operating-point.ts';
import { type Scorer, scanFiles } from '../../scan/scan-files.ts';
import { Notices } from '../../scan/walk/notices.ts';
import { pathFilter } from '../../scan/walk/path-filter.ts';
import { type SourceFile, walkTree } from '../../scan/walk/walk-tree.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { openBaseModel } from './open-base-model.ts';
import { openDetector } from './open-detector.ts';
import { packageVersions } from './package-versions.ts';
import { resolveAdapter } from './scan-adapter.ts';
import { compareWithCommit } from './scan-diff.ts';
import { withNearest } from './scan-nearest.ts';
import { writeScan } from './scan-output.ts';
import { scanProgress } from './scan-progress.ts';

/** Throws before anything is computed for what the user got wrong. Exit code 1: findings from `failOn` on. */
export async function scanStage(request: ScanRequest, context: CliContext): Promise<void> {
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
  if (point.caution !== undefined) stderr.write(`${stderr.colors.warning('note:')} ${point.caution}\n`);

  const notices = new Notices();
  const walked = walkTree(request.paths, {
    filter: pathFilter(request.include, request.exclude),
    respectGitignore: request.gitignore,
    currentFolder: process.cwd(),
    notices,
  });
  const repository = await repositoryFolder(folderOf(request.paths[0]!));
  const diff =
    request.diff === undefined ? undefined : await compareWithCommit(walked, repository, request.diff);
  const files = diff?.files ?? walked;
  const baseFolder = repository ?? realpathSync(process.cwd());

  const version = packageVersions().vultune!;
  const { adapterFingerprint, key } = await scoringKey(request, header, context);
  const { scores, outlines } = openCaches(request, key, version, context);
  const collector = new FindingCollector({
    baseFolder,
    threshold: point.threshold,
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
      openScorer: model.open,
      outlines,
      scores,
      notices,
      signal,
      ...(diff === undefined ? {} : { earlierText: diff.earlierText }),
      onFunction: (scanned) => collector.add(scanned),
      onSuppressionProblem: (file, problem) =>
        suppressionProblems.push({ file: collector.pathOf(file.path), ...problem }),
      onProgress: progress.update,
    });
    progress.pause();
    saveOutlines(outlines, result.complete && diff === undefined, context);
    const collected = collector.collected();
    const { complete, ...read } = result;
    const report: ScanReport = {
      version,
      run: request.run,
      adapterFingerprint,
      baseFolder,
      threshold: point.threshold,
      thresholdSource: point.source,
      startedAt,
      endedAt: new Date(),
      complete,
      counts: { ...read, ...collected.counts },
      findings: await withNearest(collected.findings, request.run),
      suppressed: collected.suppressed,
      ...(diff === undefined ? {} : { changed: collected.changed }),
      noticed: notices.list(),
      suppressionProblems,
    };
    writeScan(report, request, context);
    if (!complete) return; // Ends with 130.
    if (request.updateBaseline) {
      writeBaseline(request.baseline!, collected.unsuppressed);
      stderr.write(`${collected.unsuppressed.length} findings in the baseline ${request.baseline!}\n`);
      return;
    }
    context.setExitCode(fails(report, request.failOn) ? 1 : 0);
  } finally {
    progress.pause();
    await model.close();
  }
}

function fails({ counts: { vulnerable, uncertain } }: ScanReport, failOn: ScanRequest['failOn']): boolean {
  return failOn !== 'none' && vulnerable + (failOn === 'uncertain' ? uncertain : 0) > 0;
}

function operatingPoint(request: ScanRequest, { settings }: AdapterHeader): OperatingPoint {
  const { threshold, maxFalsePositives, run } = request;
  if (threshold !== undefined) return { threshold, source: 'as asked for' };
  if (maxFalsePositives !== undefined) return thresholdForBudget(validationNegatives(run), maxFalsePositives);
  return settings === undefined
    ? { threshold: DEFAULT_THRESHOLD, source: 'the default: the adapter names none' }
    : { threshold: settings.threshold, source: "the adapter's, chosen on validation" };
}

/** What scores are cached under; an adapter of another tool does not say which base model it is for, so that one is asked. */
async function scoringKey(request: ScanRequest, header: AdapterHeader, context: CliContext) {
  const options = { maxLength: request.maxLength, device: request.device };
  if (header.settings !== undefined) {
    return await modelKey(header, { ...options, baseFingerprint: header.settings.baseFingerprint });
  }
  const { checkpoint } = await openBaseModel(baseModelReference(header), header.config.revision, context);
  await checkpoint.close();
  return await modelKey(header, { ...options, baseFingerprint: checkpoint.fingerprint });
}

interface Caches {
  readonly scores: ScoreCache;
  readonly outlines: OutlineIndex;
}

function openCaches(
  { cache, paths }: ScanRequest,
  key: string,
  version: string,
  { stderr }: CliContext,
): Caches {
  if (!cache) return { scores: memoryScoreCache(), outlines: noOutlineIndex() };
  const folder = join(vultuneCacheDir(undefined), 'scan');
  const roots = paths.map((path) => realpathSync(path)).filter((path) => lstatSync(path).isDirectory());
  return {
    scores: fileScoreCache(folder, key, (cause) =>
      stderr.write(`note: scores are not kept: ${cause instanceof Error ? cause.message : String(cause)}\n`),
    ),
    // Single files (a commit hook's) are parsed quickly, and their lists would pile up.
    outlines: roots.length === 0 ? noOutlineIndex() : fileOutlineIndex(folder, roots.toSorted(), version),
  };
}

function saveOutlines(outlines: OutlineIndex, complete: boolean, { stderr }: CliContext): void {
  try {
    outlines.save(complete);
  } catch (cause) {
    if (!(cause instanceof VultuneError)) throw cause;
    stderr.write(`note: the list of functions is not kept: ${cause.message}\n`);
  }
}

/** The model is opened when the first score is missing. */
function lazyModel(
  request: ScanRequest,
  header: AdapterHeader,
  context: CliContext,
  beforeOpening: () => void,
) {
  let opened: Awaited<ReturnType<typeof openDetector>> | undefined;
  return {
    open: async (): Promise<Scorer> => {
      beforeOpening();
      const { device, numThreads, maxLength } = request;
      const detector = await openDetector(
        {
          run: header.folder,
          device,
          ...(numThreads === undefined ? {} : { numThreads }),
          ...(maxLength === undefined ? {} : { maxLength }),
        },
        context,
      );
      opened = detector;
      return {
        judge: (codes, signal, onProgress) =>
          detector.judge(codes, { signal: signal, onProgress: ({ functions }) => onProgress?.(functions) }),
      };
    },
    close: async () => opened?.close(),
  };
}

/** Starting workers costs more than parsing a few files. */
const FILES_WORTH_WORKERS = 100;

function parserThreads(files: readonly SourceFile[], { numThreads }: ScanRequest): number {
  return files.length < FILES_WORTH_WORKERS ? 0 : (numThreads ?? availableParallelism());
}

function folderOf(path: string): string {
  const real = realpathSync(resolve(path));
  return lstatSync(real).isDirectory() ? real : dirname(real);
}
