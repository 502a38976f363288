/** @file The backend that a configuration asks for. */
import type { TrainConfig } from '../../config/train-config.ts';
import type { Backend } from '../../runtime/backend.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';

/** On its device, with its number of threads: `num_threads: null` leaves the choice to ONNX Runtime's backend. */
export function configuredBackend({
  device,
  num_threads: threads,
}: Pick<TrainConfig, 'device' | 'num_threads'>): Promise<Backend> {
  return ortBackend({ device, threads: threads ?? undefined });
}
