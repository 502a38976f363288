/** @file Metric names as files and configurations write them (snake_case), and their values as events hold them. */
import { type Metric, type MetricName, type MetricValues, metricNames, metricRegistry } from './registry.ts';

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function metricNamed(stored: string): MetricName {
  const name = metricNames.find((candidate) => snake(candidate) === stored);
  if (name === undefined) throw new Error(`internal error: no metric is called ${stored}`);
  return name;
}

/** Values by snake_case name, null where a metric is not defined. */
export function snakeMetrics(values: MetricValues): Record<string, number | null> {
  return Object.fromEntries(metricNames.map((name) => [snake(name), values[name] ?? null]));
}

/** The same of anything kept by metric. */
export function snakeKeys<T>(byName: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(byName).map(([name, value]) => [snakeName(name), value]));
}

/** The name of a metric or another figure; P-C is a name of its own and stays. */
export const snakeName = (name: string) => (name.startsWith('P-') ? name : snake(name));

/** For comparing checkpoints: higher is better, undefined is worst. */
export function decisiveValue(values: MetricValues, name: MetricName): number {
  const metric: Metric = metricRegistry[name];
  const value = values[name];
  if (value === undefined) return Number.NEGATIVE_INFINITY;
  return metric.better === 'higher' ? value : -value;
}
