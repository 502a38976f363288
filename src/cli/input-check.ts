/**
 * @file Checks everything that a training run reads, before a model is loaded or a folder made: the data files
 * line by line, and that the run folder is free.
 */
import { readLabelledRecords, requireBothClasses } from '../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../dataset/record.ts';
import { checkRunFolderFree } from '../runs/run-folder.ts';
import { formatCount, formatPercent } from './display/numbers.ts';
import { renderTable } from './display/table.ts';
import type { Terminal } from './display/terminal.ts';

export interface CheckedFile {
  readonly key: 'train_file' | 'valid_file' | 'test_file';
  readonly path: string;
  readonly records: readonly LabelledRecord[];
}

export interface TrainInputs {
  readonly train_file: string;
  readonly valid_file: string;
  readonly test_file: string | null;
  readonly output_dir: string;
}

/** @throws VultuneError `RUN_EXISTS`, and the dataset readers' errors; the first that is met. */
export async function checkTrainInputs(config: TrainInputs): Promise<readonly CheckedFile[]> {
  checkRunFolderFree(config.output_dir);
  const files: CheckedFile[] = [];
  for (const key of ['train_file', 'valid_file', 'test_file'] as const) {
    const path = config[key];
    if (path === null) continue;
    const records = await readLabelledRecords(path);
    requireBothClasses(records, path);
    files.push({ key, path, records });
  }
  return files;
}

/** What was found, one file a line. */
export function describeInputs(files: readonly CheckedFile[], terminal: Terminal): string {
  const rows = files.map(({ key, path, records }) => {
    const vulnerable = records.filter(({ target }) => target === 1).length;
    const pairs = new Set(records.flatMap(({ pair }) => pair ?? [])).size;
    const share = formatPercent(vulnerable / records.length);
    return [
      key,
      formatCount(records.length),
      `${formatCount(vulnerable)} (${share})`,
      pairs === 0 ? '-' : formatCount(pairs),
      path,
    ];
  });
  return renderTable(
    [
      { heading: '' },
      { heading: 'functions', align: 'right' },
      { heading: 'vulnerable', align: 'right' },
      { heading: 'pairs', align: 'right' },
      { heading: 'file' },
    ],
    rows,
    terminal,
  );
}
