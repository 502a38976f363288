/** @file Takes a fine-tuned model out of Vultune: a checkpoint for Transformers, or one ONNX file. */
import { VultuneError } from '../../base/errors.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import type { Exported, ExportOptions } from './export-options.ts';
import { openExportSource } from './export-source.ts';
import { refuseGguf } from './gguf-file.ts';
import { exportMerged } from './merged-checkpoint.ts';
import { exportOnnx } from './onnx-file.ts';
import { refuseOutputs } from './refuse-outputs.ts';

/**
 * Writes every form that is asked for, one after the other. Weights are merged tensor by tensor; what is stopped or fails leaves
 * nothing of the form that was being written.
 * @throws VultuneError EXPORT_NOTHING where no form is asked for, OUTPUT_EXISTS, EXPORT_UNSUPPORTED for a form that cannot hold the model,
 * EXPORT_DTYPE, EXPORT_DTYPE_OVERFLOW, EXPORT_CHECK_FAILED, what opening a run throws; the signal's reason
 */
export async function exportModel(
  options: ExportOptions,
  given?: Partial<WorkflowContext>,
): Promise<readonly Exported[]> {
  const context = workflowContext(given);
  const { run, merged, onnx, gguf, dtype = 'float32', force = false, numThreads } = options;
  if (merged === undefined && onnx === undefined && gguf === undefined) {
    throw new VultuneError('EXPORT_NOTHING', 'no form to export is named', {
      hint: 'Give --merged FOLDER, --onnx FILE or --gguf FILE.',
    });
  }
  refuseOutputs(options);
  const source = await openExportSource(run, options, context);
  const done: Exported[] = [];
  try {
    // What cannot be held is said before anything large is written.
    if (gguf !== undefined) refuseGguf(source, gguf);
    if (merged !== undefined)
      done.push(await exportMerged(source, merged, { dtype, force, threads: numThreads }, context));
    if (onnx !== undefined) {
      done.push(await exportOnnx(source, onnx, { dtype, force, threads: numThreads }, context));
    }
  } finally {
    await source.close();
  }
  return done;
}
