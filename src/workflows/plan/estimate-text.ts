/** @file What a training will take, in sentences: the same for `plan` and `train --dry-run`. */
import { formatBytes, formatCount, formatDuration } from '../../base/numbers.ts';
import { DISK_PARTS } from './disk.ts';
import type { EstimatedChange, TrainingEstimate } from './estimate.ts';
import { MEMORY_PARTS } from './memory.ts';
import { TIME_PARTS } from './time.ts';

export interface EstimateText {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

export function describeEstimate(estimate: TrainingEstimate): EstimateText {
  const { functions, tokensPerEpoch, steps, epochs, memory, disk, time, earlierRun, weightFormat } = estimate;
  const notes = [
    `${formatCount(functions)} functions and ${formatCount(tokensPerEpoch)} tokens an epoch; ${formatCount(steps)} optimiser steps in ${epochs} epochs`,
    `memory: about ${formatBytes(memory.peakBytes)} of ${formatBytes(memory.limitBytes)}, estimated: ${listed(MEMORY_PARTS, memory.parts, formatBytes)} (base weights in ${weightFormat})`,
  ];
  if (disk.places.length > 0) {
    const places = disk.places.map(
      ({ folder, neededBytes, freeBytes }) =>
        `about ${formatBytes(neededBytes)} of the ${formatBytes(freeBytes)} left at ${folder}`,
    );
    notes.push(`disk: ${places.join(', ')}: ${listed(DISK_PARTS, disk.parts, formatBytes)}`);
  }
  notes.push(
    `time: about ${formatDuration(time.totalMs)} on this machine, by a block of these widths measured ${time.measuredAt.slice(0, 10)}: ${listed(TIME_PARTS, time.parts, formatDuration)}`,
  );
  if (earlierRun !== null) {
    notes.push(`at the speed of ${earlierRun.run} the steps take ${formatDuration(earlierRun.stepsMs)}`);
  }
  const warnings: string[] = [];
  if (!memory.fits) {
    warnings.push(
      `the training may need about ${formatBytes(memory.peakBytes)}, more than the ${formatBytes(memory.limitBytes)} that this process may use${advised(estimate.changes)}`,
    );
  } else if (estimate.changes.length > 0) {
    warnings.push(`the training may take about ${formatDuration(time.totalMs)}${advised(estimate.changes)}`);
  }
  for (const { folder, neededBytes, freeBytes } of disk.places) {
    if (neededBytes <= freeBytes) continue;
    warnings.push(
      `the training may write about ${formatBytes(neededBytes)} at ${folder}, which has ${formatBytes(freeBytes)} left: free some, or move output_dir or cache_dir, or lower feature_cache_max_gb`,
    );
  }
  return { notes, warnings };
}

/** Parts that are there, in their order. */
function listed<K extends string>(
  names: readonly K[],
  parts: Readonly<Record<K, number>>,
  format: (value: number) => string,
): string {
  return names
    .filter((name) => parts[name] > 0)
    .map((name) => `${name} ${format(parts[name])}`)
    .join(', ');
}

function advised(changes: readonly EstimatedChange[]): string {
  if (changes.length === 0) return '; no key of the configuration would change that: use a smaller model';
  const each = changes.map(({ setting, peakBytes, fits, totalMs }) => {
    const time = totalMs === null ? '' : ` and ${formatDuration(totalMs)}`;
    return `${setting} makes it ${formatBytes(peakBytes)}${time}${fits ? '' : ', still too much alone'}`;
  });
  return `; ${each.join('; ')}`;
}
