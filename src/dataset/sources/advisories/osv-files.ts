/**
 * @file Advisories in OSV's JSON wherever they lie: one file, a folder with folders, or the zip archive that its
 * database offers, entry by entry. What an advisory says is read elsewhere.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../../base/errors.ts';
import { fileError, readTextFile } from '../../../base/files.ts';
import { readZip } from '../../archives/zip-archive.ts';

const LIMITS = { fileBytes: 16 * 2 ** 20, totalBytes: 8 * 2 ** 30 };

/**
 * Calls `onAdvisory` for each, in an order that depends on names alone; `onProblem` for each entry that is not an advisory.
 * @throws VultuneError `FILE_*`, `OSV_BROKEN` for a single file that is not JSON
 */
export async function readOsvFiles(
  location: string,
  onAdvisory: (value: unknown) => void,
  onProblem: (reason: string) => void,
): Promise<void> {
  const parse = (text: string): boolean => {
    try {
      const value = JSON.parse(text) as unknown;
      if (Array.isArray(value)) for (const entry of value as unknown[]) onAdvisory(entry);
      else onAdvisory(value);
      return true;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return false;
    }
  };
  const parseOrCount = (text: string) => {
    if (!parse(text)) onProblem('advisory: not JSON');
  };
  if (isFolder(location)) {
    for (const path of jsonFiles(location)) {
      if (statSync(path).size > LIMITS.fileBytes) onProblem('file over the size limit');
      else parseOrCount(readFileSync(path, 'utf8'));
    }
  } else if (/\.zip$/i.test(location)) {
    const wants = (name: string) => name.endsWith('.json');
    const onFile = (_path: string, bytes: Buffer) => parseOrCount(bytes.toString('utf8'));
    await readZip(location, { wants, onFile, onProblem }, { limits: LIMITS });
  } else if (!parse(readTextFile(location))) {
    throw new VultuneError('OSV_BROKEN', `${location} is not JSON`, {
      where: { file: location },
      hint: 'a .json advisory, a folder of them, or the .zip of a whole ecosystem',
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, path, 'read');
  }
}

/** Regular files only, below this folder only. */
function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
