/** @file The lines that mattered in a run's most confident mistakes, with the model that has just been trained. */
import { readAdapterHeader } from '../../adapters/files/adapter-files.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { explainLines } from '../../explain/line-scores.ts';
import { Detector } from '../../judging/detector.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { type MistakeLines, writeMistakeLines } from '../../report/run/mistake-lines.ts';
import { mostCertainMistakes } from '../../report/run/mistakes.ts';
import type { Backend } from '../../runtime/backend.ts';
import type { WorkflowContext } from '../context.ts';
import { withScoringProgress } from '../scoring-progress.ts';

/**
 * Undefined where it did not work out, which is said: a finished run has its report all the same. Throws where it was
 * interrupted: the run is not finished then.
 */
export type MistakeExplainer = (codes: readonly string[]) => Promise<MistakeLines | undefined>;

/** The adapter is read from its folder: it is there when the explainer is called. The model stays open. */
export function mistakeExplainer(
  {
    model,
    adapter,
    backend,
  }: { readonly model: OpenModel; readonly adapter: string; readonly backend: Backend },
  { signal, report }: WorkflowContext,
): MistakeExplainer {
  const explain = async (codes: readonly string[]): Promise<MistakeLines> => {
    const detector = await Detector.open(model, readAdapterHeader(adapter), { backend, blend: 'off' });
    try {
      const found = await withScoringProgress('lines of mistakes', codes.length, report, (onProgress) =>
        explainLines(detector, codes, 'gradient', {
          signal,
          onProgress: ({ functions }) => onProgress(functions),
        }),
      );
      return new Map(codes.map((code, i) => [code, Array.from(found[i]!.scores, rounded)]));
    } finally {
      await detector.release();
    }
  };
  return async (codes) => {
    try {
      return await explain(codes);
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      report.warn(`the report does not show the lines that mattered: ${reason}`);
      return undefined;
    }
  };
}

/** Mistakes of each kind: they are computed while somebody waits for the run to end. */
const MOST_EXPLAINED = 5;

/** Writes the lines of the split's most confident mistakes to the run's folder of predictions. */
export async function explainMistakes(
  predictions: string,
  { records, scores }: { readonly records: readonly LabelledRecord[]; readonly scores: ArrayLike<number> },
  threshold: number,
  explain: MistakeExplainer,
): Promise<void> {
  const judged = records.map(({ target }, row) => ({ target, score: scores[row]! }));
  const rows = mostCertainMistakes(judged, threshold, MOST_EXPLAINED);
  const lines = rows.length === 0 ? undefined : await explain(rows.map((row) => records[row]!.code));
  if (lines !== undefined) writeMistakeLines(predictions, lines);
}

const rounded = (score: number) => Number(score.toPrecision(4));
