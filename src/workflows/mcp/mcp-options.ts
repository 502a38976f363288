/** @file What the tools for agents are given, and how much one call may ask for. */
import type { Readable, Writable } from 'node:stream';
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import type { ThresholdChoice } from '../scan/scan-options.ts';

export interface ServeMcpOptions extends DeviceOptions {
  /** A run folder (of a prompted model too, where that runs here), an adapter folder, or an adapter's id on the hub; default: the one run below `runs/` of the root. */
  readonly run?: string | undefined;
  /** The workspace: nothing outside it is read. Default: the current folder. */
  readonly root?: string | undefined;
  readonly threshold?: ThresholdChoice | undefined;
  /** `auto`: scores of the blend where the adapter has one that ranked validation better; `off`: the model's own. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  readonly maxLength?: number | undefined;
  readonly cache?: boolean | undefined;
  readonly input: Readable;
  readonly output: Writable;
  /** Told of faults of our own. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

export const LIMITS = {
  pathCharacters: 4096,
  /** Functions of one call of score_functions, and what they may have together. */
  functions: 64,
  codeCharacters: 1_000_000,
  /** An agent reads a SARIF file through its context window: larger ones are for the command line. */
  sarifBytes: 50_000_000,
  /** Entries of a list in an answer. */
  shown: 200,
  /** Lines of a function in an answer, and characters of each. */
  lines: 50,
  lineCharacters: 300,
} as const;
