/** @file Where a run folder has the plan that PyTorch takes its steps from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The plan's folder in a run. */
export const planFolderOf = (run: string): string => join(run, 'plan');

/** Whether a run has such a plan: PyTorch took its steps, or some of them. */
export const hasTorchPlan = (run: string): boolean => existsSync(join(planFolderOf(run), 'plan.json'));
