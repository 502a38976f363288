/** @file The model of a worker of ours, its matrices held as a contender names it. */
import { encodeFunctions } from '../dist/network/encode-functions.js';
import { measureFactors } from '../dist/network/measure-factors.js';
import { openModel } from '../dist/network/open-model.js';
import { ortBackend } from '../dist/runtime/ort/ort-backend.js';
import { BaseWeights } from '../dist/weights/base-weights.js';
import { smoothedInt8 } from '../dist/weights/smoothed-int8.js';
import { openWeightFormat } from '../dist/workflows/open/choose-weight-format.js';
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
  // As a run on this processor computes with it: where integer products overflow, in another way.
  const report = { warn: (text) => process.stderr.write(`${text}\n`) };
  const format = await openWeightFormat(weights === SMOOTHED ? 'int8' : weights, 'cpu', { report });
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
  const smoothed = new BaseWeights(model.checkpoint, smoothedInt8(factors, format.codes));
  return { ...model, weights: smoothed };
}
