/** @file Keys of a training configuration: device, threads, graphs and caches. */
import { z } from '../../schema/zod.ts';
import { count, path, positive } from './value-kinds.ts';

export const engine = {
  device: z
    .enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml'])
    .default('cpu')
    .describe('Where ONNX Runtime computes.'),
  num_threads: count().nullable().default(null).describe('Threads on the CPU; null: all available cores.'),
  cut: z
    .enum(['auto', 'block', 'graph'])
    .default('auto')
    .describe(
      'One graph for the whole step, or one per transformer block (half the memory); auto: block on the CPU.',
    ),
  blocks_per_graph: count()
    .nullable()
    .default(null)
    .describe('Transformer blocks per graph with cut: block; null: 1.'),
  activations: z
    .enum(['auto', 'keep', 'products', 'recompute'])
    .default('auto')
    .describe(
      'What the forward pass stores for the backward pass: everything, only the matrix products, or nothing (recomputed).',
    ),
  feature_cache: z
    .boolean()
    .default(true)
    .describe(
      'Compute the output of the frozen blocks below lora_layers once per function, and keep it on disk.',
    ),
  feature_cache_max_gb: positive().default(8).describe('Most disk space for that cache, in gigabytes.'),
  cache_dir: path()
    .nullable()
    .default(null)
    .describe("Folder of Vultune's caches; null: VULTUNE_CACHE, else the system's cache folder."),
};
