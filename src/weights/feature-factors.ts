/** @file The factors of the features that matrices are multiplied with, and what tells one set of them from another. */
import { createHash } from 'node:crypto';

/** [in] powers of two, by the full names of weights; matrices that read the same x have the same. */
export type FactorVectors = ReadonlyMap<string, Float32Array>;

export interface FeatureFactors {
  readonly vectors: FactorVectors;
  /** A hash of all of them. */
  readonly fingerprint: string;
}

export const featureFactors = (vectors: FactorVectors): FeatureFactors => ({
  vectors,
  fingerprint: fingerprintOf(vectors),
});

function fingerprintOf(vectors: FactorVectors): string {
  const hash = createHash('sha256');
  for (const name of [...vectors.keys()].toSorted()) {
    const { buffer, byteOffset, byteLength } = vectors.get(name)!;
    hash.update(JSON.stringify([name, byteLength])).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Far beyond what features differ by; W diag(s) stays finite. */
export const LARGEST_POWER = 30;
