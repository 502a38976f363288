/**
 * @file What a reader gets with the findings that show their code: the lines that made the score, and the nearest known
 * vulnerable function, where the run's training data is still there.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { readDataset } from '../../dataset/formats/read-dataset.ts';
import type { FileFingerprint } from '../../runs/environment.ts';
import { openRun } from '../../runs/run-folder.ts';
import { explainFindings } from '../../scan/explain-findings.ts';
import type { Finding } from '../../scan/finding.ts';
import { type KnownFunction, nearestKnown } from '../../scan/nearest-known.ts';
import type { RunningTask, WorkflowContext } from '../context.ts';
import type { ScanModel } from './model.ts';

/** A pointer for the reader is not worth reading more. */
const MOST_TRAINING_BYTES = 200_000_000;

export interface ExplainingOptions {
  /** Undefined: no lines. */
  readonly model: Pick<ScanModel, 'explain' | 'lines'> | undefined;
  readonly adapterFolder: string;
}

export async function explainedFindings(
  findings: readonly Finding[],
  { model, adapterFolder }: ExplainingOptions,
  context: WorkflowContext,
): Promise<readonly Finding[]> {
  const explained = model === undefined ? findings : await withLines(findings, model, context);
  return await withNearest(explained, adapterFolder, context.signal);
}

async function withLines(
  findings: readonly Finding[],
  { explain, lines }: Pick<ScanModel, 'explain' | 'lines'>,
  { signal, report }: WorkflowContext,
): Promise<readonly Finding[]> {
  let task: RunningTask | undefined;
  try {
    return await explainFindings(findings, {
      explain,
      lines,
      signal,
      onProgress: (done, total) => {
        task ??= report.task({ label: 'lines that mattered', total, unit: 'functions' });
        task.update({ done, memoryBytes: process.memoryUsage.rss() });
      },
    });
  } finally {
    task?.stop();
  }
}

/**
 * The findings as they are when the adapter lies in no run, when the data of the run is gone, changed or too large, or
 * when there is no more time.
 */
async function withNearest(
  findings: readonly Finding[],
  adapterFolder: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  // As the training data has them: behind their contexts.
  const codes = findings.flatMap(({ code, context = '' }) => (code === undefined ? [] : [context + code]));
  const known = codes.length === 0 ? [] : await vulnerableTrainingFunctions(adapterFolder, signal);
  if (known.length === 0 || signal.aborted) return findings;
  const nearest = nearestKnown(known, codes).values();
  return findings.map((finding) => {
    const found = finding.code === undefined ? undefined : nearest.next().value;
    return found === undefined ? finding : { ...finding, nearest: found };
  });
}

async function vulnerableTrainingFunctions(
  adapterFolder: string,
  signal: AbortSignal,
): Promise<readonly KnownFunction[]> {
  const known: KnownFunction[] = [];
  try {
    const file = trainingFile([adapterFolder, dirname(adapterFolder)]);
    if (file === undefined) return known;
    const { records } = await readDataset(file.path, { fields: file.columns, signal });
    for (const record of records) {
      if (record.target === 1)
        known.push({ code: record.code, id: record.id, cve: record.cve, cwe: record.cwe });
    }
    return known;
  } catch (error) {
    // No run of this version, no longer a data set: no pointer then.
    if (error instanceof VultuneError) return [];
    throw error;
  }
}

function trainingFile(folders: readonly string[]): FileFingerprint | undefined {
  const run = folders.find((folder) => existsSync(join(folder, 'run.json')));
  const recorded = run === undefined ? undefined : openRun(run).record.data.train_file;
  if (recorded === undefined || !existsSync(recorded.path)) return undefined;
  const { size } = statSync(recorded.path);
  return size === recorded.sizeBytes && size <= MOST_TRAINING_BYTES ? recorded : undefined;
}
