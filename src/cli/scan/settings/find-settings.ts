/**
 * @file Finds and reads a repository's scan settings. They are the user's: looked for where the user stands, never in what
 * is scanned, so that somebody else's tree cannot say what of it is scanned (docs/threat-model.md).
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { readTextFile } from '../../../base/files.ts';
import { placeInFolder, staysInFolder } from '../../../base/inside-folder.ts';
import { MOST_CONFIG_BYTES } from '../../../config/load.ts';
import { type Problem, problemsError } from '../../../config/problems.ts';
import { schemaProblems } from '../../../config/schema-problems.ts';
import { type Source, yamlSource } from '../../../config/sources.ts';
import { locateRepository } from '../../../git/locate-repository.ts';
import { type ScanSettings, scanSettingsSchema, settingsJsonSchema } from './settings-schema.ts';

export const SETTINGS_FILE = 'vultune.yaml';
const LISTING = '`vultune config keys --scan` lists every key';

export interface FoundSettings {
  /** As a user would type it: `./vultune.yaml`, `../vultune.yaml`. */
  readonly file: string;
  /** The real path of the folder it is in. */
  readonly folder: string;
  /** That folder as the current one sees it. */
  readonly shownFolder: string;
  /** Its paths are as the current folder sees them. */
  readonly settings: ScanSettings;
}

/**
 * The settings file of the folder a user stands in, else that of the top of its repository, where both belong to the same
 * owner. Nothing above a repository and nothing below the current folder is looked at.
 */
export function locateSettings(currentFolder: string): string | undefined {
  const here = realpathSync(currentFolder);
  const top = locateRepository(here)?.top;
  const folder = [here, ...(top === undefined || !hasSameOwner(top, here) ? [] : [top])].find((one) =>
    existsSync(join(one, SETTINGS_FILE)),
  );
  return folder === undefined ? undefined : join(folder, SETTINGS_FILE);
}

const hasSameOwner = (a: string, b: string) => statSync(a).uid === statSync(b).uid;

/**
 * Reads a settings file. Relative paths in it start at its own folder, and what a scan writes stays in that folder.
 * @throws VultuneError with all problems at once: `CONFIG_SYNTAX`, `CONFIG_KEY_UNKNOWN`, `CONFIG_VALUE_INVALID`,
 * `CONFIG_CONFLICT`, `CONFIG_INVALID` (several kinds); `FILE_MISSING` and the like
 */
export function readSettings(path: string, currentFolder: string): FoundSettings {
  const file = shownFrom(currentFolder, path);
  const text = readTextFile(path, MOST_CONFIG_BYTES);
  const { source, problems } = yamlSource(text, file);
  if (problems.length > 0) throw problemsError(problems, LISTING);
  const result = scanSettingsSchema.safeParse(source.value);
  if (!result.success) {
    const described = { schema: settingsJsonSchema(), listing: LISTING };
    throw problemsError(schemaProblems(result.error.issues, source, described), LISTING);
  }
  const folder = realpathSync(dirname(path));
  const conflicts = [...settingsConflicts(result.data, source), ...leavingPaths(result.data, folder, source)];
  if (conflicts.length > 0) throw problemsError(conflicts, LISTING);
  const shownFolder = shownFrom(currentFolder, folder);
  return { file, folder, shownFolder, settings: withPlaces(result.data, folder, currentFolder) };
}

function settingsConflicts(settings: ScanSettings, source: Source): readonly Problem[] {
  if (settings.threshold === undefined || settings.max_false_positives === undefined) return [];
  return [
    {
      code: 'CONFIG_CONFLICT',
      key: 'threshold',
      message: 'threshold and max_false_positives are both set, but either chooses the threshold',
      place: source.placeOf(['threshold']),
      hint: 'remove one of them',
    },
  ];
}

/** What a file of a checked-out branch names must not make a scan write, or read as sources, anywhere else. */
function leavingPaths(
  { out, baseline, paths = [] }: ScanSettings,
  folder: string,
  source: Source,
): readonly Problem[] {
  const named = [
    ...(out === undefined ? [] : [{ key: ['out'], path: out, stays: staysInFolder(folder, out) }]),
    ...(baseline === undefined
      ? []
      : [{ key: ['baseline'], path: baseline, stays: staysInFolder(folder, baseline) }]),
    ...paths.map((path, i) => ({ key: ['paths', i], path, stays: staysWhenRead(folder, path) })),
  ];
  return named
    .filter(({ path, stays }) => !stays || isAbsolute(path))
    .map(({ key, path }) => ({
      code: 'CONFIG_VALUE_INVALID',
      key: key.join('.'),
      message: `${key.join('.')} is ${path}, expected a path within the folder of the settings`,
      place: source.placeOf(key),
      hint: 'a path on the command line may be anywhere',
    }));
}

/** What is not there is reported by the scan. */
function staysWhenRead(folder: string, path: string): boolean {
  const place = placeInFolder(folder, path);
  return 'inside' in place || place.refused === 'missing';
}

/** An adapter's hub id is not a path; a run folder of that name is found first. */
function withPlaces(settings: ScanSettings, folder: string, currentFolder: string): ScanSettings {
  const place = (path: string) => shownFrom(currentFolder, join(folder, path));
  const { run, paths, out, baseline } = settings;
  return {
    ...settings,
    ...(run === undefined || isAbsolute(run) || !existsSync(join(folder, run)) ? {} : { run: place(run) }),
    ...(paths === undefined ? {} : { paths: paths.map(place) }),
    ...(out === undefined ? {} : { out: place(out) }),
    ...(baseline === undefined ? {} : { baseline: place(baseline) }),
  };
}

/** A path as a user would type it in the current folder; further away than two folders up, the whole path. */
function shownFrom(currentFolder: string, path: string): string {
  const way = relative(realpathSync(currentFolder), path);
  if (way === '') return '.';
  if (isAbsolute(way) || way.startsWith(join('..', '..', '..'))) return path;
  return way.startsWith('..') ? way : `./${way}`;
}
