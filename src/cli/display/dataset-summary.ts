/** @file A dataset build for people: its progress, and a summary of what was kept, dropped and left out. */

import { formatCount, formatPercent } from '../../base/numbers.ts';
import type { BuildResult } from '../../dataset/build/npm/build-npm-dataset.ts';
import type { OnProgress } from '../../dataset/build/progress.ts';
import type { RunningTask } from '../../workflows/context.ts';
import { startProgress } from './progress.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface BuildDisplay {
  readonly onProgress: OnProgress;
  /** Takes the line away, if there is one. */
  stop(): void;
}

export function buildDisplay(terminal: Terminal): BuildDisplay {
  let progress: RunningTask | undefined;
  return {
    onProgress({ stage, done, total, message }) {
      if (stage !== 'fetch') {
        progress?.stop();
        return;
      }
      progress ??= startProgress({ label: 'releases', total, unit: 'packages' }, terminal);
      progress.update({ done, phase: message });
    },
    stop: () => progress?.stop(),
  };
}

/**
 * Splits as a table, then the reasons of what was dropped (not when `brief`: the dataset's card has them), then the
 * packages that could not be had.
 */
export function datasetSummary(
  { info, leftOut }: BuildResult,
  terminal: Terminal,
  { brief = false }: { readonly brief?: boolean } = {},
): string {
  const columns = [
    { heading: '' },
    ...['functions', 'vulnerable (P1)', 'fixed (P2)', 'other (P3)', 'packages'].map(
      (heading) => ({ heading, align: 'right' }) as const,
    ),
  ];
  const rows = Object.entries(info.splits).map(([split, counts]) => [
    split,
    ...[counts.functions, counts.P1, counts.P2, counts.P3, counts.packages].map(formatCount),
  ]);
  const { entries, packages, functions } = info.advisories;
  return [
    `from ${formatCount(entries)} fixes of ${formatCount(packages)} packages, which name ${formatCount(functions)} functions\n\n`,
    renderTable(columns, rows, terminal),
    brief ? '' : `\n${dropped(info.counts, terminal)}`,
    leftOutText(leftOut, entries, terminal),
  ].join('');
}

function dropped(counts: BuildResult['info']['counts'], terminal: Terminal): string {
  const rows = Object.entries(counts).flatMap(([what, reasons]) =>
    Object.entries(reasons).map(([reason, count]) => [what, formatCount(count), reason]),
  );
  const columns = [
    { heading: 'functions' },
    { heading: '', align: 'right' },
    { heading: 'kept, or why not' },
  ] as const;
  return renderTable(columns, rows, terminal);
}

/** One line per reason: a registry that is down says the same of every package. */
function leftOutText(leftOut: BuildResult['leftOut'], entries: number, { colors }: Terminal): string {
  if (leftOut.length === 0) return '';
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))];
  const lines = reasons.map((reason) => {
    const names = [
      ...new Set(leftOut.filter((entry) => entry.reason === reason).map((entry) => entry.package)),
    ];
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    return `  ${reason}: ${names.slice(0, 5).join(', ')}${more}\n`;
  });
  const share = formatPercent(leftOut.length / entries);
  return `\n${colors.warning(`${leftOut.length} of ${entries} fixes (${share}) left out: their packages could not be fetched`)}\n${lines.join('')}`;
}
