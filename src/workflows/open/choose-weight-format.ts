/** @file From the keys of a configuration, or the name that a run keeps, to the format that this machine can compute with. */
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import type { ByteCodes } from '../../graph/ops.ts';
import type { Device } from '../../runtime/backend.ts';
import { areInt8ProductsExact } from '../../runtime/ort/probe-int8.ts';
import { FACTORS_FILE, readFactors } from '../../weights/factors-file.ts';
import { int8, int8Dequantised, int8Unsigned } from '../../weights/int8.ts';
import { WEIGHT_FORMAT_NAMES, weightFormatNamed } from '../../weights/registry.ts';
import { factorsFingerprintOf, smoothedInt8 } from '../../weights/smoothed-int8.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';

/** The name of the format that a configuration asks for. */
export function configuredFormat(
  config: Pick<
    UnresolvedConfig,
    | 'load_in_8bit'
    | 'int8_matmul'
    | 'load_in_4bit'
    | 'bnb_4bit_quant_type'
    | 'bnb_4bit_use_double_quant'
    | 'weights'
  >,
): string {
  if (config.load_in_8bit) return config.int8_matmul === 'fast' ? 'int8' : 'int8-exact';
  if (config.load_in_4bit) {
    return `${config.bnb_4bit_quant_type}${config.bnb_4bit_use_double_quant ? '-double-quant' : ''}`;
  }
  return config.weights === 'as_stored' ? 'as-stored' : 'float32';
}

/** Name of the format that the adapter was trained beside. */
export const trainedFormat = ({ settings }: AdapterHeader): string => settings?.weightFormat ?? 'float32';

/** Whether a new run of the configuration may have factors per feature. */
export const asksForSmoothing = (
  config: Pick<UnresolvedConfig, 'load_in_8bit' | 'int8_matmul' | 'int8_smoothing'>,
): boolean => config.load_in_8bit && config.int8_matmul === 'fast' && config.int8_smoothing === 'auto';

/**
 * The format of a name that a run or an adapter keeps, with the factors that lie in `folder` where it has some.
 * @throws VultuneError as `openWeightFormat` and `readFactors`
 */
export async function openKeptFormat(
  name: string,
  folder: string,
  device: Device,
  context: Pick<WorkflowContext, 'report'>,
): Promise<WeightFormat> {
  const fingerprint = factorsFingerprintOf(name);
  const format = await openWeightFormat(fingerprint === undefined ? name : int8.name, device, context);
  // Where weights are read out there is nothing to smooth: what is multiplied with them is not rounded.
  if (fingerprint === undefined || format.name !== int8.name) return format;
  return smoothedInt8(await readFactors(join(folder, FACTORS_FILE), fingerprint), format.codes);
}

/** The format that an adapter was trained beside. @throws VultuneError as `openKeptFormat` */
export const openTrainedFormat = (
  header: AdapterHeader,
  device: Device,
  context: Pick<WorkflowContext, 'report'>,
): Promise<WeightFormat> => openKeptFormat(trainedFormat(header), header.folder, device, context);

/**
 * What a processor computes a format with. Where products of signed codes overflow (no VNNI), those of unsigned ones give the same
 * numbers in about two thirds of float32's time. `int8-exact` needs two such products, which take longer than one in float32, so
 * it is read out. Warns where a format is.
 * @throws VultuneError WEIGHT_FORMAT_UNKNOWN, WEIGHT_FORMAT_DEVICE
 */
export async function openWeightFormat(
  name: string,
  device: Device,
  { report }: Pick<WorkflowContext, 'report'>,
  areExact: (codes: ByteCodes) => Promise<boolean> = areInt8ProductsExact,
): Promise<WeightFormat> {
  const format = weightFormatNamed(name);
  if (format === undefined) {
    throw new VultuneError(
      'WEIGHT_FORMAT_UNKNOWN',
      `there is no weight format ${JSON.stringify(name.slice(0, 100))}`,
      {
        hint: `There are ${WEIGHT_FORMAT_NAMES.join(', ')}; was the run made by a newer version?`,
      },
    );
  }
  if (format.isQuantized === true && device !== 'cpu') {
    throw new VultuneError(
      'WEIGHT_FORMAT_DEVICE',
      `weights in ${format.name} are computed with on the CPU alone, not on ${device}`,
      { where: { name: 'device' }, hint: 'Use device: cpu, or weights in float32.' },
    );
  }
  if (format.multipliesIntegers !== true || (await areExact('int8'))) return format;
  if (format === int8 && (await areExact('uint8'))) return int8Unsigned;
  const overflow =
    format === int8 ? 'integer products overflow' : 'integer products of signed bytes overflow';
  report.warn(
    `${overflow} on this processor: weights in ${format.name} are read out and multiplied in float32, which is no faster than float32 weights and rounds only the weights`,
  );
  return int8Dequantised;
}
