/** @file What a training would read, for `--dry-run`: one data file per line. */
import { formatCount, formatPercent } from '../../base/numbers.ts';
import type { CheckedFile } from '../../workflows/train/inputs.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';

/** What was found, one file per line. */
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
