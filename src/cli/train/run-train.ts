/** @file `vultune train`: runs the training, or resumes one, and prints how well the model does. */
import { join } from 'node:path';
import type { TorchOptions } from '../../workflows/torch/train-with-torch.ts';
import { type ResumeOptions, resumeTraining } from '../../workflows/train/resume.ts';
import { startTraining, type TrainRequest } from '../../workflows/train/train.ts';
import type { TrainResult } from '../../workflows/train/train-into.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationTable } from '../evaluate/evaluation-table.ts';

export async function runTrain(
  request: TrainRequest,
  context: CliContext,
  torch?: TorchOptions,
): Promise<TrainResult> {
  const result = await startTraining(request, reporting(context), torch);
  return showTraining(result, context, torch !== undefined);
}

export async function runResume(options: ResumeOptions, context: CliContext): Promise<TrainResult> {
  const result = await resumeTraining(options, reporting(context));
  return showTraining(result, context, options.torch !== undefined);
}

function showTraining(result: TrainResult, { stdout, stderr }: CliContext, isTorch: boolean): TrainResult {
  const { status, run } = result;
  if (status === 'interrupted') stderr.write(howToResume(`${run}${isTorch ? ' --engine torch' : ''}`));
  if (status !== 'finished') return result;
  const { withoutBlend } = result;
  for (const [name, comparison] of result.comparisons) {
    stdout.write(`\n${stdout.colors.heading(name === 'test' ? 'Test' : 'Validation')}: `);
    stdout.write(evaluationTable(comparison, stdout));
  }
  if (withoutBlend !== undefined) {
    stdout.write(`${stdout.colors.muted(`no blend of model, TF-IDF and length: ${withoutBlend}`)}\n`);
  }
  stdout.write(`\nrun folder: ${run}\nreport:     ${join(run, 'report.html')}\n`);
  return result;
}

export const howToResume = (run: string) => `resume with:\n  vultune train --resume ${run}\n`;
