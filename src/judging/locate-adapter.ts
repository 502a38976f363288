/** @file Finds the adapter behind what a user calls a run, and the base model it names. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type AdapterHeader, isAdapterFolder, readAdapterHeader } from '../adapters/files/adapter-files.ts';
import { VultuneError } from '../base/errors.ts';
import { findMoved } from '../base/moved-path.ts';
import { isPromptedRun } from './prompted-run.ts';

/** A run folder (its `adapter/`), or an adapter folder itself. Throws RUN_UNFINISHED, ADAPTER_MISSING, ADAPTER_CONFIG. */
export function locateAdapter(folder: string): AdapterHeader {
  if (!existsSync(folder)) {
    throw new VultuneError('ADAPTER_MISSING', `no such folder: ${folder}`, {
      where: { file: folder },
      hint: 'Give a run folder, or a folder with an adapter as PEFT saves it.',
    });
  }
  if (isPromptedRun(folder)) {
    throw new VultuneError(
      'ADAPTER_MISSING',
      `${folder} is a run of a prompted model, which has no adapter`,
      {
        where: { file: folder },
        hint: 'evaluate, compare, report, predict, scan, triage, lines, serve --scan and mcp take such a run.',
      },
    );
  }
  const inner = join(folder, 'adapter');
  if (isAdapterFolder(inner)) return readAdapterHeader(inner);
  if (existsSync(join(folder, 'run.json')) && !isAdapterFolder(folder)) {
    throw new VultuneError('RUN_UNFINISHED', `the run in ${folder} has no adapter yet`, {
      where: { file: folder },
      hint: `Resume it: vultune train --resume ${folder}`,
    });
  }
  return readAdapterHeader(folder);
}

/**
 * The base model's reference. A path relative to the adapter becomes an absolute one; a model that was moved together with the
 * adapter is found where it is now.
 */
export function baseModelReference({ folder, config, settings }: AdapterHeader): string {
  const { baseModel } = config;
  if (isAbsolute(baseModel)) return findMoved(baseModel, settings?.baseModelPath, folder);
  for (const from of [folder, dirname(folder)]) {
    const path = resolve(from, baseModel);
    if (existsSync(path)) return path;
  }
  return baseModel;
}
