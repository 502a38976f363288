/** @file vultune.json beside an adapter: what PEFT has no place for and a detector needs to be used as it was trained. */
import { type AlarmBudget, alarmBudgetSchema } from '../../evaluation/alarm-budget.ts';
import { type MeasuredRanking, measuredRankingSchema } from '../../evaluation/measured-ranking.ts';
import type { Pooling } from '../../model/spec.ts';
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { StoredQuestion } from '../../text/question.ts';

export interface DetectorSettings {
  readonly formatVersion: 1;
  /** A score at or above it is called vulnerable; the best F1 on validation. */
  readonly threshold: number;
  /** Where a scan begins to call functions vulnerable. Missing in older files, and where all validation functions are vulnerable. */
  readonly alarmBudget?: AlarmBudget;
  readonly maxLength: number;
  readonly longFunctions: 'truncate' | 'head_tail' | 'drop';
  /** `last` where the language model itself answers. */
  readonly pooling: Pooling;
  /** What the language model itself is asked, where it answers; missing: a classifier judges. */
  readonly question?: StoredQuestion;
  /** Layers of the head before its last matrix; missing: none. */
  readonly topMlpLayers?: number;
  /** How many of the base model's lowest layers it was trained on; missing: all. */
  readonly keepLayers?: number;
  /** How the base model's weights were held in training; missing: in float32. */
  readonly weightFormat?: string;
  /** The base model's `Checkpoint.fingerprint`. */
  readonly baseFingerprint: string;
  /** Fingerprints of its config.json and of the tokenizer: `ModelIdentity`. Missing in older files. */
  readonly configFingerprint?: string;
  readonly tokenizerFingerprint?: string;
  /** Where the base model lies as seen from the adapter's folder, for when both are moved; missing for one that was fetched. */
  readonly baseModelPath?: string;
  /** What of their files stood in front of the functions it was trained on; missing: nothing. */
  readonly context?: string;
  /** Words and signs of it at most, as the dataset builder counts them; missing: not known. */
  readonly contextMaxTokens?: number;
  /** Fingerprints of the training data, by the configuration's key. */
  readonly data: Readonly<Record<string, string>>;
  /** Score → probability, fitted on validation; `threshold` is on its scale. Read by those who know calibrations. */
  readonly calibration?: Readonly<Record<string, unknown>>;
  /** Missing where it could not be measured: no such functions, or all of one label. */
  readonly measured?: MeasuredRanking;
}

/** Longer than any model reads; a length past it is a slip, or somebody's joke. */
const LONGEST = 10_000_000;

/** The deepest models have some hundred. */
const MOST_LAYERS = 10_000;

/** More than a training can ask for. */
const MOST_TOP_LAYERS = 64;

/** Longer than any prompt that leaves room for code. */
const questionText = z.string().max(1_000_000);

const share = z.number().min(0).max(1);

/** Fields that are not in it are left as they are: a later version may have more. */
const settingsSchema = z.looseObject({
  formatVersion: z.literal(1),
  threshold: share,
  alarmBudget: alarmBudgetSchema.optional(),
  maxLength: z.int().positive().max(LONGEST),
  longFunctions: z.enum(['truncate', 'head_tail', 'drop']),
  pooling: z.enum(['last', 'first', 'mean'] satisfies Pooling[]),
  question: z
    .strictObject({
      task: z.enum(['next_token', 'instruct']),
      before: questionText,
      after: questionText,
      answers: z.tuple([questionText.min(1), questionText.min(1)]),
    })
    .optional(),
  topMlpLayers: z.int().positive().max(MOST_TOP_LAYERS).optional(),
  keepLayers: z.int().positive().max(MOST_LAYERS).optional(),
  weightFormat: z.string().min(1).max(100).optional(),
  baseFingerprint: z.string(),
  configFingerprint: z.string().optional(),
  tokenizerFingerprint: z.string().optional(),
  baseModelPath: z.string().min(1).optional(),
  context: z.string().min(1).max(100).optional(),
  contextMaxTokens: z.int().positive().max(LONGEST).optional(),
  data: z.record(z.string(), z.string()),
  calibration: z.record(z.string(), z.unknown()).optional(),
  measured: measuredRankingSchema.optional(),
});

/** Throws ADAPTER_SETTINGS for a field that is not what it should be; a setting taken wrong would spoil every score. */
export function parseSettings(json: Readonly<Record<string, unknown>>, file: string): DetectorSettings {
  return checkValue(settingsSchema, json, {
    code: 'ADAPTER_SETTINGS',
    file,
    hint: 'The file is written beside the adapter at the end of training, and not meant to be edited.',
  }) as DetectorSettings;
}
