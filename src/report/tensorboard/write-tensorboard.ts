/** @file A run's events as a TensorBoard event file. Lost steps are left out: the curve is that of the run as it ended. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { type RunEvent, withoutLostSteps } from '../../runs/events.ts';
import { openRun, runEvents } from '../../runs/run-folder.ts';
import { encodeFileVersion, encodeScalars, type ScalarEvent } from './event-message.ts';
import { frameRecord } from './tf-record.ts';

/**
 * The same run gives the same file, so that a second call replaces the first. Returns its path.
 * @throws VultuneError as `openRun`, `RUN_EVENTS_BROKEN`, and what writing throws.
 */
export function writeTensorboard(runDir: string, folder: string): string {
  const run = openRun(runDir);
  const createdAt = Math.floor(Date.parse(run.record.createdAt) / 1000);
  const path = join(folder, `events.out.tfevents.${createdAt}.vultune`);
  const messages = withoutLostSteps(runEvents(run)).flatMap((event) => scalarsOf(event) ?? []);
  const records = [encodeFileVersion(createdAt), ...messages.map(encodeScalars)];
  writeFileAtomic(path, Buffer.concat(records.map(frameRecord)));
  return path;
}

function scalarsOf(event: RunEvent): ScalarEvent | undefined {
  const at = (step: number, scalars: ScalarEvent['scalars']) => ({
    wallTime: event.timestampMs / 1000,
    step,
    scalars,
  });
  if (event.type === 'step') {
    return at(event.step, {
      'train/loss': event.lossNats,
      'train/learning_rate': event.learningRate,
      'train/gradient_norm': event.gradientNorm,
      'speed/tokens_per_second': event.durationMs === 0 ? 0 : (1000 * event.tokens) / event.durationMs,
      'speed/padding_share': event.paddingTokens / Math.max(1, event.tokens + event.paddingTokens),
      'memory/resident_bytes': event.memoryBytes,
    });
  }
  if (event.type !== 'evaluation') return undefined;
  const defined = Object.entries(event.metrics).filter(
    (entry): entry is [string, number] => entry[1] !== null,
  );
  return at(
    event.step,
    Object.fromEntries(defined.map(([name, value]) => [`${event.split}/${name}`, value])),
  );
}
