/** @file What run.json says of the base model: a resumed run is held to it. */
import { z } from '../schema/zod.ts';

export const runModelSchema = z.looseObject({
  baseFingerprint: z.string().optional(),
  configFingerprint: z.string().optional(),
  tokenizerFingerprint: z.string().optional(),
  /** How its weights are held; missing in older runs: in float32. */
  weightFormat: z.string().optional(),
  /** Bytes of the matrices of its blocks, as they are held. */
  weightBytes: z.number().optional(),
  /** The adapter that the run starts from; missing for one that starts from random numbers. */
  initAdapter: z.object({ path: z.string().min(1), sha256: z.string() }).optional(),
  /** As seen from the run folder, for when both are moved; missing for a model that was fetched. */
  path: z.string().min(1).optional(),
});

/** `path`: as seen from the run folder; `sha256`: of its weights. */
export type InitialAdapter = NonNullable<RunModel['initAdapter']>;

export type RunModel = z.output<typeof runModelSchema>;
