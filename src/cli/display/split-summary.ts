/** @file What `data split` and `data merge` did, for people: parts as a table, what was left out, what is lacking. */

import { formatCount, formatPercent } from '../../base/numbers.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import { splitWords } from '../../dataset/splits/split-card.ts';
import type { SplitDatasetInfo } from '../../dataset/splits/split-info.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function splitSummary(info: SplitDatasetInfo, terminal: Terminal): string {
  const { splits, dropped, inputs, options, undated = 0 } = info;
  const total = Object.values(splits).reduce((sum, { functions }) => sum + functions, 0);
  const headings = ['functions', 'vulnerable', 'P1', 'P2', 'P3', 'projects', 'commits'];
  const rows = Object.entries(splits).map(([name, { functions, vulnerable, ...counts }]) => [
    name,
    `${formatCount(functions)} (${formatPercent(total === 0 ? 0 : functions / total)})`,
    `${formatCount(vulnerable)} (${formatPercent(functions === 0 ? 0 : vulnerable / functions)})`,
    ...[counts.P1, counts.P2, counts.P3, counts.projects, counts.commits].map((value) =>
      value === 0 ? '-' : formatCount(value),
    ),
  ]);
  const right = headings.map((heading) => ({ heading, align: 'right' }) as const);
  const read = inputs.reduce((sum, { functions }) => sum + functions, 0);
  const left = Object.entries(dropped).map(
    ([reason, count]) => `left out: ${formatCount(count)}, ${reason}\n`,
  );
  const lacking = partWarnings(splits, options.fractions).map((text) => terminal.colors.warning(`${text}\n`));
  const undatedLine =
    undated === 0 ? '' : `${formatCount(undated)} functions have no date and are in train\n`;
  return [
    `${formatCount(read)} functions, ${splitWords(options)}\n\n`,
    renderTable([{ heading: '' }, ...right], rows, terminal),
    ...(left.length > 0 || undatedLine !== '' ? ['\n', ...left, undatedLine] : []),
    ...(lacking.length > 0 ? ['\n', ...lacking] : []),
  ].join('');
}
