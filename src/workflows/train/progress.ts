/** @file A run's events as a task: speed and time left while it trains, a line that stays for each evaluation and epoch. */
import { formatDuration, formatMetric } from '../../base/numbers.ts';
import type { NewEvent } from '../../runs/events.ts';
import type { Reporter, RunningTask } from '../context.ts';
import { isValidationDue, trainingTimeLeftMs, validationsAfter } from './time-left.ts';

/** Steps whose speed is averaged: one step's says little, the whole run's hides a change. */
const WINDOW = 8;
/** Steps are of different lengths; for the time left more of them are averaged. */
const PACE_WINDOW = 32;

type StepEvent = Extract<NewEvent, { type: 'step' }>;

export interface ReportedRun {
  readonly totalSteps: number;
  readonly step: number;
  readonly epochs: number;
  readonly evaluateEvery: number | 'epoch' | undefined;
  readonly metric: string;
}

export class TrainingProgress {
  readonly #task: RunningTask;
  readonly #run: ReportedRun;
  readonly #now: () => number;
  readonly #recent: StepEvent[] = [];
  #step: number;
  #evaluatedAt: number | undefined;
  #validation: { readonly startedAtMs: number; done: number; total: number } | undefined;
  #msPerValidation: number | undefined;

  constructor(report: Reporter, run: ReportedRun, now: () => number = Date.now) {
    this.#run = run;
    this.#now = now;
    this.#step = run.step;
    this.#task = report.task({ label: 'training', total: run.totalSteps, unit: 'steps' });
    this.#task.update({ done: run.step });
  }

  show(event: NewEvent): void {
    switch (event.type) {
      case 'step':
        this.#showStep(event);
        break;
      case 'evaluation': {
        this.#validation = undefined;
        this.#evaluatedAt = event.step;
        this.#msPerValidation = event.durationMs;
        const { metric } = this.#run;
        const value = event.metrics[metric];
        const best = event.isBest ? ', best so far' : '';
        this.#task.log(
          `step ${event.step}  validation ${metric} ${formatMetric(value)}${best}  (${formatDuration(event.durationMs)})`,
        );
        break;
      }
      case 'epoch':
        this.#task.log(
          `epoch ${event.epoch}/${this.#run.epochs}  mean loss ${event.meanLossNats.toFixed(4)}  ${formatDuration(event.durationMs)}`,
        );
        break;
      case 'run_started':
      case 'checkpoint':
      case 'resumed':
      case 'interrupted':
      case 'finished':
        break;
    }
  }

  /** While validation functions are scored: their speed and the time of it all, no longer those of the last step. */
  evaluating(done: number, total: number): void {
    this.#validation ??= { startedAtMs: this.#now(), done, total };
    Object.assign(this.#validation, { done, total });
    const seconds = (this.#now() - this.#validation.startedAtMs) / 1000;
    this.#task.update({
      done: this.#step,
      phase: `validation ${done}/${total}`,
      lossNats: undefined,
      tokensPerSecond: undefined,
      paddingShare: undefined,
      functionsPerSecond: done > 0 && seconds > 0 ? done / seconds : undefined,
      remainingMs: this.#remainingMs(),
    });
  }

  /** While functions are scored for active sampling. */
  choosing(done: number, total: number): void {
    this.#task.update({ done: this.#step, phase: `active sampling ${done}/${total}` });
  }

  stop(summary?: string): void {
    this.#task.stop(summary);
  }

  #showStep(event: StepEvent): void {
    this.#step = event.step;
    this.#recent.push(event);
    if (this.#recent.length > PACE_WINDOW) this.#recent.shift();
    const last = this.#recent.slice(-WINDOW);
    const sum = (pick: (step: StepEvent) => number) => last.reduce((s, step) => s + pick(step), 0);
    const seconds = sum((step) => step.durationMs) / 1000;
    const tokens = sum((step) => step.tokens);
    const padding = sum((step) => step.paddingTokens);
    const epoch = Math.min(this.#run.epochs, Math.ceil(event.epoch));
    this.#task.update({
      done: event.step,
      phase: `epoch ${epoch}/${this.#run.epochs}`,
      lossNats: sum((step) => step.lossNats * step.functions) / sum((step) => step.functions),
      tokensPerSecond: tokens / seconds,
      functionsPerSecond: sum((step) => step.functions) / seconds,
      paddingShare: padding / (tokens + padding),
      memoryBytes: event.memoryBytes,
      remainingMs: this.#remainingMs(),
    });
  }

  #remainingMs(): number | null {
    const { totalSteps, evaluateEvery } = this.#run;
    const last = this.#recent.at(-1);
    const validation = this.#validation;
    const position = { step: this.#step, totalSteps, epoch: last?.epoch ?? 0 };
    const leftMs = trainingTimeLeftMs({
      stepsLeft: totalSteps - this.#step,
      msPerStep:
        last === undefined
          ? undefined
          : this.#recent.reduce((sum, { durationMs }) => sum + durationMs, 0) / this.#recent.length,
      validation:
        validation === undefined
          ? undefined
          : { ...validation, elapsedMs: this.#now() - validation.startedAtMs },
      isValidationDue:
        last !== undefined && this.#evaluatedAt !== this.#step && isValidationDue(position, evaluateEvery),
      validationsLeft: last === undefined ? 0 : validationsAfter(position, evaluateEvery),
      msPerValidation: this.#msPerValidation,
    });
    return leftMs ?? null;
  }
}
