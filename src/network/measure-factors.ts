/** @file A factor per feature that lowers the error of products in 8 bits, chosen by what the matrices read on a few functions. */
import { STORED_EIGHT_BIT } from '../checkpoint/bitsandbytes/read-bitsandbytes.ts';
import { inputLeads } from '../model/matrices.ts';
import type { Backend } from '../runtime/backend.ts';
import { chooseFactors } from '../weights/choose-factors.ts';
import { type FeatureFactors, featureFactors } from '../weights/feature-factors.ts';
import { matrixInputs } from './matrix-inputs.ts';
import type { OpenModel } from './open-model.ts';

/**
 * Factors for each group of matrices that read the same x, where they clearly lower its error; other matrices have none.
 * Matrices that the file has in 8 bits already keep those codes: with factors they would be rounded a second time.
 * @param functions token ids, at least one each; all together are one sequence
 * @throws the signal's reason
 */
export async function measureFactors(
  model: Pick<OpenModel, 'spec' | 'checkpoint'>,
  functions: readonly (readonly number[])[],
  backend: Backend,
  signal?: AbortSignal,
): Promise<FeatureFactors> {
  const { spec, checkpoint } = model;
  const vectors = new Map<string, Float32Array>();
  let layer = 0;
  for await (const inputs of matrixInputs(model, functions, backend, signal)) {
    const { prefix, block } = spec.layers[layer++]!;
    const leads = [...inputLeads(block)];
    for (const [lead, x] of inputs) {
      const names = leads.flatMap(([name, first]) =>
        `${prefix}${first}.weight` === lead ? [`${prefix}${name}.weight`] : [],
      );
      if (names.some((name) => checkpoint.tensors.get(name)?.storedDtype === STORED_EIGHT_BIT)) continue;
      const matrices = await Promise.all(names.map((name) => checkpoint.read(name)));
      const factors = chooseFactors({ x, matrices });
      if (factors !== undefined) for (const name of names) vectors.set(name, factors);
    }
  }
  return featureFactors(vectors);
}
