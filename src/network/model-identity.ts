/**
 * @file What makes a base model the one that something was made with: its weights, what its configuration makes of them, and
 * its tokenizer. Runs and adapters store it and are held to it, caches are keyed by it.
 */
import { createHash } from 'node:crypto';
import type { DecoderGeometry } from '../model/geometry.ts';
import type { OpenModel } from './open-model.ts';

export interface ModelIdentity {
  /** Names, shapes, types and a sample of the bytes of the weights: `Checkpoint.fingerprint`. */
  readonly baseFingerprint: string;
  /** What config.json says beside sizes: positions, norms, windows, the padding token. */
  readonly geometryFingerprint: string;
  /** `Tokenizer.fingerprint`; the adapter's own where it has one. */
  readonly tokenizerFingerprint: string;
}

export function modelIdentity({
  checkpoint,
  geometry,
  tokenizer,
}: Pick<OpenModel, 'checkpoint' | 'geometry' | 'tokenizer'>): ModelIdentity {
  return {
    baseFingerprint: checkpoint.fingerprint,
    geometryFingerprint: geometryFingerprint(geometry),
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
  if (differs('geometryFingerprint')) return 'configuration';
  return differs('tokenizerFingerprint') ? 'tokenizer' : undefined;
}

/**
 * In hexadecimal. The fields are listed one by one: a field that the geometry gets later must not change what is stored for
 * models that do without it. `maxPositions` is not among them, as it is only the default of a length that is stored.
 */
export function geometryFingerprint(geometry: DecoderGeometry): string {
  const { family, headCount, keyValueHeadCount, headSize, normEpsilon } = geometry;
  const { rotaryBase, rotaryScaling, slidingWindows, padTokenId } = geometry;
  const scaling = Object.entries(rotaryScaling).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fields = [
    [family, headCount, keyValueHeadCount, headSize, normEpsilon],
    [rotaryBase, scaling],
    slidingWindows.map((window) => window ?? null),
    padTokenId ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}
