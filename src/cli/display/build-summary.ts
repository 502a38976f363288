/** @file A dataset build for people: what was kept and what was left out. */

import { formatCount } from '../../base/numbers.ts';
import type { BuildInfo } from '../../dataset/builder/build-info.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Splits as a table, then (not when `brief`: the dataset's card has it) what was left out and why. */
export function buildSummary(
  info: BuildInfo,
  terminal: Terminal,
  { brief = false }: { readonly brief?: boolean } = {},
): string {
  const columns = [
    { heading: '' },
    ...['functions', 'vulnerable', 'fixed (P2)', 'other', 'projects', 'commits'].map(
      (heading) => ({ heading, align: 'right' }) as const,
    ),
  ];
  const rows = Object.entries(info.splits).map(([split, counts]) => {
    const { functions, vulnerable, P2, projects, commits } = counts;
    // Records that came with labels of their own are in no set: other is what is neither.
    return [
      split,
      ...[functions, vulnerable, P2, functions - vulnerable - P2, projects, commits].map(formatCount),
    ];
  });
  const reasons = Object.entries(info.counts).flatMap(([what, counts]) =>
    Object.entries(counts).map(([reason, count]) => [what, formatCount(count), reason]),
  );
  const head = [{ heading: '' }, { heading: '', align: 'right' }, { heading: 'kept, or why not' }] as const;
  const lacking = partWarnings(info.splits, info.options.fractions).map(
    (text) => `${terminal.colors.warning(text)}\n`,
  );
  const undated =
    info.undated === undefined || info.undated === 0
      ? ''
      : `${formatCount(info.undated)} functions have no date and are in train\n`;
  const leftOut = brief ? '' : `\n${renderTable(head, reasons, terminal)}`;
  return `${renderTable(columns, rows, terminal)}${leftOut}${undated}${lacking.join('')}`;
}
