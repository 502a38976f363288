/** @file Thousands of steps → a few hundred points, each the mean of its neighbours: a chart has no more pixels. */
import type { Step } from '../../runs/events.ts';
import type { StepPoint } from './run-report-data.ts';

const MOST_POINTS = 300;

export function thinSteps(steps: readonly Step[], most = MOST_POINTS): StepPoint[] {
  const size = Math.max(1, Math.ceil(steps.length / most));
  return Array.from({ length: Math.ceil(steps.length / size) }, (_, i) =>
    meanOf(steps.slice(i * size, (i + 1) * size)),
  );
}

/** Loss by function; rates by what they are rates of. */
function meanOf(steps: readonly Step[]): StepPoint {
  const sum = (of: (step: Step) => number) => steps.reduce((total, step) => total + of(step), 0);
  const [functions, tokens, padding, ms] = [
    sum((step) => step.functions),
    sum((step) => step.tokens),
    sum((step) => step.paddingTokens),
    sum((step) => step.durationMs),
  ];
  return {
    epoch: steps.at(-1)!.epoch,
    lossNats: functions === 0 ? 0 : sum((step) => step.lossNats * step.functions) / functions,
    learningRate: sum((step) => step.learningRate) / steps.length,
    gradientNorm: sum((step) => step.gradientNorm) / steps.length,
    tokensPerSecond: ms === 0 ? 0 : (1000 * tokens) / ms,
    paddingShare: tokens + padding === 0 ? 0 : padding / (tokens + padding),
  };
}
