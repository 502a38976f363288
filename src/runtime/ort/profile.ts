/** @file Reads the profiles ONNX Runtime writes: how much of the time each kind of operator takes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../../base/files.ts';

export interface OperatorTime {
  /** ONNX operator after ONNX Runtime's fusions: `MatMul`, `QuickGelu`. */
  readonly opType: string;
  readonly calls: number;
  readonly timeMs: number;
  /** The share of all operators' time, 0 to 1. */
  readonly share: number;
}

export interface ProfileSummary {
  readonly totalMs: number;
  /** The longest first. */
  readonly operators: readonly OperatorTime[];
  /** Matrix products' share of all operators' time, 0 to 1. */
  readonly matrixProductShare: number;
}

const MATRIX_PRODUCTS: ReadonlySet<string> = new Set([
  'MatMul',
  'Gemm',
  'FusedMatMul',
  'FusedGemm',
  'MatMulNBits',
  'MatMulBnb4',
  'MatMulInteger',
  'MatMulIntegerToFloat',
]);

/** The part of an entry of ONNX Runtime's profile (Chrome's trace format) that is used here. */
interface TraceEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Adds up all profiles in a folder that was given as `profileFolder`, once its graphs are released. */
export function summariseProfiles(folder: string): ProfileSummary {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return summarise(files.flatMap((name) => readProfile(join(folder, name))));
}

export function summariseProfile(file: string): ProfileSummary {
  return summarise(readProfile(file));
}

function readProfile(file: string): TraceEvent[] {
  return JSON.parse(readTextFile(file)) as TraceEvent[];
}

function summarise(events: readonly TraceEvent[]): ProfileSummary {
  const times = new Map<string, { calls: number; timeMs: number }>();
  let totalMs = 0;
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || args?.op_name === undefined || !name.endsWith('_kernel_time')) continue;
    const entry = times.get(args.op_name) ?? { calls: 0, timeMs: 0 };
    entry.calls++;
    entry.timeMs += dur / 1000;
    totalMs += dur / 1000;
    times.set(args.op_name, entry);
  }
  const share = (timeMs: number) => (totalMs === 0 ? 0 : timeMs / totalMs);
  const operators = [...times]
    .map(([opType, { calls, timeMs }]) => ({ opType, calls, timeMs, share: share(timeMs) }))
    .sort((a, b) => b.timeMs - a.timeMs);
  const products = operators.filter(({ opType }) => MATRIX_PRODUCTS.has(opType));
  return {
    totalMs,
    operators,
    matrixProductShare: products.reduce((sum, operator) => sum + operator.share, 0),
  };
}
