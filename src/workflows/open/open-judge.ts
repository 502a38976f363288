/** @file Opens a fine-tuned model as a judge, for programs that have code in memory. */
import type { ExplainingJudge } from '../../judging/judge.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { type OpenDetectorOptions, openDetector } from './open-detector.ts';

export interface OpenJudge extends ExplainingJudge {
  /** Score from which a function counts as vulnerable. */
  readonly threshold: number;
  /** Frees the model and closes its files. */
  close(): Promise<void>;
}

/**
 * Opens a run folder or any PEFT adapter folder whose base model can be loaded; a base model of a hub is fetched where it is not
 * on this machine yet.
 * @throws VultuneError for an adapter or model that cannot be used
 */
export async function openJudge(
  run: string,
  options: Omit<OpenDetectorOptions, 'run'> = {},
  context?: Partial<WorkflowContext>,
): Promise<OpenJudge> {
  return await openDetector({ ...options, run }, workflowContext(context));
}
