/**
 * @file A run whose last steps Vultune's own engine took becomes one that PyTorch resumes: its checkpoint names the plan, and
 * evaluations that are adopted already go away, so that none is counted twice.
 */
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash-file.ts';
import type { WritableRun } from '../../runs/run-folder.ts';
import { saveState } from '../../training/checkpoints.ts';
import type { EvaluatedSoFar } from '../../training/early-stopping.ts';
import { removeEvaluated } from '../../training/evaluated-states.ts';
import { evaluatedSoFar } from '../../training/trainer-state.ts';
import type { StartingPoint } from '../train/resume-point.ts';

/**
 * Returns what early stopping goes on from.
 * @param start where the run goes on from, as `findStart` finds it
 * @throws VultuneError `TORCH_CHECKPOINT_OTHER` where PyTorch took its steps by another plan than that of the folder
 */
export async function handOver(
  run: Pick<WritableRun, 'dir' | 'paths'>,
  plan: string,
  { state, checkpoint }: StartingPoint,
): Promise<EvaluatedSoFar> {
  if (checkpoint === '') return { best: undefined, withoutImprovement: 0 };
  const { sha256 } = await hashFile(join(plan, 'plan.json'));
  if (state.plan === undefined) {
    const folder = run.paths.checkpoints;
    removeEvaluated(folder);
    await saveState(folder, { ...state, plan: sha256 });
  } else if (state.plan !== sha256) {
    throw new VultuneError(
      'TORCH_CHECKPOINT_OTHER',
      `the checkpoint is of another plan (${state.plan.slice(0, 12)}) than the one in the run folder (${sha256.slice(0, 12)})`,
      {
        where: { file: join(run.dir, checkpoint) },
        hint: `Copy the plan folder that the run was started with to ${plan}, or go on with Vultune's own engine (without --engine torch).`,
      },
    );
  }
  return evaluatedSoFar(state);
}
