/** @file What `lines` asks: a fine-tuned model, by its gradient or by taking lines out, or a prompted one, by taking lines out alone. */
import { VultuneError } from '../../base/errors.ts';
import {
  explainLines,
  type LineExplanation,
  type LineMethod,
  occludeLines,
} from '../../explain/line-scores.ts';
import type { Judge, JudgeOptions } from '../../judging/judge.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { type PromptedRun, readPromptedRun } from '../../judging/prompted-run.ts';
import type { WorkflowContext } from '../context.ts';
import { openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import { refusePrecision, usePrecision } from '../open/precision.ts';
import type { LinesOptions, LinesResult } from './lines-options.ts';

export interface LineJudge extends Pick<LinesResult, 'method' | 'threshold' | 'maxLength' | 'drift'> {
  readonly judge: Judge['judge'];
  readonly explain: (codes: readonly string[], options: JudgeOptions) => Promise<LineExplanation[]>;
  readonly close: () => Promise<void>;
}

/** @throws VultuneError LINES_PROMPTED, and what opening the model throws */
export async function openLineJudge(options: LinesOptions, context: WorkflowContext): Promise<LineJudge> {
  const prompted = readPromptedRun(options.run, options.maxLength);
  if (prompted !== undefined) return await promptedLineJudge(options, prompted, context);
  const { method = 'gradient' } = options;
  const adapter = locateAdapter(options.run);
  const { format, drift } = await usePrecision(adapter, options, context);
  const detector = await openAdapter(adapter, { ...options, format }, context);
  return {
    method,
    threshold: detector.threshold,
    maxLength: detector.maxLength,
    ...(drift === undefined ? {} : { drift }),
    judge: (...asked) => detector.judge(...asked),
    explain: (codes, asked) => explainLines(detector, codes, method, asked),
    close: () => detector.close(),
  };
}

async function promptedLineJudge(
  options: LinesOptions,
  run: PromptedRun,
  context: WorkflowContext,
): Promise<LineJudge> {
  const method: LineMethod = 'occlusion';
  refusePrecision(options);
  if ((options.method ?? method) !== method) {
    throw new VultuneError('LINES_PROMPTED', 'lines of a prompted model are not found by a gradient', {
      where: { file: run.folder, name: 'method' },
      hint: 'Use --method occlusion: one pass of the model a line.',
    });
  }
  const judge = await openPromptedJudge(run, options, context);
  try {
    const occludable = judge.occludable();
    return {
      method,
      threshold: options.threshold ?? judge.threshold,
      maxLength: occludable.maxLength,
      judge: (...asked) => judge.judge(...asked),
      explain: (codes, asked) => occludeLines(occludable, codes, asked),
      close: () => judge.close(),
    };
  } catch (error) {
    await judge.close();
    throw error;
  }
}
