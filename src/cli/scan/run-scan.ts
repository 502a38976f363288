/** @file `vultune scan`: runs the scan, writes its report or a new baseline, and turns its findings into an exit code. */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { type BaselineEntry, checkAcceptance, readBaseline, writeBaseline } from '../../scan/baseline.ts';
import type { ScanReport } from '../../scan/finding.ts';
import { countOf } from '../../scan/output/describe.ts';
import { OUTPUT_FORMATS } from '../../scan/output/registry.ts';
import { formatShard, type Shard } from '../../shards/shard.ts';
import { scan } from '../../workflows/scan/scan.ts';
import { scanShard } from '../../workflows/scan/scan-shards.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { createColors } from '../display/colors.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { requireShardOut } from '../options.ts';

/** Throws what `scan` throws. Exit code 1: findings from `failOn` on; 130 for a scan that was stopped. */
export async function runScan(request: ScanRequest, context: CliContext): Promise<void> {
  if (request.shard !== undefined) {
    await runShard({ ...request, shard: request.shard }, context);
    return;
  }
  const { lines = true, format, updateBaseline, failOn } = request;
  const newBaseline = updateBaseline ? baselineToWrite(request) : undefined;
  const { acceptedBy: author, acceptedUntil: expires } = request;
  if (!updateBaseline && (author !== undefined || expires !== undefined)) {
    throw new VultuneError('CLI_USAGE', '--accepted-by and --accepted-until need --update-baseline', {});
  }
  const { report: scanned, unsuppressed } = await scan(
    {
      ...request,
      lines: lines && OUTPUT_FORMATS[format].showsLines,
      baseline: updateBaseline ? undefined : request.baseline,
    },
    reporting(context),
  );
  const { usedSettings: settings } = request;
  const report = settings === undefined ? scanned : { ...scanned, settings };
  writeScan(report, request, context);
  if (!report.complete || context.signal.aborted) return;
  if (newBaseline === undefined) {
    context.setExitCode(fails(report, failOn) ? 1 : 0);
    return;
  }
  const stillExpired = writeBaseline(newBaseline.file, unsuppressed, newBaseline.before, { author, expires });
  context.stderr.write(`${unsuppressed.length} findings in the baseline ${newBaseline.file}\n`);
  if (stillExpired > 0) {
    context.stderr.write(
      `${countOf(stillExpired, 'finding')} in it expired and will be reported: --accepted-until gives a new day\n`,
    );
  }
}

/** Writes a part: what is reported, and the exit code for findings, are the merge's business. */
async function runShard(
  { output, ...request }: ScanRequest & { readonly shard: Shard },
  context: CliContext,
): Promise<void> {
  const { shard } = request;
  const out = requireShardOut(shard, output);
  const { complete, functions, scored } = await scanShard({ ...request, out }, reporting(context));
  context.stderr.write(
    complete
      ? `shard ${formatShard(shard)}: scores of ${countOf(scored, 'function')}, of a tree with ${functions}: ${out}\n`
      : `shard ${formatShard(shard)} was stopped: no part is written; run it again, scores are kept\n`,
  );
}

/** To a file or standard output. Throws what writeFileAtomic throws. */
function writeScan(report: ScanReport, request: ScanRequest, { stdout, stderr }: CliContext): void {
  const text = formatScan(report, request, { stdout, stderr });
  if (request.output === undefined) {
    stdout.write(text);
    return;
  }
  writeFileAtomic(request.output, text);
  const { vulnerable, uncertain, functions } = report.counts;
  stderr.write(
    `${countOf(functions, 'function')} scanned, ${vulnerable} vulnerable, ${uncertain} uncertain: ${request.output}\n`,
  );
}

function formatScan(
  report: ScanReport,
  { format, frames, output }: ScanRequest,
  { stdout, stderr }: Pick<CliContext, 'stdout' | 'stderr'>,
): string {
  const { text, cut } = OUTPUT_FORMATS[format].write(report, {
    colors: output === undefined ? stdout.colors : createColors(false),
    columns: stdout.columns(),
    frames,
    displayPath: (file) => shortPath(resolve(report.baseFolder, file)),
  });
  if (cut > 0) {
    stderr.write(
      `left out of the format ${format}, because sites accept no more: ${countOf(cut, 'finding')}\n`,
    );
  }
  return text;
}

/** As the user would type it here. */
function shortPath(path: string): string {
  const here = relative(process.cwd(), path);
  return here.startsWith(join('..', '..')) ? path : here;
}

/** A file that is there and is not a baseline is not overwritten. Throws SCAN_BASELINE, CLI_USAGE. */
function baselineToWrite({ baseline, acceptedUntil }: ScanRequest): {
  readonly file: string;
  readonly before: readonly BaselineEntry[];
} {
  checkAcceptance({ expires: acceptedUntil });
  if (baseline === undefined) {
    throw new VultuneError('CLI_USAGE', '--update-baseline needs --baseline FILE: the file to write', {});
  }
  return { file: baseline, before: existsSync(baseline) ? readBaseline(baseline) : [] };
}

function fails({ counts: { vulnerable, uncertain } }: ScanReport, failOn: ScanRequest['failOn']): boolean {
  return failOn !== 'none' && vulnerable + (failOn === 'uncertain' ? uncertain : 0) > 0;
}
