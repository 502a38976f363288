/** @file The test file that runs remember, for a user who names no other data. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import type { Columns } from '../dataset/formats/field-mapping.ts';
import { openRun } from '../runs/run-folder.ts';
import type { Reporter } from './context.ts';

/**
 * The file that all of these runs were tested on; said to the user.
 * @throws VultuneError `RUN_NO_TEST_FILE` where one of them names none, or another one; as `openRun`
 */
export function ownTestFile(runs: readonly string[], report: Reporter): string {
  const files = runs.map((run) =>
    existsSync(join(run, 'run.json')) ? openRun(run).record.data.test_file : undefined,
  );
  const [first] = files;
  if (first !== undefined && files.every((file) => file?.sha256 === first.sha256)) {
    report.note(`data: ${first.path}, the test file of the run`);
    return first.path;
  }
  const without = runs[files.indexOf(undefined)];
  const found =
    without === undefined ? 'the runs were tested on different files' : `${without} names no test file`;
  throw new VultuneError('RUN_NO_TEST_FILE', found, {
    where: { name: '--data' },
    hint: 'Give the functions with --data FILE.',
  });
}

/** Record field → column: as the user says, else as the run read its test file where that is what is read. */
export function inputColumns({ run, data, fields }: InputChoice): Columns | undefined {
  if (fields !== undefined || data !== undefined) return fields;
  return existsSync(join(run, 'run.json')) ? openRun(run).record.data.test_file?.columns : undefined;
}

export interface InputChoice {
  readonly run: string;
  /** Undefined: the run's test file is read. */
  readonly data?: string | undefined;
  readonly fields?: Columns | undefined;
}
