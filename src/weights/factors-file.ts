/**
 * @file The factors of features as a file beside what was computed with them: scans and resumed runs use the same ones, whatever machine
 * measured them.
 */
import { existsSync } from 'node:fs';
import { VultuneError } from '../base/errors.ts';
import { readTensors } from '../checkpoint/read-tensors.ts';
import { writeSafetensors } from '../checkpoint/safetensors.ts';
import { float32, type HostTensor } from '../tensor/host-tensor.ts';
import { type FeatureFactors, featureFactors, LARGEST_POWER } from './feature-factors.ts';

/** In the folder of a run, and in that of its adapter. */
export const FACTORS_FILE = 'int8_factors.safetensors';

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
  const tensors = await readTensors(file).catch((cause: unknown) => {
    // What safetensors says of a damaged file is about downloads.
    const isDamage = cause instanceof VultuneError && cause.code.startsWith('SAFETENSORS_');
    throw isDamage ? refused(file, `is damaged: ${cause.message}`, cause) : cause;
  });
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

const isPowerOfTwo = (value: number): boolean =>
  value >= 2 ** -LARGEST_POWER && value <= 2 ** LARGEST_POWER && Number.isInteger(Math.log2(value));

const refused = (file: string, what: string, cause?: VultuneError) =>
  new VultuneError('INT8_FACTORS', `the file of 8-bit factors ${what}`, {
    where: { file },
    ...(cause === undefined ? {} : { cause }),
    hint: 'It is written when a training with int8_smoothing begins, and belongs to that run: put it back, or train again.',
  });
