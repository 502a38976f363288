/**
 * @file What a detector's scores are and what they mean, as its folder says: the model's own, calibrated, or those of the blend; and
 * the operating points, base rate and measured ranking on that scale. Known before any model is opened.
 */
import { join } from 'node:path';
import type { AdapterHeader } from '../adapters/files/adapter-files.ts';
import type { AlarmBudget } from '../evaluation/alarm-budget.ts';
import { readBlend, type StoredBlend } from '../evaluation/blend/blend-file.ts';
import type { Calibration } from '../evaluation/calibration/calibration.ts';
import { parseCalibration } from '../evaluation/calibration/parse-calibration.ts';
import type { MeasuredRanking } from '../evaluation/measured-ranking.ts';
import { UNKNOWN_PREVALENCE } from '../evaluation/prevalence.ts';
import { DEFAULT_THRESHOLD } from '../evaluation/threshold.ts';

/** `auto`: the adapter's blend where it ranked validation better than the model alone. `off`: the model alone. */
export type BlendChoice = 'auto' | 'off';

export interface AdapterScale {
  /** Undefined where scores are the model's own. */
  readonly blend: StoredBlend | undefined;
  /** The model's own scores, whether or not they are the ones that are given. */
  readonly calibration: Calibration | undefined;
  /** With the best F1 on validation; 0.5 where the adapter does not say. */
  readonly threshold: number;
  readonly thresholdFrom: 'adapter' | 'fixed';
  /** Undefined for older adapters and those of other tools. */
  readonly alarmBudget: AlarmBudget | undefined;
  /** Share of vulnerable functions at which scores are probabilities. */
  readonly prevalence: number;
  readonly measured: MeasuredRanking | undefined;
}

/** Throws ADAPTER_SETTINGS, ADAPTER_BLEND. */
export function adapterScale(header: AdapterHeader, choice: BlendChoice = 'auto'): AdapterScale {
  const calibration = adapterCalibration(header);
  const stored = choice === 'off' ? undefined : readBlend(header.folder);
  if (stored?.blend.used) {
    const { threshold, alarmBudget, prevalence, measured } = stored.blend;
    const own = { threshold, thresholdFrom: 'adapter', alarmBudget, prevalence, measured } as const;
    return { blend: stored, calibration, ...own };
  }
  const { settings } = header;
  return {
    blend: undefined,
    calibration,
    threshold: settings?.threshold ?? DEFAULT_THRESHOLD,
    thresholdFrom: settings === undefined ? 'fixed' : 'adapter',
    alarmBudget: settings?.alarmBudget,
    prevalence: calibration?.prevalence ?? UNKNOWN_PREVALENCE,
    measured: settings?.measured,
  };
}

/** Throws ADAPTER_SETTINGS. */
export function adapterCalibration({ folder, settings }: AdapterHeader): Calibration | undefined {
  if (settings?.calibration === undefined) return undefined;
  return parseCalibration(settings.calibration, join(folder, 'vultune.json'));
}
