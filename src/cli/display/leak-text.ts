/** @file The report of `data check` for people: parts as a table, then each kind of leak with the first few places. */

import { formatCount, formatPercent } from '../../base/numbers.ts';
import type { Leak, LeakKind, LeakPlace, LeakReport } from '../../dataset/check/leak-report.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import { harmless } from './harmless-text.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const TITLES: Readonly<Record<LeakKind, readonly [none: string, some: string, unknown?: string]>> = {
  'label-conflict': ['no body has both labels', 'bodies with both labels'],
  'exact-duplicate': [
    'no function is in two parts',
    'functions in several parts (ignoring layout and comments)',
  ],
  'near-duplicate': ['no near duplicate is in another part', 'groups of near duplicates in several parts'],
  pair: ['no pair is split across parts', 'pairs split across parts', 'no function names a pair'],
  commit: ['no commit is in two parts', 'commits in several parts', 'no function names a commit'],
  cve: ['no CVE is in two parts', 'CVEs in several parts', 'no function names a CVE'],
};

export function leakText(report: LeakReport, terminal: Terminal): string {
  const { colors } = terminal;
  const rows = report.parts.map(({ name, functions, vulnerable }) => [
    harmless(name),
    formatCount(functions),
    `${formatCount(vulnerable)} (${formatPercent(vulnerable / functions)})`,
  ]);
  const right = { align: 'right' } as const;
  const columns = [{ heading: '' }, { heading: 'functions', ...right }, { heading: 'vulnerable', ...right }];
  const alone =
    report.parts.length > 1
      ? ''
      : `\n${colors.warning('only one part was given: give the files of all parts to check them against each other')}\n`;
  const parts = Object.fromEntries(report.parts.map((part) => [part.name, part]));
  const poor = partWarnings(parts).map((text) => `${colors.warning(harmless(text))}\n`);
  const unusable = report.unusable.map((text) => `${colors.bad('FAIL')}  ${harmless(text)}\n`);
  return `${renderTable(columns, rows, terminal)}${alone}${poor.join('')}${unusable.join('')}\n${report.leaks.map((leak) => leakLines(leak, report, terminal)).join('')}`;
}

function leakLines(leak: Leak, report: LeakReport, { colors }: Terminal): string {
  const [none, some, unknown = 'no functions'] = TITLES[leak.kind];
  const note = leak.kind === 'near-duplicate' ? ` (Jaccard ${report.threshold} and above, estimated)` : '';
  if (report.parts.length < 2 && leak.kind !== 'label-conflict') return '';
  if (leak.checked === 0) return `${colors.muted('-')}     not checked: ${unknown}\n`;
  if (leak.groups === 0) return `${colors.good('ok')}    ${none}${note}\n`;
  const parts = Object.entries(leak.byParts).map(
    ([names, count]) => `${harmless(names)}: ${formatCount(count)}`,
  );
  const head = `${colors.bad('FAIL')}  ${formatCount(leak.groups)} ${some}${note}; ${formatCount(leak.functions)} functions\n`;
  const examples = leak.examples.map(({ key, similarity, places }) => {
    const what = [harmless(key ?? ''), similarity === undefined ? '' : `similarity ~${similarity.toFixed(2)}`]
      .filter((text) => text !== '')
      .join(', ');
    return `      ${what === '' ? '' : `${colors.muted(what)}  `}${places.map(placeText).join('  ')}\n`;
  });
  const more = leak.groups - leak.examples.length;
  const rest = more > 0 ? `      ${colors.muted(`... and ${formatCount(more)} more`)}\n` : '';
  return `${head}      ${colors.muted(parts.join('; '))}\n${examples.join('')}${rest}`;
}

const placeText = ({ file, line, target }: LeakPlace) =>
  `${harmless(file)}:${line}${target === null ? '' : ` (${target})`}`;
