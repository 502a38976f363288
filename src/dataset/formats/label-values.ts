/** @file The error of a label that cannot be read, with what else the column holds: one look says how to map it. */
import { VultuneError } from '../../base/errors.ts';
import type { DatasetFile } from './dataset-file.ts';
import { tableRows } from './rows/table-rows.ts';

const MOST_VALUES = 8;
const MOST_ROWS = 100_000;

/** The error as it is where it is another one, or where the file can be read only once. */
export async function withLabelValues(
  error: unknown,
  file: DatasetFile,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (!(error instanceof VultuneError) || error.code !== 'DATASET_LABEL' || !file.isOnDisk) return error;
  const column = error.where?.name;
  if (column === undefined) return error;
  const counts = new Map<string, number>();
  try {
    for await (const { value, line } of tableRows(file, { signal })) {
      const written = shown(value[column]);
      if (counts.size < MOST_VALUES || counts.has(written))
        counts.set(written, (counts.get(written) ?? 0) + 1);
      else counts.set(OTHERS, (counts.get(OTHERS) ?? 0) + 1);
      if (line >= MOST_ROWS) break;
    }
  } catch {
    return error; // What stands behind the label is broken too: the label is what the user meets first.
  }
  if (counts.size < 2) return error;
  const values = [...counts].map(([written, count]) => `${written} (${count})`).join(', ');
  return new VultuneError('DATASET_LABEL', `${error.message}; the column holds ${values}`, {
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exitCode: error.exitCode,
    cause: error,
  });
}

const OTHERS = 'other values';

const shown = (value: unknown) =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 40);
