/** @file `vultune train`: runs the training, or resumes one, and prints how well the model does. */
import { join } from 'node:path';
import { type ResumeOptions, resumeTraining } from '../../workflows/train/resume.ts';
import { startTraining, type TrainRequest } from '../../workflows/train/train.ts';
import type { TrainResult } from '../../workflows/train/train-into.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationTable } from '../evaluate/evaluation-table.ts';

export async function runTrain(request: TrainRequest, context: CliContext): Promise<TrainResult> {
  return showTraining(await startTraining(request, reporting(context)), context);
}

export async function runResume(options: ResumeOptions, context: CliContext): Promise<TrainResult> {
  return showTraining(await resumeTraining(options, reporting(context)), context);
}

function showTraining(result: TrainResult, { stdout, stderr }: CliContext): TrainResult {
  const { status, run } = result;
  if (status === 'interrupted') stderr.write(howToResume(run));
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
