/**
 * @file A dataset opened with its columns guessed where they are not given, and with notes of how it was understood: nothing is
 * guessed in silence.
 */
import type { Target } from '../record.ts';
import { type Columns, type FieldMapping, mappingOfFields } from './field-mapping.ts';
import { type OpenDatasetOptions, type OpenedDataset, openDataset } from './open-dataset.ts';

export interface OpenUnderstoodOptions
  extends Omit<OpenDatasetOptions, 'guessColumns' | 'onColumns' | 'onLabel'> {
  /** For a table of unknown make: `{ code: 'func', target: 'vul' }`; default: guessed by name. */
  readonly fields?: Columns | undefined;
}

export interface UnderstoodDataset extends OpenedDataset {
  /** The columns of the first table of unknown make; undefined while none was met. */
  readonly columns: () => Columns | undefined;
  /** Labels that were written as words, and what they were taken for; grows while records are read. */
  readonly labels: ReadonlyMap<string, Target>;
}

/** More words than this are not labels. */
const MOST_LABELS = 50;

/** @throws VultuneError as `openDataset` */
export async function openUnderstood(
  path: string,
  { fields, ...options }: OpenUnderstoodOptions,
): Promise<UnderstoodDataset> {
  const labels = new Map<string, Target>();
  let columns: FieldMapping | undefined;
  const dataset = await openDataset(path, {
    ...options,
    ...(fields === undefined ? {} : { mapping: mappingOfFields(fields) }),
    guessColumns: true,
    onColumns: (_file, found) => {
      columns ??= found;
    },
    onLabel: (written, target) => {
      if (labels.size < MOST_LABELS) labels.set(written, target);
    },
  });
  return { ...dataset, columns: () => columns && Object.fromEntries(columns.fields), labels };
}
