/** @file `vultune evaluate`: evaluates runs and prints the figures, as tables or as JSON. */
import { evaluate } from '../../workflows/evaluate/evaluate.ts';
import type { EvaluateRequest } from '../commands/evaluate.ts';
import type { CliContext } from '../context.ts';
import { formatDataTable } from '../display/data-table-format.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationCsv, evaluationPage } from './evaluation-data-table.ts';
import { evaluationJson } from './evaluation-json.ts';
import { evaluationText } from './evaluation-text.ts';

export async function runEvaluate(
  { json, format, slices, ...options }: EvaluateRequest,
  context: CliContext,
): Promise<void> {
  const { stdout } = context;
  const evaluation = await evaluate(options, reporting(context));
  if (json) stdout.write(`${JSON.stringify(evaluationJson(evaluation), null, 2)}\n`);
  else if (format === 'csv') stdout.write(formatDataTable(evaluationCsv(evaluation), format));
  else if (format !== 'text') stdout.write(formatDataTable(evaluationPage(evaluation), format));
  else stdout.write(evaluationText(evaluation, { slices }, stdout));
}
