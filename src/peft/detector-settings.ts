/** @file vultune.json beside an adapter: what PEFT has no place for and a detector needs to be used as it was trained. */
import { VultuneError } from '../base/errors.ts';

/** How well the detector ranks functions that it was not trained on. */
export interface MeasuredRanking {
  /** `valid` chose the checkpoint and the threshold, and flatters. */
  readonly split: 'valid' | 'test';
  readonly functions: number;
  readonly rocAuc: number;
  /** 95 % bootstrap interval of it. */
  readonly low: number;
  readonly high: number;
}

export interface DetectorSettings {
  readonly formatVersion: 1;
  /** A score at or above it is called vulnerable; chosen on validation. */
  readonly threshold: number;
  readonly maxLength: number;
  readonly longFunctions: 'truncate' | 'head_tail' | 'drop';
  readonly pooling: 'last' | 'mean';
  /** Of the base model: `Checkpoint.fingerprint`. */
  readonly baseFingerprint: string;
  /** Of the training data, by the configuration's key. */
  readonly data: Readonly<Record<string, string>>;
  /** Score → probability, fitted on validation; `threshold` is on its scale. Read by those who know calibrations. */
  readonly calibration?: Readonly<Record<string, unknown>>;
  /** Missing where it could not be measured: no such functions, or all of one label. */
  readonly measured?: MeasuredRanking;
}

/** Throws ADAPTER_SETTINGS for a field that is not what it should be; a setting taken wrong would spoil every score. */
export function parseSettings(json: Readonly<Record<string, unknown>>, file: string): DetectorSettings {
  const require = (name: keyof DetectorSettings, holds: boolean, expected: string): void => {
    if (holds) return;
    const found = JSON.stringify(json[name]) ?? 'missing';
    throw new VultuneError('ADAPTER_SETTINGS', `"${name}" is ${found}, expected ${expected}`, {
      where: { file, name },
      hint: 'The file is written beside the adapter at the end of training, and not meant to be edited.',
    });
  };
  const oneOf = (name: keyof DetectorSettings, ...allowed: readonly string[]) =>
    require(name, allowed.includes(json[name] as string), allowed.map((x) => `"${x}"`).join(', '));
  require('formatVersion', json.formatVersion === 1, '1: it was written by another version of Vultune');
  require('threshold', Number.isFinite(json.threshold), 'a number');
  require('maxLength', Number.isInteger(json.maxLength) &&
    Number(json.maxLength) > 0, 'a positive whole number');
  oneOf('longFunctions', 'truncate', 'head_tail', 'drop');
  oneOf('pooling', 'last', 'mean');
  require('baseFingerprint', typeof json.baseFingerprint === 'string', 'a text');
  require('calibration', json.calibration === undefined ||
    (typeof json.calibration === 'object' && json.calibration !== null), 'a calibration');
  require('measured', json.measured === undefined || isMeasured(json.measured), 'a measured ranking');
  require('data', typeof json.data === 'object' && json.data !== null, 'fingerprints by name');
  return json as unknown as DetectorSettings;
}

function isMeasured(value: unknown): value is MeasuredRanking {
  if (typeof value !== 'object' || value === null) return false;
  const { split, functions, rocAuc, low, high } = value as Record<string, unknown>;
  return (split === 'valid' || split === 'test') && [functions, rocAuc, low, high].every(Number.isFinite);
}
