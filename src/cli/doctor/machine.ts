/** @file This machine: processor, instruction sets, threads, memory. Looks, measures nothing. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { memoryLimitBytes } from '../../base/memory-limit.ts';

export interface Machine {
  readonly platform: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  /** What this process may use: fewer than there are in a container, or under taskset. */
  readonly threads: number;
  /** The ones that matrix products use; undefined where the system does not say. */
  readonly instructionSets: readonly string[] | undefined;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
}

/** What ONNX Runtime's kernels choose by, the names as on Linux. */
const RELEVANT = [
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx_vnni',
  'avx512f',
  'avx512bw',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
  'amx_bf16',
  'amx_int8',
  'asimd',
  'asimddp',
  'fphp',
  'i8mm',
  'bf16',
  'sve',
  'sme',
];

export function inspectMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}, ${release()}`,
    cpuModel: cpus()[0]?.model.trim() || 'unknown',
    cpuCount: cpus().length,
    threads: availableParallelism(),
    instructionSets: instructionSets(),
    memoryBytes: memoryLimitBytes(),
    freeMemoryBytes: Math.min(process.availableMemory(), memoryLimitBytes()),
  };
}

function instructionSets(): readonly string[] | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined; // not Linux
  }
  return relevantFlags(text);
}

/** The flags of the first processor of /proc/cpuinfo (`flags` on x86, `Features` on Arm), those that matter here. */
export function relevantFlags(cpuinfo: string): readonly string[] | undefined {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1];
  if (line === undefined) return undefined;
  const flags = new Set(line.trim().split(/\s+/));
  return RELEVANT.filter((flag) => flags.has(flag));
}
