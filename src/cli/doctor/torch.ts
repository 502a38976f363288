/** @file What the Python of `train --engine torch` says of itself for `doctor`. */
import { findTorchPython, inspectTorch, type TorchReport } from '../../clusters/python-environment.ts';

/** Undefined where there is none, or it has no PyTorch. */
export type TorchProbe = (signal: AbortSignal) => Promise<TorchReport | undefined>;

export const probeTorch: TorchProbe = async (signal) => {
  const python = findTorchPython();
  return python === undefined ? undefined : await inspectTorch(python, signal);
};
