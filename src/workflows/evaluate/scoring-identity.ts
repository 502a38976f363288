/**
 * @file One name for all that a detector's raw scores depend on besides the functions: what scores that are kept in a run are
 * held to, so that those of another adapter are never shown as this one's.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type AdapterHeader, adapterWeightsFile } from '../../adapters/files/adapter-files.ts';
import { readTextFile } from '../../base/files.ts';
import { hashFile } from '../../base/hash-file.ts';
import type { PromptedRun } from '../../judging/prompted-run.ts';

/** Whose scores they are: a fine-tuned model's, or a prompted one's. */
export type ScoredBy = Pick<AdapterHeader, 'folder' | 'settings'> | PromptedRun;

/** Goes up when the same detector gives other scores than before. */
const SCORING_VERSION = 1;

/**
 * The adapter's weights and configuration, and what vultune.json says of the base model, the tokenizer and how a function is
 * read. Where the base model lies, thresholds, the
 * calibration and the blend are not in it: they move no raw score. Undefined for an
 * adapter that does not say which base model it is for: nothing is kept of such a one.
 */
export async function scoringIdentity(by: ScoredBy): Promise<string | undefined> {
  if ('prompted' in by) return by.identity;
  const { folder, settings } = by;
  if (settings === undefined) return undefined;
  const config = JSON.parse(readTextFile(join(folder, 'adapter_config.json'))) as Record<string, unknown>;
  const lora = without(config, ['base_model_name_or_path', 'revision']);
  const scoring = without({ ...settings }, ['threshold', 'alarmBudget', 'calibration', 'measured', 'data']);
  const weights = await hashFile(adapterWeightsFile(folder));
  return createHash('sha256')
    .update(JSON.stringify([SCORING_VERSION, weights.sha256, lora, scoring]))
    .digest('hex');
}

function without(json: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}
