/** @file Learning-rate schedules: a linear warm-up, then constant, linear or half a cosine to 0 (Transformers' names). */

export type SchedulerType = 'cosine' | 'linear' | 'constant';

export interface ScheduleOptions {
  readonly peak: number;
  readonly type: SchedulerType;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/** The learning rate of step `step`, counted from 0. */
export function learningRate({ peak, type, warmupSteps, totalSteps }: ScheduleOptions, step: number): number {
  if (step < warmupSteps) return (peak * step) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (type) {
    case 'constant':
      return peak;
    case 'linear':
      return peak * (1 - progress);
    case 'cosine':
      return (peak * (1 + Math.cos(Math.PI * progress))) / 2;
  }
}
