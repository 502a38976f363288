/** @file The page of one run. Decides the order of its parts and what stands at its head; how they are drawn is decided elsewhere. */
import type { Conclusion } from '../../evaluation/conclusion.ts';
import { html, type SafeHtml } from '../html/html.ts';
import { count, dateTime, duration, metric, percent, shortNumber } from '../kit/numbers.ts';
import { page, type Section } from '../kit/page.ts';
import { SORT_SCRIPT, THRESHOLD_SCRIPT } from '../kit/scripts.ts';
import { type KeyFigure, keyFigures } from '../kit/table.ts';
import { configurationSection } from './card-sections.ts';
import { cweSection } from './cwe-section.ts';
import { pairsSection } from './pairs-section.ts';
import type { RunReportData, RunStatus, SetReport } from './run-report-data.ts';
import {
  baselinesSection,
  curvesSection,
  mistakesSection,
  SET_NAMES,
  slicesSection,
  thresholdSection,
} from './set-sections.ts';
import { stepsSection, validationSection } from './training-section.ts';

export interface RunPageOptions {
  /** Above the title: the way back to the list, where there is one. */
  readonly kicker?: SafeHtml;
  /** Run after the page's own. */
  readonly scripts?: readonly string[];
}

/** One HTML document, complete in itself. */
export function runReportPage(run: RunReportData, options: RunPageOptions = {}): string {
  return page({
    title: run.name,
    kicker: options.kicker ?? 'Vultune · run report',
    lead: html`${verdictText(reportedSet(run))}${statusBadge(run.status)} ${leadText(run)}`,
    sections: runSections(run),
    footer:
      'Made by Vultune. A score is a hint where to look, not a verdict: labels come from fixing commits, and what a function calls is not seen.',
    scripts: [THRESHOLD_SCRIPT, SORT_SCRIPT, ...(options.scripts ?? [])],
  });
}

/** The first thing that a reader sees. */
export function verdictText(set: SetReport | undefined): SafeHtml | undefined {
  if (set === undefined) return undefined;
  return verdictLine(SET_NAMES[set.name], set.conclusion);
}

export function verdictLine(on: string, { sentence, ofBlend, good }: Conclusion): SafeHtml {
  return html`<p class="verdict ${good ? 'good' : 'bad'}"><strong>${on}: ${sentence}</strong> ${ofBlend}</p>`;
}

/** The test set where there is one; else validation, which chose the checkpoint and so flatters it. */
export const reportedSet = ({ sets }: RunReportData): SetReport | undefined =>
  sets.find(({ name }) => name === 'test') ?? sets[0];

export function runSections(run: RunReportData): Section[] {
  const set = reportedSet(run);
  const [steps, validation] = [stepsSection(run), validationSection(run)];
  const overview = overviewSection(run, set);
  if (set === undefined) return [overview, validation, steps, configurationSection(run)];
  return [
    overview,
    baselinesSection(set),
    curvesSection(set),
    pairsSection(
      set,
      run.truncation?.find(({ part }) => part === set.name),
    ),
    thresholdSection(set),
    slicesSection(set),
    ...(set.cwe === undefined ? [] : [cweSection(set.cwe, set.name)]),
    mistakesSection(set),
    validation,
    steps,
    configurationSection(run),
  ];
}

export function statusBadge(status: RunStatus): SafeHtml {
  return html`<span class="status ${status}">${status}</span>`;
}

function leadText({ settings, createdAt, step, totalSteps }: RunReportData): string {
  const base = settings.find(([name]) => name === 'base_model')?.[1];
  const steps = totalSteps === 0 ? 'not started' : `step ${count(step)} of ${count(totalSteps)}`;
  return [base, steps, `started ${dateTime(createdAt)}`].filter((part) => part !== undefined).join(' · ');
}

function overviewSection(run: RunReportData, set: SetReport | undefined): Section {
  const title = set === undefined ? 'So far' : SET_NAMES[set.name];
  const note =
    set === undefined
      ? 'No final evaluation yet; validation during training is below.'
      : set.name === 'valid'
        ? 'No test set was given: validation chose the checkpoint and the threshold, so these figures flatter the model.'
        : undefined;
  return {
    id: 'overview',
    title,
    shortTitle: 'Overview',
    ...(note === undefined ? {} : { note }),
    body: keyFigures([...(set === undefined ? bestFigures(run) : setFigures(set)), ...runFigures(run)]),
  };
}

function setFigures({ measured }: SetReport): KeyFigure[] {
  const { metrics } = measured.result;
  return (
    [
      ['rocAuc', 'ROC AUC'],
      ['averagePrecision', 'Average precision'],
      ['f1', 'F1'],
    ] as const
  ).map(([name, label]) => {
    const interval = measured.intervals[name];
    return {
      label,
      value: metric(metrics[name]),
      note:
        interval === undefined
          ? 'no interval'
          : `95%: ${metric(interval.low, 2)} to ${metric(interval.high, 2)}`,
    };
  });
}

function bestFigures({ epochs }: RunReportData): KeyFigure[] {
  const best = epochs.findLast(({ isBest }) => isBest);
  if (best === undefined) return [];
  return [
    {
      label: 'Validation ROC AUC',
      value: metric(best.metrics.roc_auc),
      note: `epoch ${shortNumber(best.epoch)}, the best so far`,
    },
    { label: 'Validation F1', value: metric(best.metrics.f1) },
  ];
}

function runFigures({ totals }: RunReportData): KeyFigure[] {
  const { tokensPerSecond, durationMs, paddingShare, peakMemoryBytes, tokens } = totals;
  return [
    {
      label: 'Tokens per second',
      value: tokensPerSecond === null ? '–' : shortNumber(tokensPerSecond),
      note: `${percent(paddingShare, 1)} padding`,
    },
    {
      label: 'Training',
      value: duration(durationMs),
      note: `${shortNumber(tokens)} tokens${peakMemoryBytes === null ? '' : `, ${(peakMemoryBytes / 2 ** 30).toFixed(1)} GB`}`,
    },
  ];
}
