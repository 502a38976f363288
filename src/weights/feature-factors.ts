/**
 * @file The factors of the features that matrices are multiplied with, as a file beside what was computed with them: scans and
 * resumed runs use the same ones, whatever machine measured them.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { VultuneError } from '../base/errors.ts';
import { readTensors } from '../checkpoint/read-tensors.ts';
import { writeSafetensors } from '../checkpoint/safetensors.ts';
import { float32, type HostTensor } from '../tensor/host-tensor.ts';

/** In the folder of a run, and in that of its adapter. */
export const FACTORS_FILE = 'int8_factors.safetensors';

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

export async function writeFactors(file: string, { vectors }: FeatureFactors): Promise<void> {
  const tensors = new Map([...vectors].map(([name, data]) => [name, float32([data.length], data)]));
  await writeSafetensors(file, tensors, { format: 'vultune int8 factors' });
}

/** The widest matrices that are known have 50,000 inputs. */
const MOST_FEATURES = 2 ** 20;
/** The deepest models have a few thousand matrices. */
const MOST_VECTORS = 100_000;

/**
 * The factors of a fingerprint.
 * @throws VultuneError INT8_FACTORS for a file that is missing, damaged, or has other factors; what readTensors throws
 */
export async function readFactors(file: string, fingerprint: string): Promise<FeatureFactors> {
  if (!existsSync(file)) throw refused(file, 'is missing');
  const tensors = await readTensors(file);
  if (tensors.size > MOST_VECTORS)
    throw refused(file, `has ${tensors.size} vectors, expected at most ${MOST_VECTORS}`);
  const vectors = new Map<string, Float32Array>();
  for (const [name, { storedDtype, shape, read }] of tensors) {
    // Before it is read: a header may promise more than memory holds.
    if (storedDtype !== 'F32' || shape.length !== 1 || shape[0]! > MOST_FEATURES) {
      throw refused(file, `has "${name}" as ${storedDtype} [${shape}], expected F32 and one size`);
    }
    const { data } = (await read()) as HostTensor<'float32'>;
    const bad = data.find((factor) => !isPowerOfTwo(factor));
    if (bad !== undefined) throw refused(file, `holds ${bad} in "${name}", expected powers of two`);
    vectors.set(name, data);
  }
  const factors = featureFactors(vectors);
  if (factors.fingerprint === fingerprint) return factors;
  throw refused(file, `has the fingerprint ${factors.fingerprint}, expected ${fingerprint}`);
}

/** Far beyond what features differ by; W diag(s) stays finite. */
export const LARGEST_POWER = 30;

const isPowerOfTwo = (value: number): boolean =>
  value >= 2 ** -LARGEST_POWER && value <= 2 ** LARGEST_POWER && Number.isInteger(Math.log2(value));

const refused = (file: string, what: string) =>
  new VultuneError('INT8_FACTORS', `the file of 8-bit factors ${what}`, {
    where: { file },
    hint: 'It is written when a training with int8_smoothing begins, and belongs to that run: put it back, or train again.',
  });
