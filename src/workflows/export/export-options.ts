/** @file What an export is asked for, and what it gives back. */
import type { FloatDtype } from '../../checkpoint/safetensors-stream.ts';
import type { DeviceOptions } from '../open/open-detector.ts';

export interface ExportOptions extends DeviceOptions {
  /** A run folder, an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** A folder to write: a checkpoint of Transformers with the adapter merged into it. */
  readonly merged?: string | undefined;
  /** A file to write: one ONNX graph, from token ids to logits. */
  readonly onnx?: string | undefined;
  /** A file for llama.cpp: refused, with what to do instead. */
  readonly gguf?: string | undefined;
  /** Type of the stored weights. Default: `float32`. */
  readonly dtype?: FloatDtype | undefined;
  /** Replace what is there. Default: false. */
  readonly force?: boolean | undefined;
}

/** One thing that was written. */
export interface Exported {
  readonly kind: 'merged' | 'onnx';
  readonly path: string;
  readonly sizeBytes: number;
  /** Largest difference of a logit from the run's on a few functions, over the largest logit. */
  readonly error: number;
  /** What a user should know of it: a sentence each. */
  readonly notes: readonly string[];
}
