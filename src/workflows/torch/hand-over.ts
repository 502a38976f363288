/**
 * @file A run whose last steps Vultune's own engine took becomes one that PyTorch resumes: its checkpoint names the plan, and
 * evaluations that are adopted already go away, so that none is counted twice.
 */
import { join } from 'node:path';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { hashFile } from '../../base/hash-file.ts';
import type { WritableRun } from '../../runs/run-folder.ts';
import { loadState, saveState } from '../../training/checkpoints.ts';
import { removeEvaluated } from '../../training/evaluated-states.ts';

/** What early stopping goes on from. */
export interface EvaluatedBefore {
  /** The best validation metric so far; undefined where there is none. */
  readonly best: number | undefined;
  readonly withoutImprovement: number;
}

/** @throws VultuneError `RUN_CHECKPOINT_BROKEN`, `RUN_CHECKPOINT_OTHER` */
export async function handOver(
  run: WritableRun,
  plan: string,
  parameters: AdapterParameters,
): Promise<EvaluatedBefore> {
  const folder = run.paths.checkpoints;
  const loaded = await loadState(folder, parameters);
  if (loaded === undefined) return { best: undefined, withoutImprovement: 0 };
  const { state } = loaded;
  if (state.plan === undefined) {
    removeEvaluated(folder);
    const { sha256 } = await hashFile(join(plan, 'plan.json'));
    await saveState(folder, { ...state, plan: sha256 });
  }
  return { best: state.best?.metric, withoutImprovement: state.evaluationsWithoutImprovement };
}
