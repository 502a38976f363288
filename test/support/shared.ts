/** @file Where the shared fixtures lie, for tests that compare with what PyTorch and others computed. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

let warned = false;

/** The folder (VULTUNE_SHARED, or `shared` beside the repository); undefined, with a line said once, when absent. */
export function sharedFolder(): string | undefined {
  const folder = process.env.VULTUNE_SHARED ?? resolve(import.meta.dirname, '../../../shared');
  if (existsSync(folder)) return folder;
  if (!warned) console.warn(`skipped: no reference files at ${folder} (set VULTUNE_SHARED)`);
  warned = true;
  return undefined;
}
