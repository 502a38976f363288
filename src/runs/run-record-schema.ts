/** @file The schema of run.json: what every reader of a run may rely on, whoever edited the file. */
import { z } from '../schema/zod.ts';

const count = z.int().min(0);

/** Each is left out by some version or test; one that is there has its type. */
const environment = z.looseObject({
  versions: z.record(z.string(), z.string()).optional(),
  platform: z.string().optional(),
  cpuModel: z.string().optional(),
  cpuCount: count.optional(),
  threads: count.optional(),
  memoryBytes: count.optional(),
  device: z.string().optional(),
});

const fileFingerprint = z.looseObject({
  path: z.string(),
  sizeBytes: count,
  sha256: z.string(),
  columns: z.record(z.string(), z.string()).optional(),
});

/** `formatVersion` is looked at first, and has its own error. Fields that are not in it are left as they are. */
export const runRecordSchema = z.looseObject({
  formatVersion: z.int(),
  createdAt: z.string(),
  config: z.record(z.string(), z.unknown()),
  environment,
  data: z.record(z.string(), fileFingerprint),
  notes: z.array(z.string()).optional(),
});
