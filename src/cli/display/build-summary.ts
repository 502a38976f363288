/** @file A build out of fixes for people: its progress, and a summary of what was kept and what was left out. */

import type { BuildInfo } from '../../dataset/builder/build-info.ts';
import { partWarnings } from '../../dataset/part-warnings.ts';
import type { BuildProgress, OnProgress } from '../../dataset/progress.ts';
import { harmless } from './harmless-text.ts';
import { formatCount } from './numbers.ts';
import { type Progress, startProgress } from './progress.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface BuildProgressDisplay {
  readonly onProgress: OnProgress;
  stop(): void;
}

const LABELS: Partial<Record<BuildProgress['phase'], string>> = { list: 'listing', fetch: 'reading' };

export function buildProgress(terminal: Terminal): BuildProgressDisplay {
  let progress: { readonly phase: string; readonly bar: Progress } | undefined;
  const stop = () => {
    progress?.bar.stop();
    progress = undefined;
  };
  return {
    onProgress({ phase, done, total, message }) {
      if (progress?.phase !== phase) {
        stop();
        const label = LABELS[phase] ?? phase;
        progress = {
          phase,
          bar: startProgress({ label, total: total === 0 ? undefined : total, unit: 'steps' }, terminal),
        };
      }
      progress.bar.update({ done, ...(total === 0 ? {} : { total }), phase: harmless(message) });
    },
    stop,
  };
}

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
