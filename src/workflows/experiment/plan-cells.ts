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
import { tablePath } from '../../experiments/shipped-files.ts';
import type { Settings } from '../../experiments/table-schema.ts';
import type { WorkflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { packageVersions } from '../package-versions.ts';
import type { PromptOptions } from '../prompt/prompt-options.ts';
import { initialAdapter } from '../train/init-adapter.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import type { LoadedTable } from './load-table.ts';
import { localModelName } from './local-model-name.ts';
import { promptCell } from './prompt-cell.ts';
import { torchKey } from './torch-cells.ts';

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
      /** The cell of the same seed whose adapter this one starts from. */
      readonly initialCell: string | undefined;
      /** Where the row asks the model instead of training it. */
      readonly asked: PromptOptions | undefined;
    }
);

const DATA_KEYS = ['train_file', 'valid_file', 'test_file'] as const;
/** The functions that are asked about, and those that fit the baselines. */
const ASKED_DATA_KEYS = ['train_file', 'test_file'] as const;

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
  const modelNames = new Map<string, Promise<string | undefined>>();
  const modelNameOf = (reference: string) => {
    const known = modelNames.get(reference) ?? localModelName(reference);
    modelNames.set(reference, known);
    return known;
  };
  const plan = async (row: ExperimentRow, seed: number, initialCell?: string): Promise<PlannedCell> => {
    const started = initialCell === undefined ? {} : { init_adapter: resolve(cells, initialCell) };
    const given = { ...base, ...row.set, ...started, seed };
    const config = cellConfig(given, file, options);
    requireOwnSeed(row, config, seed);
    if (initialCell !== undefined && config.init_adapter !== given.init_adapter) throw otherStart(row);
    const asking = promptCell(row, config, tablePath(options.table));
    const data: Record<string, string> = {};
    for (const key of asking === undefined ? DATA_KEYS : ASKED_DATA_KEYS) {
      const reference = config[key];
      if (reference !== null)
        data[key] = await hashOf(await openDataFile(reference, context)).catch(withDataHint);
    }
    const keyed = asking?.keyed ?? keyConfig(config);
    const initial = asking === undefined ? await initialName(config, initialCell) : undefined;
    // A server's model lies nowhere here, whatever it is called.
    const model = asking?.asked.endpoint === undefined ? await modelNameOf(config.base_model) : undefined;
    const named = {
      ...keyed,
      ...(initial === undefined ? {} : { init_adapter: initial }),
      ...(model === undefined ? {} : { base_model: model }),
    };
    // A model that is asked trains nothing.
    const engine = asking === undefined ? torchKey(options.torch) : undefined;
    const key: CellKey = { config: named, data, versions, engine };
    const id = cellId(key);
    const resolved = { ...config, output_dir: join(cells, id) };
    return { row, seed, id, key, config: resolved, initialCell, asked: asking?.asked };
  };
  const known = new Map<string, Promise<PlannedCell>>();
  /** Once for each row and seed. A table's rows start from one another without going round. */
  const planOnce = (row: ExperimentRow, seed: number): Promise<PlannedCell> => {
    const name = JSON.stringify([row.name, seed]);
    const made =
      known.get(name) ??
      planAfter(row, seed).catch((error: unknown) => {
        if (!(error instanceof VultuneError)) throw error;
        return { row, seed, failure: failureOf(error) };
      });
    known.set(name, made);
    return made;
  };
  const planAfter = async (row: ExperimentRow, seed: number): Promise<PlannedCell> => {
    const first = table.rows.find(({ name }) => name === row.init_from);
    if (first === undefined) return await plan(row, seed);
    const initial = await planOnce(first, seed);
    if (initial.failure !== undefined) throw initialFailed(row, initial.failure.message);
    return await plan(row, seed, initial.id);
  };
  const planned: PlannedCell[] = [];
  for (const seed of table.seeds) {
    for (const row of table.rows) {
      if (row.not_run !== undefined) continue;
      // No seed moves an answer: more of them would only make an interval of nothing.
      if (row.prompt !== undefined && seed !== table.seeds[0]) continue;
      planned.push(await planOnce(row, seed));
    }
  }
  return planned;
}

/** What training starts from as a cell's name has it: what it is, not where it lies. Throws what `locateAdapter` throws. */
async function initialName(
  config: UnresolvedConfig,
  initialCell: string | undefined,
): Promise<string | undefined> {
  // The first cell's name stands for all that decides its adapter, which may not be there yet.
  if (initialCell !== undefined) return `cell ${initialCell}`;
  const adapter = await initialAdapter({ ...config, output_dir: '.' });
  return adapter && `adapter ${adapter.sha256}`;
}

/** Laid over every cell, one seed would be counted as several, and give an interval of nothing. */
function requireOwnSeed({ set }: ExperimentRow, config: UnresolvedConfig, seed: number): void {
  const other = set.seed ?? config.seed;
  if (other === seed && config.seed === seed) return;
  throw new VultuneError(
    'EXPERIMENT_SEED',
    `the settings of the cell say seed ${JSON.stringify(other === seed ? config.seed : other)}, and it is the cell of seed ${seed}`,
    { where: { name: 'seed' }, hint: "name the seeds with --seeds, or under the table's seeds" },
  );
}

/** What an override starts from instead would be kept under the name of the row's own start. */
const otherStart = ({ init_from: first = '' }: Pick<ExperimentRow, 'init_from'>) =>
  new VultuneError(
    'EXPERIMENT_INIT_FROM',
    `init_adapter is laid over a row that starts from the row ${JSON.stringify(first)}`,
    {
      where: { name: 'init_adapter' },
      hint: 'leave the override out, or run the rows that start from no other one with --only',
    },
  );

/** A cell whose first one has no adapter. */
export const initialFailed = ({ init_from: first = '' }: Pick<ExperimentRow, 'init_from'>, why: string) =>
  new VultuneError(
    'EXPERIMENT_INIT_FROM',
    `the row ${JSON.stringify(first)}, which this one starts from, has no adapter: ${why}`,
    { where: { name: 'init_from' } },
  );

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
