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
  /** As seen from the run folder, for when both are moved; missing for a model that was fetched. */
  path: z.string().min(1).optional(),
});

export type RunModel = z.output<typeof runModelSchema>;
