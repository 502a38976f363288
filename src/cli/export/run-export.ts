/** @file `vultune export`: says what was written, how near it is to the run, and what is not in it. */
import { formatBytes } from '../../base/numbers.ts';
import { exportModel } from '../../workflows/export/export-model.ts';
import type { Exported, ExportOptions } from '../../workflows/export/export-options.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function runExport(request: ExportOptions, context: CliContext): Promise<void> {
  const done = await exportModel(request, reporting(context));
  context.stdout.write(exportText(done));
}

const FORMS = { merged: 'Transformers', onnx: 'ONNX' } as const;

export function exportText(done: readonly Exported[]): string {
  const lines = done.map(
    ({ kind, path, sizeBytes, error }) =>
      `${FORMS[kind]}: ${path}, ${formatBytes(sizeBytes)}, logits within ${error.toExponential(1)} of the run's on a few functions`,
  );
  const notes = [...new Set(done.flatMap((one) => one.notes))];
  return [...lines, ...notes].map((line) => `${harmless(line)}\n`).join('');
}
