/** @file Compares this engine with reference folders, quantity by quantity. */
import type { Comparison } from '../../parity/compare.ts';
import { verifyFolder } from '../../parity/verify-folder.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';

export interface VerifyOptions {
  /** Folders with base/, adapter/ and io.safetensors. */
  readonly dirs: readonly string[];
  /** One tolerance for every quantity; default: each its own. */
  readonly tolerance?: number;
  /** How the model is cut into graphs; default: both ways, one after the other. */
  readonly cut?: 'block' | 'graph';
  /** Called with each folder and cut as soon as it is compared. */
  readonly onFolder?: (folder: VerifiedFolder) => void;
}

export interface VerifiedFolder {
  readonly dir: string;
  readonly cut: 'block' | 'graph';
  readonly comparisons: readonly Comparison[];
}

export interface Verification {
  /** Whether every quantity of every folder is within its tolerance, by every cut asked for. */
  readonly ok: boolean;
  readonly folders: readonly VerifiedFolder[];
}

const CUTS = { block: 1, graph: Number.POSITIVE_INFINITY } as const;

/** @throws VultuneError for a folder that cannot be read. */
export async function verify(
  { dirs, tolerance, cut: only, onFolder }: VerifyOptions,
  context?: Partial<WorkflowContext>,
): Promise<Verification> {
  const { signal } = workflowContext(context);
  const backend = await ortBackend({ device: 'cpu' });
  const cuts = only === undefined ? (['block', 'graph'] as const) : [only];
  const folders: VerifiedFolder[] = [];
  for (const dir of dirs) {
    for (const cut of cuts) {
      signal.throwIfAborted();
      const comparisons = await verifyFolder(dir, { backend, blocksPerStage: CUTS[cut], tolerance });
      folders.push({ dir, cut, comparisons });
      onFolder?.({ dir, cut, comparisons });
    }
  }
  return { ok: folders.every(({ comparisons }) => comparisons.every(({ ok }) => ok)), folders };
}
