/** @file A folder of reference outputs: base/ and adapter/ as a hub publishes them, io.safetensors with what was computed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { readAllSafetensors } from '../checkpoint/safetensors.ts';
import type { Label } from '../objectives/classification.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';

export interface ReferenceFolder {
  readonly dir: string;
  readonly base: string;
  readonly adapter: string;
  /** Token ids of each function. */
  readonly functions: readonly (readonly number[])[];
  readonly labels: readonly Label[];
  readonly weights: readonly number[];
  /** A tensor's values, undefined when the file has none of that name. */
  optional(name: string): ArrayLike<number> | undefined;
  /** Values by what follows the prefix. */
  all(prefix: string): ReadonlyMap<string, ArrayLike<number>>;
}

/** Throws PARITY_FOLDER when something is missing, and what reading safetensors throws. */
export async function readReferenceFolder(dir: string): Promise<ReferenceFolder> {
  const file = join(dir, 'io.safetensors');
  for (const path of [join(dir, 'base'), join(dir, 'adapter'), file]) {
    if (!existsSync(path)) {
      throw new VultuneError('PARITY_FOLDER', `no such file or folder: ${path}`, {
        where: { file: dir },
        hint: 'Expected base/ (a checkpoint), adapter/ (as PEFT saves it) and io.safetensors (reference outputs).',
      });
    }
  }
  const tensors = await readAllSafetensors(file);
  const required = (name: string): number[] => {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new VultuneError('PARITY_FOLDER', `io.safetensors has no tensor "${name}"`, {
        where: { file, name },
        hint: 'It needs at least input_ids, lengths, labels and weights.',
      });
    }
    return numbers(tensor);
  };
  const check = (holds: boolean, name: string, expected: string): void => {
    if (!holds)
      throw new VultuneError('PARITY_FOLDER', `${name} should be ${expected}`, { where: { file, name } });
  };
  const [ids, lengths] = [required('input_ids'), required('lengths')];
  const [labels, weights] = [required('labels'), required('weights')];
  const B = lengths.length;
  check(
    lengths.every((length) => length >= 1) && lengths.reduce((sum, length) => sum + length, 0) === ids.length,
    'lengths',
    `integers >= 1 that add up to the ${ids.length} input_ids`,
  );
  check(
    labels.length === B && labels.every((y) => y === 0 || y === 1),
    'labels',
    `${B} values of 0 or 1, one per function`,
  );
  check(weights.length === B, 'weights', `${B} numbers, one per function`);
  let start = 0;
  const functions = lengths.map((length) => {
    start += length;
    return ids.slice(start - length, start);
  });
  return {
    dir,
    base: join(dir, 'base'),
    adapter: join(dir, 'adapter'),
    functions,
    labels: labels.map((y) => (y === 1 ? 1 : 0)),
    weights,
    optional: (name) => (tensors.has(name) ? numbers(tensors.get(name)!) : undefined),
    all: (prefix) =>
      new Map(
        [...tensors]
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, tensor]) => [name.slice(prefix.length), numbers(tensor)]),
      ),
  };
}

const numbers = (tensor: HostTensor): number[] => Array.from(tensor.data, Number);
