/** @file How ONNX Runtime sessions are set up, and why. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../backend.ts';

export interface OrtOptions {
  /** 'cpu' unless given. */
  readonly device?: Device;
  /** Threads within an operator; as many as there are cores unless given. */
  readonly threads?: number | undefined;
  /** Folder (it has to exist) that every graph writes its profile to when it is released: see `summariseProfiles`. */
  readonly profileFolder?: string;
}

export function sessionOptions(options: OrtOptions): InferenceSession.SessionOptions {
  const { device = 'cpu', threads = availableParallelism(), profileFolder } = options;
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Errors arrive as exceptions too; printed, they would only be noise.
    logSeverityLevel: 4,
    // Plans memory for the sizes of one run and reuses the plan for equal ones: here sizes differ from step to step.
    enableMemPattern: false,
    // Every graph would keep an arena of its own: slower and larger than to allocate (docs/decisions/onnx-runtime.md).
    enableCpuMemArena: false,
    ...(profileFolder !== undefined && {
      enableProfiling: true,
      profileFilePrefix: join(profileFolder, 'profile'),
    }),
  };
}
