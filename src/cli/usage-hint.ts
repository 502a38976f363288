/** @file Hints for command lines that are nearly right: they name the call that was probably meant. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { configKeys } from '../config/describe.ts';

/** `train --learning_rate 2e-4`: settings are not options. Undefined where nothing better is known. */
export function settingHint(argv: readonly string[], unknownOption: string): string | undefined {
  if (argv[0] !== 'train') return undefined;
  const [flag = '', given] = unknownOption.split('=', 2);
  const key = flag.replace(/^-+/, '').replaceAll('-', '_');
  if (!configKeys().some((one) => one.key === key)) return undefined;
  const next = argv[argv.indexOf(unknownOption) + 1];
  const value = given ?? (next === undefined || next.startsWith('--') ? 'VALUE' : next);
  return `settings are written without dashes: ${/[\s[\]{}]/.test(value) ? `"${key}=${value}"` : `${key}=${value}`}`;
}

/** @throws VultuneError `CLI_USAGE` where `run` is not a run or an adapter, and one of `paths` is. */
export function refuseSwapped(
  run: string,
  paths: readonly string[],
  line: (run: string, path: string) => string,
): void {
  const meant = paths.find(isRun);
  if (!existsSync(run) || isRun(run) || meant === undefined) return;
  throw new VultuneError('CLI_USAGE', `${run} is not a run or an adapter, but ${meant} is`, {
    where: { file: run },
    hint: `swap them: ${line(meant, run)}`,
  });
}

/** Whether a folder is a run or an adapter, by its files. */
export const isRun = (path: string) =>
  ['run.json', 'adapter_config.json'].some((name) => existsSync(join(path, name)));
