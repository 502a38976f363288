/** @file A `vultune scan` as it was typed, completed by the settings of the repository: what was typed wins. */
import { existsSync, realpathSync } from 'node:fs';
import { isInside } from '../../../base/inside-folder.ts';
import {
  type AskedScan,
  type ScanCommandOptions,
  type ScanRequest,
  withoutSettings,
} from '../../commands/scan.ts';
import type { CliContext } from '../../context.ts';
import { harmless } from '../../display/harmless-text.ts';
import { isRun } from '../../usage-hint.ts';
import { type FoundSettings, locateSettings, readSettings } from './find-settings.ts';
import type { ScanSettings } from './settings-schema.ts';

/** An option that was typed makes these settings void: they belong to another choice. */
const VOID_BESIDE: Readonly<Record<string, readonly (keyof ScanSettings)[]>> = {
  threshold: ['max_false_positives'],
  maxFalsePositives: ['threshold'],
  format: ['out'],
  output: ['out'],
  // The report is the merge's: a part must not be written over it.
  shard: ['out'],
};

/** @throws VultuneError as `readSettings`; `CLI_USAGE` where neither says which run and what to scan */
export async function completeScan(
  asked: AskedScan,
  { stderr }: Pick<CliContext, 'stderr'>,
): Promise<ScanRequest> {
  const note = (text: string) => stderr.write(`${stderr.colors.muted(harmless(text))}\n`);
  const currentFolder = process.cwd();
  const { settings: named } = asked.options;
  const path = named === false ? undefined : (named ?? locateSettings(currentFolder));
  if (path === undefined) return await withoutSettings(asked);
  const found = readSettings(path, currentFolder);
  const words = splitWords(asked.words, found.settings);
  const outside = named === undefined ? words.paths.find((one) => isOutside(one, found.folder)) : undefined;
  if (outside !== undefined) {
    note(`${found.file} is not used: it is for its own folder, and ${outside} is not in it`);
    return await withoutSettings(asked);
  }
  const used = usedSettings(found, asked, words);
  note(`settings from ${found.file}${used.length === 0 ? '' : `: ${used.join(', ')}`}`);
  const paths = words.paths.length > 0 ? words.paths : (found.settings.paths ?? [found.shownFolder]);
  const run = words.run ?? found.settings.run;
  const request = await withoutSettings({
    ...asked,
    words: run === undefined ? [] : [run, ...paths],
    options: { ...asked.options, ...optionsOf(found.settings, used), ...globFolder(found, used) },
  });
  return { ...request, usedSettings: { file: found.file, keys: used } };
}

interface Words {
  readonly run: string | undefined;
  readonly paths: readonly string[];
}

/** Where the settings name a run, a first word that is there and is not a run is a path. */
function splitWords(words: readonly string[], { run }: ScanSettings): Words {
  const [first, ...rest] = words;
  if (first === undefined) return { run: undefined, paths: [] };
  const isPath = run !== undefined && existsSync(first) && !isRun(first);
  return isPath ? { run: undefined, paths: words } : { run: first, paths: rest };
}

/** What is not there is reported as missing later. */
function isOutside(path: string, folder: string): boolean {
  return existsSync(path) && !isInside(folder, realpathSync(path));
}

function usedSettings(
  { settings }: FoundSettings,
  { isGiven }: AskedScan,
  words: Words,
): readonly (keyof ScanSettings)[] {
  const voided = new Set(Object.entries(VOID_BESIDE).flatMap(([name, keys]) => (isGiven(name) ? keys : [])));
  return (Object.keys(settings) as (keyof ScanSettings)[]).filter((key) => {
    if (key === 'run') return words.run === undefined;
    if (key === 'paths') return words.paths.length === 0;
    return !voided.has(key) && !isGiven(optionName(key));
  });
}

/** `max_length` is `--max-length`, and commander calls it `maxLength`. */
export const optionName = (key: string) =>
  key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function optionsOf(
  settings: ScanSettings,
  used: readonly (keyof ScanSettings)[],
): Partial<ScanCommandOptions> {
  return Object.fromEntries(
    used.filter((key) => key !== 'run' && key !== 'paths').map((key) => [optionName(key), settings[key]]),
  );
}

/** Globs that were typed are not relative to the folder of the settings. */
function globFolder({ folder }: FoundSettings, used: readonly string[]) {
  return used.includes('include') || used.includes('exclude') ? { globFolder: folder } : {};
}
