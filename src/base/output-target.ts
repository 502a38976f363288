/**
 * @file Where the bytes of an output go until it is whole: a temporary neighbour that takes the place of a file in one
 * step. A device or a pipe (`/dev/stdout`, `/dev/full`) is written to as it is: a rename would replace it by a file.
 */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { removeLeftoversOf, temporaryName } from './temporary-files.ts';

export interface OutputTarget {
  readonly file: number;
  /** Closes the file and puts it in its place. */
  commit(): void;
  /** Closes the file and removes what was written. */
  discard(): void;
}

/** @throws the system's errors as they are. */
export function openTarget(path: string): OutputTarget {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present !== undefined && !present.isFile() && !present.isDirectory()) return inPlace(path);
  // A link stays a link, to a file with the new content.
  return replacing(present === undefined ? path : realpathSync(path));
}

function inPlace(path: string): OutputTarget {
  const file = openSync(path, 'w');
  return { file, commit: () => closeSync(file), discard: () => closeSync(file) };
}

function replacing(path: string): OutputTarget {
  removeLeftoversOf(path);
  const temporary = temporaryName(path);
  const file = openSync(temporary, 'w');
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    file,
    commit() {
      fsyncSync(file);
      close();
      renameSync(temporary, path);
    },
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}
