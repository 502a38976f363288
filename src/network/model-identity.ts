/**
 * @file What makes a base model the one that something was made with: its weights, what its configuration makes of them, and
 * its tokenizer. Runs and adapters store it and are held to it, caches are keyed by it.
 */
import { createHash } from 'node:crypto';
import { sortedKeys } from '../base/sorted-keys.ts';
import type { Model } from '../model/spec.ts';
import type { OpenModel } from './open-model.ts';

export interface ModelIdentity {
  /** Names, shapes, types and a sample of the bytes of the weights: `Checkpoint.fingerprint`. */
  readonly baseFingerprint: string;
  /** What config.json says beside sizes: positions, norms, windows, the padding token. */
  readonly configFingerprint: string;
  /** `Tokenizer.fingerprint`; the adapter's own where it has one. */
  readonly tokenizerFingerprint: string;
}

export function modelIdentity({
  checkpoint,
  spec,
  tokenizer,
}: Pick<OpenModel, 'checkpoint' | 'spec' | 'tokenizer'>): ModelIdentity {
  return {
    baseFingerprint: checkpoint.fingerprint,
    configFingerprint: configFingerprint(spec),
    tokenizerFingerprint: tokenizer.fingerprint,
  };
}

/** Which part differs; undefined where none does. A part that is not known, as in older files, is not compared. */
export function differingPart(
  expected: Partial<Readonly<Record<keyof ModelIdentity, string | undefined>>>,
  found: ModelIdentity,
): 'weights' | 'configuration' | 'tokenizer' | undefined {
  const differs = (part: keyof ModelIdentity) =>
    expected[part] !== undefined && expected[part] !== found[part];
  if (differs('baseFingerprint')) return 'weights';
  if (differs('configFingerprint')) return 'configuration';
  return differs('tokenizerFingerprint') ? 'tokenizer' : undefined;
}

/**
 * In hexadecimal, of everything that the specification says but the most positions, which are only the default of a length
 * that is stored. A field that specifications get later must be left out where it is not used: then it changes nothing here.
 */
export function configFingerprint(spec: Model): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...spec, maxPositions: undefined }, sortedKeys))
    .digest('hex');
}
