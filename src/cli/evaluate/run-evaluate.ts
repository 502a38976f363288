/** @file `vultune evaluate`: evaluates runs and prints the figures, as tables or as JSON. */
import { evaluate } from '../../workflows/evaluate/evaluate.ts';
import type { EvaluateRequest } from '../commands/evaluate.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationJson } from './evaluation-json.ts';
import { evaluationText } from './evaluation-text.ts';

export async function runEvaluate(
  { json, slices, ...options }: EvaluateRequest,
  context: CliContext,
): Promise<void> {
  const { stdout } = context;
  const evaluation = await evaluate(options, reporting(context));
  if (json) stdout.write(`${JSON.stringify(evaluationJson(evaluation), null, 2)}\n`);
  else stdout.write(evaluationText(evaluation, { slices }, stdout));
}
