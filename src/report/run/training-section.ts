/** @file The part of a run's page about training: validation per epoch, then what each step did. */
import { html, type SafeHtml } from '../html/html.ts';
import { lineChart, type Point } from '../kit/charts.ts';
import { metric, shortNumber } from '../kit/numbers.ts';
import type { Section } from '../kit/page.ts';
import { dataTable, emptyNote } from '../kit/table.ts';
import { COLOR } from '../kit/theme.ts';
import type { EpochPoint, RunReportData, StepPoint } from './run-report-data.ts';

const EPOCH = { label: 'Epoch', isWhole: true } as const;

/** Figures 1 and 2 of the QLoRA reproduction: loss, F1 and ROC AUC of validation over the epochs. */
export function validationSection({ epochs }: RunReportData): Section {
  const body =
    epochs.length === 0
      ? emptyNote('No validation yet, so no checkpoint is chosen yet.')
      : html`<div class="grid">${[
          validationChart(epochs, 'log_loss', 'Validation loss', 'Loss per function (nats)'),
          validationChart(epochs, 'f1', 'Validation F1', 'F1, at its best threshold', [0, 1]),
          validationChart(epochs, 'roc_auc', 'Validation ROC AUC', 'Area under the curve', [0, 1]),
        ]}</div>${epochTable(epochs)}`;
  return {
    id: 'validation',
    title: 'Validation',
    note: 'After each epoch, on functions the model was not trained on. The best checkpoint is kept.',
    body,
  };
}

function validationChart(
  epochs: readonly EpochPoint[],
  name: string,
  title: string,
  label: string,
  domain?: readonly [number, number],
): SafeHtml {
  const points = epochs.flatMap(({ epoch, metrics }): Point[] => {
    const value = metrics[name];
    return value === null || value === undefined ? [] : [[epoch, value]];
  });
  return lineChart({
    title,
    x: EPOCH,
    y: { label, ...(domain === undefined ? {} : { domain }) },
    series: [{ label: title, points, hasDots: true }],
    ...(name === 'roc_auc' ? { level: 0.5 } : {}),
  });
}

const EPOCH_COLUMNS = [
  ['log_loss', 'Loss'],
  ['f1', 'F1'],
  ['roc_auc', 'ROC AUC'],
  ['average_precision', 'AP'],
] as const;

function epochTable(epochs: readonly EpochPoint[]): SafeHtml {
  return dataTable({
    caption: 'Validation by epoch',
    note: 'The checkpoint that is kept is marked.',
    columns: [
      { heading: 'Epoch' },
      { heading: 'Step', isNumber: true },
      ...EPOCH_COLUMNS.map(([, heading]) => ({ heading, isNumber: true })),
    ],
    rows: epochs.map(({ epoch, step, metrics }, i) => ({
      isOwn: i === epochs.findLastIndex(({ isBest }) => isBest),
      cells: [shortNumber(epoch), step, ...EPOCH_COLUMNS.map(([name]) => metric(metrics[name]))],
    })),
  });
}

export function stepsSection({ steps, totals }: RunReportData): Section {
  const body =
    steps.length === 0
      ? emptyNote('No steps yet.')
      : html`<div class="grid">${[
          stepChart(steps, 'Training loss', 'Loss per function (nats)', (step) => step.lossNats),
          stepChart(steps, 'Learning rate', '', (step) => step.learningRate),
          stepChart(steps, 'Gradient norm', 'Before clipping', (step) => step.gradientNorm),
          stepChart(steps, 'Tokens per second', 'Without padding', (step) => step.tokensPerSecond),
          stepChart(steps, 'Padding', 'Share of computed tokens', (step) => 100 * step.paddingShare, '%'),
        ]}</div>`;
  const stood = Math.ceil(totals.steps / Math.max(1, steps.length));
  return {
    id: 'steps',
    title: 'Training steps',
    shortTitle: 'Steps',
    note:
      stood > 1 ? `Each point is the mean of ${stood} optimiser steps.` : 'Each point is one optimiser step.',
    body,
  };
}

function stepChart(
  steps: readonly StepPoint[],
  title: string,
  note: string,
  of: (step: StepPoint) => number,
  unit = '',
): SafeHtml {
  const raw = steps.map((step): Point => [step.epoch, of(step)]);
  const highest = Math.max(...raw.map(([, value]) => value));
  const hasTrend = steps.length >= 30 && title === 'Training loss';
  return lineChart({
    title,
    ...(note === '' ? {} : { note }),
    x: { label: 'Epoch', domain: [0, Math.max(1e-9, raw.at(-1)![0])] },
    y: {
      label: '',
      domain: [0, highest === 0 ? 1 : highest * 1.05],
      format: (value) => `${shortNumber(value)}${unit === '' ? '' : ` ${unit}`}`,
    },
    height: 180,
    series: hasTrend
      ? [
          { label: 'steps', points: raw, isMuted: true, color: COLOR.accent },
          { label: 'running mean', points: runningMean(raw), color: COLOR.accent },
        ]
      : [{ label: title, points: raw }],
  });
}

/** Exponential, over about a tenth of the run, corrected for its start. */
function runningMean(points: readonly Point[]): Point[] {
  const keep = 1 - 10 / points.length;
  let [mean, weight] = [0, 0];
  return points.map(([x, y]) => {
    mean = keep * mean + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    return [x, mean / weight];
  });
}
