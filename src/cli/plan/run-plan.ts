/** @file `vultune plan`: prints tables of memory, disk and time, or JSON; writes a plan folder where asked. */
import { join } from 'node:path';
import { formatBytes, formatDuration } from '../../base/numbers.ts';
import { DISK_PARTS } from '../../workflows/plan/disk.ts';
import { MEMORY_PARTS } from '../../workflows/plan/memory.ts';
import { planRun, type RunPlan } from '../../workflows/plan/plan.ts';
import { TIME_PARTS } from '../../workflows/plan/time.ts';
import { planForClusters } from '../../workflows/torch/plan-for-clusters.ts';
import type { TrainRequest } from '../../workflows/train/train.ts';
import type { PlanOptions } from '../commands/plan.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';

export async function runPlan(
  request: TrainRequest,
  { json, out }: PlanOptions,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  const plan = await planRun(request, reporting(context));
  if (json) stdout.write(`${JSON.stringify(planJson(plan), null, 2)}\n`);
  else {
    stdout.write(planText(plan, stdout));
    for (const note of plan.notes) stdout.write(`${harmless(note)}\n`);
    for (const warning of plan.warnings)
      stderr.write(`${stderr.colors.bad('warning:')} ${harmless(warning)}\n`);
  }
  if (out === undefined) return;
  const { folder, totalSteps, functions } = await planForClusters(request, out, reporting(context));
  stderr.write(
    `${harmless(folder)}: ${totalSteps} steps over ${functions} functions; train with python ${harmless(join(folder, 'run_plan.py'))} ${harmless(folder)} RUN\n`,
  );
}

/** Part by part; the sentences of the plan stand below it. */
export function planText({ estimate }: RunPlan, terminal: Terminal): string {
  const { memory, disk, time } = estimate;
  const rows = [
    ...rowsOf('memory', MEMORY_PARTS, memory.parts, memory.peakBytes, formatBytes),
    ...rowsOf('disk', DISK_PARTS, disk.parts, undefined, formatBytes),
    ...rowsOf('time', TIME_PARTS, time.parts, time.totalMs, formatDuration),
  ];
  const columns = [{ heading: '' }, { heading: 'part' }, { heading: 'about', align: 'right' as const }];
  return `${renderTable(columns, rows, terminal)}\n`;
}

function rowsOf<K extends string>(
  what: string,
  names: readonly K[],
  parts: Readonly<Record<K, number>>,
  total: number | undefined,
  format: (value: number) => string,
): string[][] {
  const rows = names.filter((name) => parts[name] > 0).map((name) => ['', name, format(parts[name])]);
  if (total !== undefined) rows.push(['', 'total', format(total)]);
  const [first] = rows;
  if (first !== undefined) first[0] = what;
  return rows;
}

export function planJson({ estimate, notes, warnings }: RunPlan): object {
  const { functions, tokensPerEpoch, epochs, steps, weightFormat, memory, disk, time, earlierRun, changes } =
    estimate;
  return {
    functions,
    tokens_per_epoch: tokensPerEpoch,
    epochs,
    steps,
    weight_format: weightFormat,
    memory: {
      peak_bytes: memory.peakBytes,
      limit_bytes: memory.limitBytes,
      fits: memory.fits,
      parts: memory.parts,
    },
    disk: {
      fits: disk.fits,
      parts: disk.parts,
      places: disk.places.map(({ folder, neededBytes, freeBytes }) => ({
        folder,
        needed_bytes: neededBytes,
        free_bytes: freeBytes,
      })),
    },
    time: { total_ms: time.totalMs, measured_at: time.measuredAt, parts: time.parts },
    earlier_run: earlierRun === null ? null : { run: earlierRun.run, steps_ms: earlierRun.stepsMs },
    changes: changes.map(({ setting, peakBytes, fits, totalMs }) => ({
      setting,
      peak_bytes: peakBytes,
      fits,
      total_ms: totalMs,
    })),
    notes,
    warnings,
  };
}
