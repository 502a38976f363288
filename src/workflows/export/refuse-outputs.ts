/** @file Refuses outputs that must not be written to, before a model is opened. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { requireFile, requireFolder } from '../../base/staged-output.ts';
import type { ExportOptions } from './export-options.ts';

/** Throws OUTPUT_EXISTS, EXPORT_OUTPUT for one that lies in the run, or is the same as another. */
export function refuseOutputs({ run, merged, onnx, gguf, force = false }: ExportOptions): void {
  if (merged !== undefined) requireFolder(merged, force);
  for (const file of [onnx, gguf]) if (file !== undefined) requireFile(file, force);
  const named = [merged, onnx, gguf].filter((path) => path !== undefined).map((path) => resolve(path));
  if (new Set(named).size < named.length) {
    throw refused(named[0]!, 'is named twice', 'Give each form an output of its own.');
  }
  const folder = existsSync(run) && statSync(run).isDirectory() ? realpathSync(run) : undefined;
  if (folder === undefined || merged === undefined) return;
  const target = existsSync(merged) ? realpathSync(merged) : resolve(merged);
  // With --force it would take the place of the adapter's own config.json and README.md.
  if (target !== folder && target !== `${folder}${sep}adapter`) return;
  throw refused(merged, 'is the run itself', 'Give another folder.');
}

function refused(path: string, what: string, hint: string): VultuneError {
  return new VultuneError('EXPORT_OUTPUT', `${path} ${what}`, { where: { file: path }, hint });
}
