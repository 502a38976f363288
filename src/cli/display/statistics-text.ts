/** @file Dataset statistics for people: parts, lengths as in the paper's Table 1, what it is made of, duplicates. */

import { formatCount, formatPercent } from '../../base/numbers.ts';
import type { Counts, DatasetStatistics, TopList } from '../../dataset/statistics/dataset-statistics.ts';
import { harmless } from './harmless-text.ts';
import { renderPairs, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapText } from './wrap.ts';

const ENTRIES_SHOWN = 10;

export function statisticsText(statistics: DatasetStatistics, terminal: Terminal): string {
  const { cwes, languages, projects } = statistics;
  return [
    partsTable(statistics, terminal),
    lengthsTable(statistics, terminal),
    topTable('CWE', cwes, statistics.total, terminal),
    topTable('language', languages, statistics.total, terminal),
    topTable('project', projects, statistics.total, terminal),
    datesTable(statistics, terminal),
    duplicatesText(statistics, terminal),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

const right = (heading: string) => ({ heading, align: 'right' }) as const;
const share = (part: number, whole: number) =>
  `${formatCount(part)} (${formatPercent(whole === 0 ? 0 : part / whole)})`;

function partsTable({ parts, total }: DatasetStatistics, terminal: Terminal): string {
  const headings = ['functions', 'vulnerable', 'P1', 'P2', 'P3', 'pairs', 'commits', 'CVEs', 'projects'];
  const rows = Object.entries(parts).map(([name, counts]) => [
    harmless(name),
    formatCount(counts.functions),
    share(counts.vulnerable, counts.functions),
    ...[
      counts.sets.P1,
      counts.sets.P2,
      counts.sets.P3,
      counts.pairs,
      counts.commits,
      counts.cves,
      counts.projects,
    ].map((value) => (value === 0 ? '-' : formatCount(value))),
  ]);
  if (rows.length > 1) {
    rows.push(['all', formatCount(total.functions), share(total.vulnerable, total.functions)]);
  }
  return renderTable([{ heading: '' }, ...headings.map(right)], rows, terminal);
}

function lengthsTable({ lengths, total }: DatasetStatistics, terminal: Terminal): string {
  const rows = lengths.buckets.map(({ label, functions, vulnerable }) => [
    label,
    share(functions, total.functions),
    formatCount(vulnerable),
    bar(functions, Math.max(...lengths.buckets.map((bucket) => bucket.functions)), terminal),
  ]);
  const by = lengths.isEstimate
    ? '(estimated at 3.2 characters per token; --base-model counts them exactly)'
    : `(tokens of ${lengths.tokenizer})`;
  const { mean, median, p90, p99, longest, totalTokens } = lengths;
  const summary = `mean ${formatCount(mean)}, median ${formatCount(median)}, 90% ${formatCount(p90)}, 99% ${formatCount(p99)}, longest ${formatCount(longest)}; ${formatCount(totalTokens)} in total`;
  const notes = [summary, by].flatMap((text) => wrapText(text, terminal.columns()));
  const columns = [right('tokens'), right('functions'), right('vulnerable'), { heading: '' }];
  return `${renderTable(columns, rows, terminal)}${notes.map((line) => `${terminal.colors.muted(line)}\n`).join('')}`;
}

function bar(value: number, most: number, { isUnicode }: Terminal): string {
  const length = most === 0 ? 0 : Math.round((value / most) * 24);
  return (isUnicode ? '█' : '#').repeat(value > 0 ? Math.max(1, length) : 0);
}

function topTable(what: string, list: TopList, total: Counts, terminal: Terminal): string {
  const { entries, others, missing } = list;
  if (entries.length === 0) return '';
  const rows = entries
    .slice(0, ENTRIES_SHOWN)
    .map(({ name, functions, vulnerable }) => [
      harmless(name),
      share(functions, total.functions),
      formatCount(vulnerable),
    ]);
  const hidden = entries.slice(ENTRIES_SHOWN);
  const names = hidden.length + others.names;
  if (names > 0) {
    const sum = (of: 'functions' | 'vulnerable') =>
      others[of] + hidden.reduce((all, entry) => all + entry[of], 0);
    rows.push([
      `${formatCount(names)} others`,
      share(sum('functions'), total.functions),
      formatCount(sum('vulnerable')),
    ]);
  }
  if (missing.functions > 0) {
    rows.push(['not said', share(missing.functions, total.functions), formatCount(missing.vulnerable)]);
  }
  return renderTable([{ heading: what }, right('functions'), right('vulnerable')], rows, terminal);
}

function datesTable({ dates, total }: DatasetStatistics, terminal: Terminal): string {
  if (dates.buckets.length === 0) return '';
  const rows = dates.buckets.map(({ name, functions, vulnerable }) => [
    name,
    share(functions, total.functions),
    formatCount(vulnerable),
  ]);
  if (dates.missing > 0) rows.push(['not said', share(dates.missing, total.functions), '']);
  return renderTable([{ heading: dates.unit }, right('functions'), right('vulnerable')], rows, terminal);
}

/** Functions that a dataset without duplicates would not have. */
const extras = (extra: number, groups: number) =>
  extra === 0 ? 'none' : `${formatCount(extra)} extra functions in ${formatCount(groups)} groups`;

function duplicatesText({ duplicates, pairs }: DatasetStatistics, terminal: Terminal): string {
  const { exactGroups, exactExtra, nearGroups, nearExtra, threshold, conflicts, crossing } = duplicates;
  return renderPairs(
    [
      ['exact duplicates', extras(exactExtra, exactGroups)],
      [
        `near duplicates (${threshold} and above)`,
        `${extras(nearExtra, nearGroups)}${crossing === 0 ? '' : `; ${formatCount(crossing)} of the groups in several parts`}`,
      ],
      ['bodies with both labels', formatCount(conflicts)],
      ['whole pairs', formatCount(pairs.count)],
    ],
    terminal,
  );
}
