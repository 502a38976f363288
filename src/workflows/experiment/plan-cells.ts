/**
 * @file Every cell of a table before anything is trained: its configuration, checked, and its name. A cell that cannot be named
 * says why, and leaves the others alone.
 */
import { isAbsolute, join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash-file.ts';
import { isHubDataset } from '../../checkpoint/sources/hub-dataset.ts';
import { checkTrainValues } from '../../config/load.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import { type CellFailure, type CellKey, cellId, keyConfig } from '../../experiments/cell.ts';
import type { ExperimentRow } from '../../experiments/experiment-table.ts';
import type { Settings } from '../../experiments/table-schema.ts';
import type { WorkflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { packageVersions } from '../package-versions.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import type { LoadedTable } from './load-table.ts';

export type PlannedCell = {
  readonly row: ExperimentRow;
  readonly seed: number;
} & (
  | { readonly failure: CellFailure; readonly id?: undefined }
  | {
      readonly failure?: undefined;
      readonly id: string;
      readonly key: CellKey;
      readonly config: UnresolvedConfig;
    }
);

const DATA_KEYS = ['train_file', 'valid_file', 'test_file'] as const;

/** Rows under each seed, so that a stopped table has all rows at the first seed before any at the second. */
export async function planCells(
  { table, base, file }: LoadedTable,
  options: ExperimentOptions,
  cells: string,
  context: WorkflowContext,
): Promise<PlannedCell[]> {
  const versions = engineVersions();
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (path: string) => {
    const known = hashes.get(path) ?? hashFile(path, context.signal).then(({ sha256 }) => sha256);
    hashes.set(path, known);
    return known;
  };
  const planned: PlannedCell[] = [];
  for (const seed of table.seeds) {
    for (const row of table.rows) {
      if (row.not_run !== undefined) continue;
      try {
        requireTrainable(row);
        const config = cellConfig({ ...base, ...row.set, seed }, file, options);
        const data: Record<string, string> = {};
        for (const key of DATA_KEYS) {
          const reference = config[key];
          if (reference !== null)
            data[key] = await hashOf(await openDataFile(reference, context)).catch(withDataHint);
        }
        const key: CellKey = { config: keyConfig(config), data, versions };
        const id = cellId(key);
        planned.push({ row, seed, id, key, config: { ...config, output_dir: join(cells, id) } });
      } catch (error) {
        if (!(error instanceof VultuneError)) throw error;
        planned.push({ row, seed, failure: failureOf(error) });
      }
    }
  }
  return planned;
}

export const failureOf = ({ code, message, hint }: VultuneError): CellFailure => ({
  code,
  message: hint === undefined ? message : `${message} (${hint})`,
});

/** The files of a table are not ours to ship. */
function withDataHint(error: unknown): never {
  if (!(error instanceof VultuneError) || error.code !== 'FILE_MISSING') throw error;
  throw new VultuneError(error.code, error.message, {
    ...(error.where === undefined ? {} : { where: error.where }),
    hint: 'name the folder of the data with --data-dir; `vultune data recipe` builds what can be built',
    cause: error,
  });
}

/** The packages that compute; a tokenizer's version is the data's business, and its files are the model's. */
function engineVersions(): Readonly<Record<string, string>> {
  const { vultune, 'onnxruntime-node': runtime } = packageVersions();
  return { vultune: vultune ?? '', 'onnxruntime-node': runtime ?? '' };
}

function requireTrainable({ name, prompt }: ExperimentRow): void {
  if (prompt === undefined) return;
  throw new VultuneError(
    'EXPERIMENT_PROMPT_UNSUPPORTED',
    `the row ${JSON.stringify(name)} asks the model with the prompt ${prompt}, which this version does not do in a table`,
  );
}

/** `a.b` in a row or a sweep is a key of a map, as in an override. */
function cellConfig(
  settings: Settings,
  file: string,
  { dataDir, overrides = [] }: ExperimentOptions,
): UnresolvedConfig {
  const keys = Object.entries(settings);
  const whole = keys.filter(([key]) => !key.includes('.'));
  const dotted = keys.filter(([key]) => key.includes('.'));
  const value: Record<string, unknown> = { ...Object.fromEntries(whole), output_dir: 'cell' };
  for (const key of DATA_KEYS) {
    const path = value[key];
    if (typeof path === 'string') value[key] = dataPath(path, dataDir);
  }
  return checkTrainValues(value, resolve(file), [
    ...dotted.map(([key, one]) => `${key}=${JSON.stringify(one)}`),
    ...overrides,
  ]);
}

const dataPath = (path: string, dataDir: string | undefined) =>
  dataDir === undefined || isAbsolute(path) || isHubDataset(path) ? path : join(dataDir, path);
