/** @file From the keys of a configuration, or the name that a run keeps, to the format that this machine can compute with. */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import type { Device } from '../../runtime/backend.ts';
import { areInt8ProductsExact } from '../../runtime/ort/probe-int8.ts';
import { int8Dequantised } from '../../weights/int8.ts';
import { WEIGHT_FORMAT_NAMES, weightFormatNamed } from '../../weights/registry.ts';
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

/**
 * Warns where the processor's integer products overflow: their matrices are then read out, in float32.
 * @throws VultuneError WEIGHT_FORMAT_UNKNOWN, WEIGHT_FORMAT_DEVICE
 */
export async function openWeightFormat(
  name: string,
  device: Device,
  { report }: Pick<WorkflowContext, 'report'>,
  areExact: () => Promise<boolean> = areInt8ProductsExact,
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
  if (format.multipliesIntegers !== true || (await areExact())) return format;
  report.warn(
    `integer products overflow on this processor: weights in ${format.name} are read out and multiplied in float32, which is slower and rounds only the weights`,
  );
  return int8Dequantised;
}
