/** @file A key of everything that an adapter's scores depend on, beside the texts: what scores are kept under, and shards agree on. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdapterHeader, adapterWeightsFile } from '../../adapters/files/adapter-files.ts';
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import { fileError } from '../../base/files.ts';
import type { PromptedRun } from '../../judging/prompted-run.ts';
import type { Device } from '../../runtime/backend.ts';
import { textKey } from '../../scan/fingerprint.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { adaptedIdentity } from './open-base-model.ts';
import type { OpenDetectorOptions } from './open-detector.ts';

/** Goes up when the same model gives other scores than before (another way of reading long functions, of packing ...). */
const SCORING_VERSION = 2;

export interface ScoresKey {
  /** Depends on the adapter's files alone. */
  readonly adapterFingerprint: string;
  readonly key: string;
}

export interface ScoredWith {
  /** As this machine computes with it, which may not be as it was asked for. */
  readonly format: WeightFormat;
  readonly blendFingerprint: string | undefined;
}

/**
 * An adapter that does not name its model and tokenizer (another tool's, or an older one of ours) is identified by opening them.
 * The threshold is not in the key: another one needs no other scores. Throws FILE_MISSING for an adapter without weights.
 */
export async function scoresKey(
  { device = 'cpu', maxLength }: Pick<OpenDetectorOptions, 'device' | 'maxLength'>,
  adapter: AdapterHeader,
  { format, blendFingerprint }: ScoredWith,
  context: WorkflowContext,
): Promise<ScoresKey> {
  const cweHead = readCweHead(adapter.folder);
  const { baseFingerprint, configFingerprint, tokenizerFingerprint } = await adaptedIdentity(
    adapter,
    context,
  );
  const adapterFingerprint = await fingerprintAdapter(adapter);
  const { settings } = adapter;
  const key = textKey(
    String(SCORING_VERSION),
    adapterFingerprint,
    baseFingerprint,
    configFingerprint,
    tokenizerFingerprint,
    settings?.longFunctions ?? '',
    settings?.pooling ?? '',
    // Scores are calibrated ones.
    JSON.stringify(settings?.calibration ?? null),
    String(maxLength ?? settings?.maxLength ?? ''),
    device,
    // Keys from before there were formats and blends stay as they are.
    ...(settings?.question === undefined ? [] : [JSON.stringify(settings.question)]),
    ...(format.name === 'float32' ? [] : [format.name]),
    ...(blendFingerprint === undefined ? [] : [blendFingerprint]),
    // What is kept of a function names its CWEs.
    ...(cweHead?.used === true ? [`cwe ${cweHead.fingerprint}`] : []),
  );
  return { adapterFingerprint, key };
}

/** The same of a model behind a prompt. */
export const promptedScoresKey = ({ identity }: PromptedRun, device: Device = 'cpu'): string =>
  textKey(String(SCORING_VERSION), 'prompted', identity, device);

/** A hash of the files that PEFT writes. */
async function fingerprintAdapter({ folder }: AdapterHeader): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [adapterWeightsFile(folder), join(folder, 'adapter_config.json')]) {
    hash.update(
      await readFile(file).catch((error: unknown) => {
        throw fileError(error, file, 'read');
      }),
    );
  }
  return hash.digest('hex').slice(0, 16);
}
