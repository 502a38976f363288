/** @file `vultune lines`: prints the functions with their lines, or all of it as JSON. */
import { lines } from '../../workflows/lines/lines.ts';
import type { LinesRequest } from '../commands/lines.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { linesJson } from './lines-json.ts';
import { linesText } from './lines-text.ts';

const DEFAULT_COUNT = 10;

export async function runLines(request: LinesRequest, context: CliContext): Promise<void> {
  const { stdout, stdin } = context;
  const { json, maxLines, count = json ? undefined : DEFAULT_COUNT } = request;
  const result = await lines({ ...request, count, stdin }, reporting(context));
  stdout.write(
    json
      ? `${JSON.stringify(linesJson(request, result), null, 2)}\n`
      : linesText(result, { maxLines }, stdout),
  );
}
