/** @file Gets a detector: adapter found, base model fetched and opened, network ready. */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import { type CweHeadChoice, Detector } from '../../judging/detector.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import type { Device } from '../../runtime/backend.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { openTrainedModel } from './open-base-model.ts';

export interface DeviceOptions {
  /** Where to compute; default: `cpu`. */
  readonly device?: Device | undefined;
  /** Threads on the CPU; default: all the process may use. */
  readonly numThreads?: number | undefined;
}

export interface OpenDetectorOptions extends DeviceOptions {
  /** A run folder or an adapter folder. */
  readonly run: string;
  /** Default: the adapter's own, or 0.5. */
  readonly threshold?: number | undefined;
  /** Tokens of a function that are read; default: the adapter's own, or the model's. */
  readonly maxLength?: number | undefined;
  /** `auto`: scores of the blend where the adapter has one that ranked validation better; `off`: the model's own. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** `auto`: CWEs are named by a head that beat the most frequent one on validation; `always`: by any. Default: `auto`. */
  readonly cweHead?: CweHeadChoice | undefined;
}

/** Throws for an adapter or model that can't be used, before anything is computed. */
export async function openDetector(
  options: OpenDetectorOptions,
  context: WorkflowContext,
): Promise<Detector> {
  return await openAdapter(locateAdapter(options.run), options, context);
}

export interface OpenAdapterOptions extends Omit<OpenDetectorOptions, 'run'> {
  /** How weights are held; default: as the adapter was trained beside them. */
  readonly format?: WeightFormat | undefined;
}

/** The same for an adapter that was found already. */
export async function openAdapter(
  header: AdapterHeader,
  { device = 'cpu', numThreads, format, threshold, maxLength, blend, cweHead }: OpenAdapterOptions,
  context: WorkflowContext,
): Promise<Detector> {
  const backend = await ortBackend({ device, threads: numThreads });
  const model = await openTrainedModel(header, device, context, format);
  try {
    return await Detector.open(model, header, { backend, threshold, maxLength, blend, cweHead });
  } catch (error) {
    await model.checkpoint.close();
    throw error;
  }
}
