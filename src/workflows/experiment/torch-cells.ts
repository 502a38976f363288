/** @file Cells whose steps PyTorch takes: what of its options names a cell, and what a table says of them. */
import type { CellKey } from '../../experiments/cell.ts';
import type { TorchOptions } from '../torch/train-with-torch.ts';

/**
 * Undefined for Vultune's own engine. Launcher, processes and strategy only divide the same work. `auto` is kept as it was asked for:
 * what it comes to is the machine's choice, and a table is also read where that machine is not.
 */
export function torchKey(torch: TorchOptions | undefined): CellKey['engine'] {
  if (torch === undefined) return undefined;
  const { dtype = 'auto', attention = 'auto', layout = 'auto' } = torch;
  return { name: 'torch', dtype, attention, layout };
}

/** For the head of a table, beside what differs from the paper. */
export function torchDifference(torch: TorchOptions): string {
  const { dtype = 'auto', attention, layout } = torch;
  const others = [
    ...(attention === undefined ? [] : [`attention ${attention}`]),
    ...(layout === undefined ? [] : [`layout ${layout}`]),
  ];
  return `PyTorch takes the steps of every training (${[`dtype ${dtype}`, ...others].join(', ')})`;
}
