/** @file A run folder without a training: as many functions, epochs and steps as a test of a page wants. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomStream } from '../../src/base/random.ts';
import type { NewEvent } from '../../src/runs/events.ts';

export interface FakeRunOptions {
  /** Scored in the test set; undefined: there is none. */
  readonly functions?: number;
  readonly epochs?: number;
  readonly steps?: number;
  readonly ending?: 'finished' | 'interrupted' | 'killed' | 'running';
  /** Put into every text of the run. */
  readonly text?: string;
  readonly dir?: string;
  readonly seed?: number;
  readonly learningRate?: number;
  /** How far the scores of P1s lie above the others. */
  readonly lift?: number;
}

export function fakeRun(options: FakeRunOptions = {}): string {
  const { epochs = 3, steps = 30, ending = 'finished', text = '', functions, seed = 1, lift = 0.2 } = options;
  const dir = options.dir ?? join(mkdtempSync(join(tmpdir(), 'vultune-page-')), 'run');
  const random = randomStream(seed, 'fake-run');
  const data: Record<string, unknown> = {};
  const metrics: Record<string, unknown> = { formatVersion: 1, threshold: 0.5 };
  if (functions !== undefined) {
    const sets = ['P1', 'P2', 'P3', 'P3'] as const;
    const records = Array.from({ length: functions }, (_, i) => {
      const set = sets[i % 4]!;
      return {
        id: `${text}${i}`,
        code: `function f${i}() {\n\treturn "${text}";\n}`,
        target: set === 'P1' ? 1 : 0,
        set,
        ...(set === 'P3' ? {} : { pair: `${text}pair${Math.floor(i / 4)}` }),
        project: `${text}p${i % 23}`,
        function_name: `${text}f${i}`,
        path: `${text}/src/f${i}.js`,
        language: i % 3 === 0 ? `${text}typescript` : 'javascript',
        cwe: [`CWE-${[79, 89, 22, 400][i % 4]}${text}`],
      };
    });
    const lines = `${records.map((record) => JSON.stringify(record)).join('\n')}${functions === 0 ? '' : '\n'}`;
    const path = join(dirname(dir), 'test.jsonl');
    mkdirSync(dirname(dir), { recursive: true });
    writeFileSync(path, lines);
    data.test_file = {
      path,
      sizeBytes: lines.length,
      sha256: createHash('sha256').update(lines).digest('hex'),
    };
    const predictions = records.map(({ id, target }) =>
      JSON.stringify({
        id,
        score: Math.min(1, random.uniform() * (1 - lift) + lift * target),
        label: 0,
        target,
      }),
    );
    write(join(dir, 'predictions', 'test.jsonl'), predictions);
    metrics.test = {
      threshold: 0.5,
      metrics: { roc_auc: 0.7, average_precision: 0.45, f1: 0.5 },
      intervals: { roc_auc: [0.61, 0.79], f1: [0.41, 0.59] },
      baselines: {
        lengthOnly: {
          label: `length only${text}`,
          metrics: { roc_auc: 0.6, average_precision: 0.4, f1: 0.55 },
          intervals: { roc_auc: [0.52, 0.68], average_precision: [0.31, 0.49], f1: [0.46, 0.63] },
          note: text,
        },
        random: { label: 'random', metrics: { roc_auc: 0.5, average_precision: 0.25, f1: 0.3 } },
      },
      blend: {
        label: 'blend',
        metrics: { roc_auc: 0.75 },
        intervals: { roc_auc: [0.66, 0.83] },
        note: `scan and predict use it${text}`,
      },
      shortfalls: [
        { baseline: 'lengthOnly', metric: 'averagePrecision', kind: 'unproven', sentence: 'not shown' },
        { baseline: 'lengthOnly', metric: 'f1', kind: 'notBetter', sentence: 'not better' },
      ],
    };
    metrics.blend = { used: true };
    metrics.truncation = {
      test: { functions, truncated: 7, pairs: 20, identical_pairs: 3, left_out: 0 },
    };
    write(join(dir, 'metrics.json'), [JSON.stringify(metrics)]);
  }
  const record = {
    formatVersion: 1,
    createdAt: '2026-11-21T10:00:00.000Z',
    config: {
      base_model: `model${text}`,
      learning_rate: options.learningRate ?? 1e-4,
      train_file: `t${text}`,
      seed,
    },
    environment: {
      versions: { vultune: `0${text}` },
      platform: text,
      cpuModel: text,
      cpuCount: 2,
      threads: 2,
      memoryBytes: 2 ** 34,
      device: 'cpu',
    },
    data,
  };
  write(join(dir, 'run.json'), [JSON.stringify(record)]);
  const events = eventsOf({ epochs, steps, ending }, random.uniform.bind(random));
  write(
    join(dir, 'events.jsonl'),
    events.map((event, i) => JSON.stringify({ timestampMs: 1.79e12 + 1000 * i, ...event })),
  );
  if (ending === 'running') write(join(dir, 'run.lock'), ['{}']);
  return dir;
}

function write(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

function eventsOf(
  { epochs, steps, ending }: { epochs: number; steps: number; ending: string },
  uniform: () => number,
): NewEvent[] {
  const events: NewEvent[] = [{ type: 'run_started', pid: 1, totalSteps: steps, trainFunctions: 16 * steps }];
  for (let step = 1; step <= steps; step++) {
    const epoch = (Math.max(1, epochs) * step) / steps;
    events.push({
      type: 'step',
      step,
      epoch,
      lossNats: 0.7 * Math.exp(-step / steps) + 0.1 * uniform(),
      learningRate: 1e-4 * (1 - step / steps),
      gradientNorm: 1 + uniform(),
      functions: 16,
      tokens: 4000,
      paddingTokens: 300,
      durationMs: 4000 + 500 * uniform(),
      memoryBytes: 2 ** 31,
    });
    if (epochs > 0 && Math.floor(epoch) > Math.floor((epochs * (step - 1)) / steps)) {
      const metrics = {
        log_loss: 0.7 - 0.05 * epoch + 0.04 * uniform(),
        f1: 0.4 + 0.08 * epoch,
        roc_auc: epoch === 1 ? null : 0.5 + 0.06 * epoch,
      };
      events.push({
        type: 'evaluation',
        step,
        epoch: Math.floor(epoch),
        split: 'valid',
        functions: 90,
        metrics,
        isBest: true,
        durationMs: 5,
      });
    }
  }
  if (ending === 'finished')
    events.push({ type: 'finished', step: steps, reason: 'epochs', bestStep: steps, durationMs: 1e5 });
  if (ending === 'interrupted')
    events.push({ type: 'interrupted', step: steps, checkpoint: 'checkpoints/last.safetensors' });
  return events;
}
