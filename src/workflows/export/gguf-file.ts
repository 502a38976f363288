/** @file A file for llama.cpp, where the format can hold the model. */
import { VultuneError } from '../../base/errors.ts';
import type { FloatDtype } from '../../checkpoint/safetensors-stream.ts';
import type { WorkflowContext } from '../context.ts';
import type { Exported } from './export-options.ts';
import type { ExportSource } from './export-source.ts';

/** Throws EXPORT_UNSUPPORTED. */
export async function exportGguf(
  { model }: ExportSource,
  path: string,
  _options: { readonly dtype: FloatDtype; readonly force: boolean },
  _context: WorkflowContext,
): Promise<Exported> {
  throw new VultuneError(
    'EXPORT_UNSUPPORTED',
    `a GGUF file cannot hold a classifier of ${model.spec.family}: llama.cpp has no such head for it`,
    { where: { file: path }, hint: 'Use --merged for Python, or --onnx for everything else.' },
  );
}
