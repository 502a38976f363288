/** @file `vultune triage`: the report in the requested format, to a file or standard output. */
import { resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { countOf } from '../../scan/output/describe.ts';
import { triageJson } from '../../triage/triage-json.ts';
import { triage } from '../../workflows/triage/triage.ts';
import type { TriageResult } from '../../workflows/triage/triage-options.ts';
import type { TriageFormat, TriageRequest } from '../commands/triage.ts';
import type { CliContext } from '../context.ts';
import { createColors } from '../display/colors.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { triageText } from './triage-text.ts';

/** Throws what `triage` and writeFileAtomic throw, CLI_USAGE for a scanner's file that would be written over. */
export async function runTriage(request: TriageRequest, context: CliContext): Promise<void> {
  const { log, output, top } = request;
  const { stdout, stderr } = context;
  const format = request.format ?? (/\.sarif(\.json)?$/i.test(output ?? '') ? 'sarif' : 'text');
  if (output !== undefined && resolve(output) === resolve(log)) {
    throw new VultuneError('CLI_USAGE', `--out names the scanner's own file: ${output}`, {
      hint: 'Give another name, and keep what the scanner wrote.',
    });
  }
  const result = await triage(request, reporting(context));
  if (output === undefined) {
    stdout.write(formatTriage(result, format, top, stdout));
    return;
  }
  writeFileAtomic(output, formatTriage(result, format, top, { ...stdout, colors: createColors(false) }));
  const { findings, scored, unscored } = result.report.counts;
  stderr.write(`${countOf(findings, 'finding')}: ${scored} scored, ${unscored} not scored: ${output}\n`);
}

function formatTriage(
  { report, sarif }: TriageResult,
  format: TriageFormat,
  top: number,
  terminal: Terminal,
): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(triageJson(report), null, 2)}\n`;
    case 'sarif':
      return sarif();
    case 'text':
      return triageText(report, top, terminal);
  }
}
