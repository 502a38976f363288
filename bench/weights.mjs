/** @file The model of a worker of ours, its matrices held as a contender names it. */
import { encodeFunctions } from '../dist/network/encode-functions.js';
import { measureFactors } from '../dist/network/measure-factors.js';
import { openModel } from '../dist/network/open-model.js';
import { ortBackend } from '../dist/runtime/ort/ort-backend.js';
import { BaseWeights } from '../dist/weights/base-weights.js';
import { weightFormatNamed } from '../dist/weights/registry.js';
import { smoothedInt8 } from '../dist/weights/smoothed-int8.js';
import { CALIBRATION_FUNCTIONS } from '../dist/workflows/train/calibration-functions.js';

/** Not a format of its own: the fast 8 bits with factors per feature, as a run that measures them has it. */
const SMOOTHED = 'int8-smoothed';
/** As in a run. */
const MOST_TOKENS = 256;

/**
 * @param {string} path a GGUF file or a folder
 * @param {{ weights: string, keepLayers?: string, threads: number }} options `weights`: a weight format's name, or int8-smoothed;
 *   `keepLayers`: the first blocks alone
 * @returns {Promise<import('../dist/network/open-model.js').OpenModel>}
 */
export async function openModelAs(path, { weights, keepLayers, threads }) {
  const format = weightFormatNamed(weights === SMOOTHED ? 'int8' : weights);
  if (format === undefined) throw new Error(`--weights ${weights}: no format has this name`);
  const model = await openModel(path, {
    format,
    keepLayers: keepLayers === undefined ? undefined : Number(keepLayers),
  });
  if (weights !== SMOOTHED) return model;
  const functions = encodeFunctions(model, CALIBRATION_FUNCTIONS, {
    maxLength: MOST_TOKENS,
    longFunctions: 'truncate',
    pooling: 'mean',
  }).map((one) => one.ids);
  const backend = await ortBackend({ device: 'cpu', threads });
  const factors = await measureFactors(model, functions, backend);
  const smoothed = new BaseWeights(model.checkpoint, smoothedInt8(factors));
  return { ...model, weights: smoothed };
}
