/** @file `git=LIST` and `git --repository R --fixes PATTERN` of the command line: checks what was given, opens nothing yet. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { hashFile } from '../../../base/hash-file.ts';
import { withoutSecrets } from '../../../git/without-secrets.ts';
import type { ChangeSource } from '../../source.ts';
import { type FixRow, readFixList } from './fix-list.ts';
import { DEFAULT_GIT_OPTIONS, GitSource, type GitSourceOptions, groupByRepository } from './git-source.ts';
import { parseRepository } from './repository-address.ts';

/** Values of the command line, unchecked. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/**
 * A list of fixes. Relative paths in it start from its folder.
 * @throws VultuneError `FILE_MISSING`, `FIX_LIST_COLUMNS`, `FIX_LIST_BROKEN`, `FIX_LIST_EMPTY`, `SOURCE_OPTION`
 */
export async function openFixList(
  name: string,
  location: string | undefined,
  given: GivenOptions,
): Promise<ChangeSource> {
  const options = gitOptions(given);
  if (location === undefined) {
    throw new VultuneError('SOURCE_LOCATION', `${name}: expected a list of fixes`, {
      hint: `${name}=fixes.csv, or for one repository: git --repository . --fixes "CVE-|security fix"`,
    });
  }
  if (statSync(location, { throwIfNoEntry: false })?.isDirectory()) {
    throw new VultuneError('SOURCE_LOCATION', `${location} is a folder, ${name} expects a list of fixes`, {
      where: { file: location },
      hint: `for the fixes of one repository: vultune data build git --repository ${location} --fixes "CVE-|security fix" --out FOLDER`,
    });
  }
  const problems = new Map<string, number>();
  const count = (reason: string) => problems.set(reason, (problems.get(reason) ?? 0) + 1);
  const rows: FixRow[] = [];
  for await (const row of readFixList(location, count)) rows.push(row);
  let refused: VultuneError | undefined;
  const wanted = groupByRepository(rows, dirname(resolve(location)), (error, { line }) => {
    count('repository address refused');
    refused ??= new VultuneError(error.code, error.message, {
      where: { file: location, line },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  });
  if (wanted.length === 0) {
    if (refused !== undefined) throw refused;
    const reasons = [...problems].map(([reason, times]) => `${reason}: ${times}`);
    throw new VultuneError('FIX_LIST_EMPTY', [`${location} names no fix`, ...reasons].join('; '), {
      where: { file: location },
    });
  }
  return new GitSource(
    { name, location, sha256: (await hashFile(location)).sha256 },
    wanted,
    problems,
    options,
  );
}

/** One repository, and the commits whose messages match. @throws VultuneError `SOURCE_OPTION`, `GIT_REPOSITORY_REFUSED` */
export function openOneRepository(name: string, given: GivenOptions): ChangeSource {
  const options = gitOptions(given);
  const { repository, fixes } = given;
  if (typeof repository !== 'string' || typeof fixes !== 'string') {
    throw optionError(
      '--repository and --fixes go together',
      'git --repository . --fixes "CVE-|security fix"',
    );
  }
  const address = parseRepository(repository, process.cwd());
  const wanted = [{ address, rows: [], messages: messagePattern(fixes) }];
  const info = { name, location: withoutSecrets(repository), version: `messages: ${fixes}` };
  return new GitSource(info, wanted, new Map(), options);
}

function messagePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : '';
    throw optionError(
      `--fixes is not a valid pattern: ${said}`,
      'for a literal word, write it alone: --fixes CVE-',
    );
  }
}

/** What the command line says of git. @throws VultuneError `SOURCE_OPTION` */
export function gitOptions({ merges, maxFileSize, clones }: GivenOptions): GitSourceOptions {
  if (merges !== undefined && merges !== 'advisories' && merges !== 'skip' && merges !== 'first-parent') {
    throw optionError('--merges has an unknown value', 'expected advisories, skip or first-parent');
  }
  const maxFileBytes = wholeNumber('--max-file-size', maxFileSize);
  const concurrency = wholeNumber('--clones', clones);
  return {
    ...DEFAULT_GIT_OPTIONS,
    ...(merges === undefined ? {} : { merges }),
    ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function wholeNumber(flag: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw optionError(`${flag}: expected an integer > 0`, `${flag} 4`);
}

function optionError(message: string, hint: string): VultuneError {
  return new VultuneError('SOURCE_OPTION', message, { hint });
}
