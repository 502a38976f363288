/** @file A run's events for people: the live line while it trains, a line that stays for each evaluation and epoch. */
import type { NewEvent } from '../../runs/events.ts';
import { formatDuration, formatMetric } from '../display/numbers.ts';
import { type Progress, startProgress } from '../display/progress.ts';
import type { Terminal } from '../display/terminal.ts';

/** Steps whose speed is averaged: one step's says little, the whole run's hides a change. */
const WINDOW = 8;

type StepEvent = Extract<NewEvent, { type: 'step' }>;

export class TrainingDisplay {
  readonly #progress: Progress;
  readonly #metric: string;
  readonly #epochs: number;
  readonly #recent: StepEvent[] = [];
  #step: number;
  #phase = '';

  constructor(terminal: Terminal, run: { totalSteps: number; step: number; epochs: number; metric: string }) {
    this.#progress = startProgress({ label: 'training', total: run.totalSteps, unit: 'steps' }, terminal);
    this.#metric = run.metric;
    this.#epochs = run.epochs;
    this.#step = run.step;
    this.#progress.update({ done: run.step });
  }

  show(event: NewEvent): void {
    switch (event.type) {
      case 'step':
        this.#showStep(event);
        break;
      case 'evaluation': {
        const value = event.metrics[this.#metric];
        const best = event.isBest ? ', best so far' : '';
        this.#progress.log(
          `step ${event.step}  validation ${this.#metric} ${formatMetric(value)}${best}  (${formatDuration(event.durationMs)})`,
        );
        break;
      }
      case 'epoch':
        this.#progress.log(
          `epoch ${event.epoch}/${this.#epochs}  mean loss ${event.meanLossNats.toFixed(4)}  ${formatDuration(event.durationMs)}`,
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

  /** While validation functions are scored. */
  evaluating(done: number, total: number): void {
    this.#progress.update({ done: this.#step, phase: `validation ${done}/${total}` });
  }

  stop(summary?: string): void {
    this.#progress.stop(summary);
  }

  #showStep(event: StepEvent): void {
    this.#step = event.step;
    this.#recent.push(event);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    const sum = (pick: (step: StepEvent) => number) => this.#recent.reduce((s, step) => s + pick(step), 0);
    const seconds = sum((step) => step.durationMs) / 1000;
    const tokens = sum((step) => step.tokens);
    const padding = sum((step) => step.paddingTokens);
    const epoch = Math.min(this.#epochs, Math.ceil(event.epoch));
    this.#phase = `epoch ${epoch}/${this.#epochs}`;
    this.#progress.update({
      done: event.step,
      phase: this.#phase,
      lossNats: sum((step) => step.lossNats * step.functions) / sum((step) => step.functions),
      tokensPerSecond: tokens / seconds,
      functionsPerSecond: sum((step) => step.functions) / seconds,
      paddingShare: padding / (tokens + padding),
      memoryBytes: event.memoryBytes,
    });
  }
}
