/** @file A run's events for people: the live line while it trains, a line that stays for each evaluation and epoch. */
import type { NewEvent } from '../../runs/events.ts';
import type { RunningTask } from '../../workflows/context.ts';
import { formatDuration, formatMetric } from '../display/numbers.ts';
import { startProgress } from '../display/progress.ts';
import type { Terminal } from '../display/terminal.ts';
import { isValidationDue, trainingTimeLeftMs, validationsAfter } from './training-estimate.ts';

/** Steps whose speed is averaged: one step's says little, the whole run's hides a change. */
const WINDOW = 8;
/** Steps are of different lengths; for the time left more of them are averaged. */
const PACE_WINDOW = 32;

type StepEvent = Extract<NewEvent, { type: 'step' }>;

export interface DisplayedRun {
  readonly totalSteps: number;
  readonly step: number;
  readonly epochs: number;
  readonly evaluateEvery: number | 'epoch' | undefined;
  readonly metric: string;
}

export class TrainingDisplay {
  readonly #progress: RunningTask;
  readonly #run: DisplayedRun;
  readonly #now: () => number;
  readonly #recent: StepEvent[] = [];
  #step: number;
  #evaluatedAt: number | undefined;
  #validation: { readonly startedAtMs: number; done: number; total: number } | undefined;
  #msPerValidation: number | undefined;

  constructor(terminal: Terminal, run: DisplayedRun, now: () => number = Date.now) {
    this.#run = run;
    this.#now = now;
    this.#step = run.step;
    this.#progress = startProgress(
      { label: 'training', total: run.totalSteps, unit: 'steps' },
      terminal,
      now,
    );
    this.#progress.update({ done: run.step });
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
        this.#progress.log(
          `step ${event.step}  validation ${metric} ${formatMetric(value)}${best}  (${formatDuration(event.durationMs)})`,
        );
        break;
      }
      case 'epoch':
        this.#progress.log(
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
    this.#progress.update({
      done: this.#step,
      phase: `validation ${done}/${total}`,
      lossNats: undefined,
      tokensPerSecond: undefined,
      paddingShare: undefined,
      functionsPerSecond: done > 0 && seconds > 0 ? done / seconds : undefined,
      remainingMs: this.#remainingMs(),
    });
  }

  stop(summary?: string): void {
    this.#progress.stop(summary);
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
    this.#progress.update({
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
