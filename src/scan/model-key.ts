/** @file One name for all that a score depends on besides the function's text: what cached scores are kept under. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterHeader } from '../adapters/files/adapter-files.ts';
import { fileError } from '../base/files.ts';
import type { ModelIdentity } from '../network/model-identity.ts';
import { textKey } from './fingerprint.ts';

/** Goes up when the same model gives other scores than before (another way of reading long functions, of packing ...). */
const SCORING_VERSION = 2;

export interface ModelKeyOptions {
  readonly maxLength: number | undefined;
  /** The base model's identity, with the adapter's own tokenizer where it has one. */
  readonly model: ModelIdentity;
  readonly device: string;
}

export interface ModelKey {
  /** The fingerprint of the adapter's files alone. */
  readonly adapterFingerprint: string;
  readonly key: string;
}

/** The threshold is not in it: another one needs no other scores. Throws FILE_MISSING for an adapter without weights. */
export async function modelKey(header: AdapterHeader, options: ModelKeyOptions): Promise<ModelKey> {
  const { folder, settings } = header;
  const hash = createHash('sha256');
  for (const name of ['adapter_model.safetensors', 'adapter_config.json']) {
    const file = join(folder, name);
    hash.update(
      await readFile(file).catch((error: unknown) => {
        throw fileError(error, file, 'read');
      }),
    );
  }
  const adapterFingerprint = hash.digest('hex').slice(0, 16);
  const key = textKey(
    String(SCORING_VERSION),
    adapterFingerprint,
    options.model.baseFingerprint,
    options.model.configFingerprint,
    options.model.tokenizerFingerprint,
    settings?.longFunctions ?? '',
    settings?.pooling ?? '',
    // Scores are calibrated ones.
    JSON.stringify(settings?.calibration ?? null),
    String(options.maxLength ?? settings?.maxLength ?? ''),
    options.device,
  );
  return { adapterFingerprint, key };
}
