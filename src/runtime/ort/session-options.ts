/** @file How ONNX Runtime sessions are set up, and why. Knows nothing of graphs. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../backend.ts';

export interface OrtOptions {
  /** 'cpu' unless given. */
  readonly device?: Device;
  /** Threads within an operator; as many as there are cores unless given. */
  readonly threads?: number;
  /**
   * Keep freed memory for the next run (ONNX Runtime's arena), true unless given. Each graph has one of its own.
   * Measured in docs/decisions/onnx-runtime.md: up to 15 % less time where tensors are large, some memory more.
   */
  readonly arena?: boolean;
  /** Folder (it has to exist) that every graph writes its profile to when it is released: see `summariseProfiles`. */
  readonly profileFolder?: string;
}

export function sessionOptions(options: OrtOptions): InferenceSession.SessionOptions {
  const { device = 'cpu', threads = availableParallelism(), arena = true, profileFolder } = options;
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
    enableCpuMemArena: arena,
    ...(profileFolder !== undefined && {
      enableProfiling: true,
      profileFilePrefix: join(profileFolder, 'profile'),
    }),
  };
}
