/** @file Gets a detector for a command: adapter found, base model fetched and opened, network ready. */
import { Detector } from '../../judging/detector.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import type { CliContext } from '../context.ts';
import type { DeviceOptions } from '../options.ts';
import { openAdaptedModel } from './open-base-model.ts';

export interface DetectorRequest extends DeviceOptions {
  readonly run: string;
  readonly threshold?: number;
  readonly maxLength?: number;
}

/** Throws for an adapter or model that can't be used, before anything is computed. */
export async function openDetector(request: DetectorRequest, context: CliContext): Promise<Detector> {
  const header = locateAdapter(request.run);
  const backend = await ortBackend({
    device: request.device,
    ...(request.numThreads === undefined ? {} : { threads: request.numThreads }),
  });
  const { stderr } = context;
  for (const note of header.notes) stderr.write(`${stderr.colors.warning('note:')} ${note}\n`);
  const model = await openAdaptedModel(header, context);
  const { threshold, maxLength } = request;
  try {
    return await Detector.open(model, header, { backend, threshold, maxLength });
  } catch (error) {
    await model.checkpoint.close();
    throw error;
  }
}
