/**
 * @file The folder of a run's checkpoints: the last one, and the one before it in case the last is damaged. A save that was
 * killed before its last rename leaves a third, whole and newer than both. At any moment of a save at least one of them is whole.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { VultuneError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { isWholeCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts';
import { removeEvaluated } from './evaluated-states.ts';
import type { TrainerState } from './trainer-state.ts';

/** Relative to the folder of checkpoints. */
export const STATE_FILE = 'last.safetensors';
const PREVIOUS_FILE = 'previous.safetensors';
const NEXT_FILE = 'next.safetensors';

export interface LoadedState {
  readonly state: TrainerState;
  /** Which of the files it was read from, relative to the folder. */
  readonly file: string;
  /** Why the last one was passed over. */
  readonly damage: VultuneError | undefined;
}

export async function saveState(folder: string, state: TrainerState): Promise<void> {
  const next = join(folder, NEXT_FILE);
  const last = join(folder, STATE_FILE);
  await writeCheckpoint(next, state);
  try {
    if (existsSync(last)) renameSync(last, join(folder, PREVIOUS_FILE));
    renameSync(next, last);
  } catch (error) {
    throw fileError(error, last, 'write');
  }
}

/**
 * The last checkpoint. Where that is missing or damaged, the one that a killed save wrote whole and did not rename, or else the
 * one before; undefined where there is none at all.
 * @throws VultuneError `RUN_CHECKPOINT_BROKEN` when none of them is whole, `RUN_CHECKPOINT_OTHER`.
 */
export async function loadState(folder: string, like: AdapterParameters): Promise<LoadedState | undefined> {
  const files = [STATE_FILE, NEXT_FILE, PREVIOUS_FILE].filter((file) => existsSync(join(folder, file)));
  let damage: VultuneError | undefined;
  for (const file of files) {
    try {
      return { state: await readCheckpoint(join(folder, file), like), file, damage };
    } catch (error) {
      if (!(error instanceof VultuneError) || error.code !== 'RUN_CHECKPOINT_BROKEN') throw error;
      // Older versions of the PyTorch runner wrote it in place: killed on the way they left part of it, which loses nothing.
      if (file !== NEXT_FILE) damage ??= error;
    }
  }
  if (damage !== undefined) throw damage;
  return undefined;
}

/** Whether training has left a state there; one that is damaged since counts too, and `loadState` says so. */
export async function hasCheckpoint(folder: string): Promise<boolean> {
  if ([STATE_FILE, PREVIOUS_FILE].some((file) => existsSync(join(folder, file)))) return true;
  const next = join(folder, NEXT_FILE);
  return existsSync(next) && (await isWholeCheckpoint(next));
}

/** A finished run resumes from its last checkpoint or not at all: the others only take room. */
export function removeOlderCheckpoints(folder: string): void {
  for (const file of [PREVIOUS_FILE, NEXT_FILE]) rmSync(join(folder, file), { force: true });
  removeEvaluated(folder);
}

/** For a run that is trained again from its start. */
export function removeCheckpoints(folder: string): void {
  removeOlderCheckpoints(folder);
  rmSync(join(folder, STATE_FILE), { force: true });
}
