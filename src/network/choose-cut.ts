/** @file Which cut is best when the user leaves it to us. */
import type { Device } from '../runtime/backend.ts';
import type { Activations } from './keep-policies.ts';

export interface CutRequest {
  readonly cut: 'auto' | 'block' | 'graph';
  readonly blocksPerGraph: number;
  readonly activations: 'auto' | Activations;
  readonly device: Device;
}

export interface ChosenCut {
  readonly blocksPerStage: number;
  readonly activations: Activations;
}

/**
 * On the CPU a graph per block: measured as fast as one graph (docs/log.md), in half the memory, and it compiles at once.
 * On other devices one graph: there nothing may travel between its parts.
 */
export function chooseCut({ cut, blocksPerGraph, activations, device }: CutRequest): ChosenCut {
  const isGraph = cut === 'graph' || (cut === 'auto' && device !== 'cpu');
  return {
    blocksPerStage: isGraph ? Number.POSITIVE_INFINITY : blocksPerGraph,
    activations: activations === 'auto' ? 'products' : activations,
  };
}
